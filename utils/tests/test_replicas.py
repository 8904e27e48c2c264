"""
Which reads go to a replica, and which never do.
"""

import pytest
from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.db import DEFAULT_DB_ALIAS, router, transaction
from django.test import SimpleTestCase, override_settings

from accounts.constants import LOGIN_BACKEND
from accounts.models import User
from testing.replicas import ALIAS, KnownReplica, ReplicaTestCase, using_replicas
from utils.database.middleware import OwnWritesMiddleware
from utils.database.replicas import read_from_replica
from utils.database.waiting import start_counting, stop_counting
from utils.observability.metrics import registry


def names():
    return list(User.objects.values_list("username", flat=True))


def answered_by_replica():
    return registry.get_sample_value("replica_reads_total", {"database": ALIAS}) or 0


class NoReplicaTests(SimpleTestCase):
    def test_there_is_one_database_and_nothing_that_chooses(self):
        self.assertEqual(list(settings.DATABASES), [DEFAULT_DB_ALIAS])
        self.assertEqual(router.routers, [])

    def test_no_request_is_looked_at_for_writes(self):
        with self.assertRaises(MiddlewareNotUsed):
            OwnWritesMiddleware(lambda request: None)


class WhoReadsWhereTests(ReplicaTestCase):
    def setUp(self):
        self.alice, self.bob = self.person("alice"), self.person("bob")
        self.bob.follows(self.alice)
        self.visitor = self.nobody()

    def lists(self, person):
        """
        Read what may be some seconds old, and return whom it shows.
        """
        followers = person.get(f"friendships/{self.alice.id}/followers/").json()["results"]
        numbered = person.get(f"friendships/{self.alice.id}/followers/", page=1).json()["results"]
        found = person.get("users/search/", q="bo").json()["results"]
        return [row["user"]["id"] for row in [*followers, *numbered]] + [row["id"] for row in found]

    def test_a_visitor_reads_lists_from_the_replica(self):
        before = answered_by_replica()

        with self.replica() as queries:
            shown = self.lists(self.visitor)

        self.assertEqual(shown, [self.bob.id] * 3)
        self.assertEqual(answered_by_replica() - before, 3)
        # A search looks at user names and at nicknames.
        self.assertEqual(len(queries), 4)

    def test_everything_else_is_read_from_the_primary(self):
        tweet_id = self.alice.tweets()

        with self.replica() as queries:
            self.visitor.get(f"tweets/{tweet_id}/")
            self.visitor.get("tweets/", user_id=self.alice.id)
            self.visitor.get(f"profiles/{self.alice.id}/")
            self.bob.feed()

        self.assertEqual(queries.captured_queries, [])

    def test_what_is_too_far_behind_or_away_is_not_asked(self):
        for seconds_behind in (settings.REPLICA_MAX_LAG_SECONDS + 1, None):
            with self.subTest(seconds_behind=seconds_behind), self.replica(seconds_behind=seconds_behind) as queries:
                shown = self.lists(self.visitor)

                self.assertEqual(shown, [self.bob.id] * 3)
                self.assertEqual(queries.captured_queries, [])

    def test_without_redis_nobody_knows_who_has_written_and_the_primary_is_asked(self):
        with override_settings(REDIS_URL=""), self.replica() as queries:
            shown = self.lists(self.bob)

        self.assertEqual(shown, [self.bob.id] * 3)
        self.assertEqual(queries.captured_queries, [])

    def test_the_primary_answers_for_a_replica_that_fails(self):
        nowhere = {"NAME": "/nowhere/at/all", "HOST": "127.0.0.1", "PORT": "1"}

        with (
            using_replicas([KnownReplica(0)], **nowhere),
            self.allowed(ALIAS),
            self.assertLogs("utils.database.replicas", "WARNING") as logs,
        ):
            shown = [self.lists(self.visitor) for _ in range(2)]

        self.assertEqual(shown, [[self.bob.id] * 3] * 2)
        # Once, and then it is left alone.
        self.assertEqual(len(logs.output), 1)


class OnTheWayTests(ReplicaTestCase):
    """
    What a question may do, in a request and outside of one.
    """

    def setUp(self):
        self.person("alice")

    def in_a_request(self):
        start_counting()
        self.addCleanup(stop_counting)

    def test_tasks_and_commands_ask_the_primary(self):
        with self.replica() as queries:
            read_from_replica(names, viewer_id=None)

        self.assertEqual(queries.captured_queries, [])

    def test_a_transaction_stays_on_the_primary(self):
        with self.replica() as queries:
            self.in_a_request()
            with transaction.atomic():
                read_from_replica(names, viewer_id=None)
            self.assertEqual(queries.captured_queries, [])

            read_from_replica(names, viewer_id=None)
            self.assertEqual(len(queries), 1)

    def test_locks_and_writes_go_to_the_primary_wherever_they_are_asked_for(self):
        with self.replica():
            self.in_a_request()
            databases = read_from_replica(
                lambda: [User.objects.select_for_update().db, router.db_for_write(User), User.objects.all().db],
                viewer_id=None,
            )

        self.assertEqual(databases, [DEFAULT_DB_ALIAS, DEFAULT_DB_ALIAS, ALIAS])

    def test_what_belongs_to_a_row_of_the_replica_is_read_from_the_primary_later(self):
        with self.replica() as queries:
            self.in_a_request()
            alice = read_from_replica(User.objects.get, viewer_id=None)
            before = len(queries)
            alice.profile.save()

        self.assertEqual(len(queries), before)

    def test_a_replica_is_never_migrated(self):
        with self.replica():
            self.assertFalse(router.allow_migrate(ALIAS, "accounts"))
            self.assertTrue(router.allow_migrate(DEFAULT_DB_ALIAS, "accounts"))


@pytest.mark.stack
class OwnWritesTests(ReplicaTestCase):
    def test_who_has_written_reads_from_the_primary_and_everybody_else_from_the_replica(self):
        with self.replica() as queries:
            # Their clients begin here: who has no replica does not note writes.
            alice, bob = self.person("alice"), self.person("bob")
            bob.follows(alice)

            bob.get(f"friendships/{alice.id}/followers/")
            self.assertEqual(queries.captured_queries, [])

            alice.get(f"friendships/{alice.id}/followers/")
            self.assertEqual(len(queries), 1)

    def test_the_lists_of_the_admin_come_from_the_replica(self):
        moderator, alice = self.person("root", is_staff=True, is_superuser=True), self.person("alice")
        alice.follows(moderator)
        moderator.client.force_login(moderator.user, LOGIN_BACKEND)

        with self.replica() as queries:
            page = moderator.client.get("/admin/friendships/friendship/")

        self.assertContains(page, "alice")
        # The count and the rows.
        self.assertEqual(len(queries), 2)

    def test_a_refused_write_counts_as_one_too(self):
        # Nobody knows what an answer of 503 has left behind.
        with self.replica() as queries:
            alice = self.person("alice")
            self.assertEqual(alice.post("tweets/", content="").status_code, 400)

            alice.get(f"friendships/{alice.id}/followers/")

        self.assertEqual(queries.captured_queries, [])

"""
A primary and a replica of MariaDB: what people see while it follows, stands still, is frozen, or is gone.
"""

from itertools import count
from unittest.mock import patch

import pytest
from django.conf import settings
from django.db import connections
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from moderation.services import ModerationService
from testing.replicas import ALIAS, ReplicaTestCase, using_replicas
from testing.stack_mariadb import Server, Servers, connection_to, copy_database, database_at
from utils.database import replicas
from utils.database.replicas import Replica

NUMBERS = count()


@pytest.mark.stack
class ReplicationTests(ReplicaTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.servers = Servers("replication.sh", {"MARIADB_REPLICATION_PORT": 2})
        cls.addClassCleanup(cls.servers.stop)
        cls.servers.run("up")
        cls.urls = cls.servers.urls("replication.env")
        copy_database(cls.urls["DATABASE_URL"])

    def setUp(self):
        self.server = Server(self.servers.folder / "replication" / "replica")
        self.enterContext(database_at(self.urls["DATABASE_URL"]))
        self.enterContext(self.allowed(ALIAS))
        self.replica = Replica(ALIAS)
        # A test need not wait for the next look.
        self.enterContext(patch.multiple(replicas, CHECK_SECONDS=0.01, PAUSE_SECONDS=0.1))
        there = connection_to(self.urls["DATABASE_REPLICA_URLS"])
        there["OPTIONS"] = {**there["OPTIONS"], **settings.REPLICA_LIMITS}
        self.enterContext(using_replicas([self.replica], **there))
        # What a test has committed here stays until the servers go.
        number = next(NUMBERS)
        self.alice, self.bob, self.carol = (self.person(f"{name}{number}") for name in ("alice", "bob", "carol"))
        self.visitor = self.nobody()
        self.bob.follows(self.alice)

    def followers(self, reader):
        rows = reader.get(f"friendships/{self.alice.id}/followers/")
        self.assertEqual(rows.status_code, 200, rows.content)
        return {row["user"]["id"] for row in rows.json()["results"]}

    def reads_from_replica(self, reader=None):
        with CaptureQueriesContext(connections[ALIAS]) as queries:
            self.followers(reader or self.visitor)
        return any("friendships_friendship" in query["sql"] for query in queries)

    def replica_follows(self):
        self.until(self.reads_from_replica, "the replica is read from")

    def replica_stands_still(self):
        """
        Let the replica be asked for old rows from now on.
        """
        self.replica_follows()
        self.server.execute("STOP SLAVE")
        self.addCleanup(self.server.execute, "START SLAVE")

    def test_lists_come_from_a_replica_that_follows(self):
        self.replica_follows()

        self.assertEqual(self.followers(self.visitor), {self.bob.id})

    def test_people_see_what_they_have_written_and_others_see_it_within_seconds(self):
        self.replica_stands_still()
        self.carol.follows(self.alice)

        self.assertEqual(self.followers(self.carol), {self.bob.id, self.carol.id})
        self.assertEqual(self.followers(self.visitor), {self.bob.id})
        # Later: it is too far behind.
        with override_settings(REPLICA_MAX_LAG_SECONDS=0):
            self.assertEqual(self.followers(self.visitor), {self.bob.id, self.carol.id})

    def test_a_replica_that_has_caught_up_is_read_from_again(self):
        self.replica_stands_still()
        self.carol.follows(self.alice)
        with override_settings(REPLICA_MAX_LAG_SECONDS=0):
            self.followers(self.visitor)

        self.server.execute("START SLAVE")

        self.until(lambda: self.followers(self.visitor) == {self.bob.id, self.carol.id}, "the visitor sees Carol")
        self.replica_follows()

    def test_whom_a_moderator_has_suspended_is_in_no_list_however_old_it_is(self):
        self.replica_stands_still()
        moderator = self.person(f"moderating_{self.bob.name}", is_staff=True, is_superuser=True)
        ModerationService.suspend(user=self.bob.user, moderator=moderator.user, reason="Spam")

        self.assertTrue(self.reads_from_replica())
        self.assertEqual(self.followers(self.visitor), set())
        found = self.visitor.get("users/search/", q=self.bob.name).json()["results"]
        self.assertEqual(found, [])

    def test_a_deleted_tweet_is_on_no_page_however_old_it_is(self):
        tweet_ids = [self.alice.tweets(f"Number {number} of four") for number in range(4)]
        # The first page fills the list, so that all others are beyond it.
        with override_settings(MAX_CACHED_IDS=2):
            self.visitor.get("tweets/", user_id=self.alice.id, limit=1)
            self.until(lambda: self.replica_has(tweet_ids[-1]), "the replica has the tweets")
            self.replica_stands_still()
            self.alice.delete(f"tweets/{tweet_ids[0]}/")

            with CaptureQueriesContext(connections[ALIAS]) as queries:
                page = self.visitor.get("tweets/", user_id=self.alice.id).json()

        self.assertTrue(any("tweets_tweet" in query["sql"] for query in queries))
        self.assertEqual([row["id"] for row in page["results"]], tweet_ids[:0:-1])

    def replica_has(self, tweet_id):
        return self.server.execute(f"SELECT id FROM twitter.tweets_tweet WHERE id = {tweet_id}") != ""

    def test_a_replica_that_is_killed_costs_nobody_an_answer(self):
        self.replica_follows()
        self.server.kill()

        for _ in range(3):
            self.assertEqual(self.followers(self.visitor), {self.bob.id})

        self.servers.run("up")
        self.replica_follows()

    def test_nor_does_one_that_is_frozen(self):
        self.replica_follows()
        self.server.freeze()
        self.addCleanup(self.server.thaw)

        with patch.object(replicas, "PAUSE_SECONDS", 3_600):
            for _ in range(3):
                self.assertEqual(self.followers(self.visitor), {self.bob.id})
        self.assertFalse(self.replica.is_fresh)

        self.server.thaw()
        self.replica.next_check_at = 0
        self.replica_follows()

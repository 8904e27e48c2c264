"""
Transactions that run again, and what waits for a commit.
"""

from unittest.mock import DEFAULT, patch

import time_machine
from django.db import IntegrityError, OperationalError, connection, connections, transaction

from accounts.models import UserProfile
from friendships.models import Friendship
from friendships.services import FriendshipService
from outbox.models import Message
from testing.testcases import ApiTestCase, CommittedTestCase
from tweets.models import Tweet
from utils.caching.redis.client import RedisUnavailable
from utils.database.time_ids import id_to_datetime, next_id
from utils.database.transactions import (
    IdTaken,
    after_commit,
    create_with_time_id,
    lock_in_share_mode,
    retried_transaction,
)
from utils.hbase.exceptions import HBaseUnavailable, TableMissing


class AnIdThatIsTakenTests(ApiTestCase):
    def setUp(self):
        self.alice, self.bob = self.person("alice1"), self.person("bobby1")
        # In this past moment the ids go on from the last one by ones, so one knows what comes next.
        self.enterContext(time_machine.travel("2021-01-01", tick=False))

    def another_process_posts(self, count):
        """
        Take the next `count` ids for tweets of Bob's, as another machine with the same clock would.
        """
        first = next_id() + 1
        Tweet.objects.bulk_create(
            Tweet(id=first + number, user_id=self.bob.id, content="Bob was here", created_at=id_to_datetime(first))
            for number in range(count)
        )
        return first

    def test_alice_posts_a_microsecond_later_and_overwrites_nobody(self):
        taken = self.another_process_posts(1)

        response = self.alice.post("tweets/", content="At the very same time")

        self.assertEqual((response.status_code, response.json()["id"]), (201, taken + 1))
        self.assertEqual(
            list(Tweet.objects.order_by("id").values_list("user_id", flat=True)), [self.bob.id, self.alice.id]
        )
        self.assertEqual(Tweet.objects.get(id=taken).content, "Bob was here")

    def test_the_whole_transaction_runs_again_so_nothing_is_there_twice(self):
        taken = self.another_process_posts(3)

        self.alice.tweets()

        profile = UserProfile.objects.get(user_id=self.alice.id)
        self.assertEqual(profile.tweets_count, 1)
        self.assertEqual(self.rows_of(self.alice), [taken + 3])
        self.assertEqual({message.payload["tweet_id"] for message in Message.objects.all()}, {taken + 3})

    def test_after_five_attempts_it_gives_up_and_leaves_nothing(self):
        self.another_process_posts(5)

        with self.assertRaises(IdTaken):
            self.alice.post("tweets/", content="No microsecond is free")

        self.assertEqual(UserProfile.objects.get(user_id=self.alice.id).tweets_count, 0)
        self.assertFalse(self.rows_of(self.alice) or Message.objects.exists())

    def test_following_draws_a_later_id_too(self):
        carol = self.person("carol1")
        taken = next_id() + 1
        Friendship.objects.create(id=taken, from_user_id=carol.id, to_user_id=self.bob.id)

        response = self.alice.post(f"friendships/{self.bob.id}/follow/")

        self.assertIs(response.json()["duplicate"], False)
        self.assertEqual(list(Friendship.objects.order_by("id").values_list("id", flat=True)), [taken, taken + 1])
        self.assertEqual(UserProfile.objects.get(user_id=self.alice.id).followings_count, 1)

    def test_inside_an_outer_transaction_the_outer_work_is_kept(self):
        carol = self.person("carol1")

        with transaction.atomic():
            UserProfile.objects.filter(user_id=carol.id).update(nickname="Outer")
            taken = next_id() + 1
            Friendship.objects.create(id=taken, from_user_id=carol.id, to_user_id=self.bob.id)
            FriendshipService.follow(follower=self.alice.user, followee=self.bob.user)

        self.assertEqual(UserProfile.objects.get(user_id=carol.id).nickname, "Outer")
        self.assertEqual(Friendship.objects.count(), 2)

    def test_another_unique_key_is_no_reason_to_draw_again(self):
        create_with_time_id(Friendship, from_user_id=self.alice.id, to_user_id=self.bob.id)

        with self.assertRaises(IntegrityError), transaction.atomic():
            create_with_time_id(Friendship, from_user_id=self.alice.id, to_user_id=self.bob.id)


class TroubleThatPassesTests(CommittedTestCase):
    def attempt(self, *troubles):
        """
        Run a transaction that meets these errors, one an attempt; return how often it ran.
        """
        alice = self.person(f"alice{UserProfile.objects.count()}_")
        waiting, runs = list(troubles), []

        @retried_transaction
        def count():
            runs.append(UserProfile.objects.filter(user_id=alice.id).update(tweets_count=len(runs) + 1))
            if waiting:
                raise waiting.pop(0)

        try:
            count()
        finally:
            self.stored = UserProfile.objects.get(user_id=alice.id).tweets_count
            self.runs = len(runs)

    def test_a_deadlock_runs_again(self):
        self.attempt(OperationalError(1213, "Deadlock"), OperationalError(1213, "Deadlock"))

        self.assertEqual((self.runs, self.stored), (3, 3))

    def test_a_deadlock_at_the_commit_runs_again(self):
        alice, runs = self.person("alice"), []

        @retried_transaction
        def count():
            runs.append(UserProfile.objects.filter(user_id=alice.id).update(tweets_count=len(runs) + 1))

        # Where Galera finds a conflict with another node.
        commits = [OperationalError(1213, "Deadlock"), DEFAULT]
        with patch.object(connections["default"], "_commit", wraps=connection._commit, side_effect=commits):
            count()

        self.assertEqual((len(runs), UserProfile.objects.get(user_id=alice.id).tweets_count), (2, 2))

    def test_a_server_that_has_left_its_cluster_is_asked_again_on_a_new_connection(self):
        connection.ensure_connection()
        before = connection.connection

        self.attempt(OperationalError(1047, "WSREP has not yet prepared node for application use"))

        self.assertEqual((self.runs, self.stored), (2, 2))
        self.assertIsNot(connection.connection, before)

    def test_what_failed_is_rolled_back(self):
        with self.assertRaises(ValueError):
            self.attempt(OperationalError(1213, "Deadlock"), ValueError("a mistake"))

        self.assertEqual((self.runs, self.stored), (2, 0))

    def test_another_error_of_the_database_is_not_tried_again(self):
        # 1205 is a lock that timed out: the caller has waited long enough.
        for number in (1064, 1205, 2006, 2013):
            with self.subTest(number=number):
                with self.assertRaises(OperationalError):
                    self.attempt(OperationalError(number, "no"))

                self.assertEqual((self.runs, self.stored), (1, 0))

    def test_inside_an_outer_transaction_a_deadlock_is_the_outer_ones_to_repeat(self):
        with self.assertRaises(OperationalError), transaction.atomic():
            self.attempt(OperationalError(1213, "Deadlock"))

        self.assertEqual(self.runs, 1)


class AfterTheCommitTests(CommittedTestCase):
    def test_it_runs_after_the_commit_and_in_order(self):
        done = []

        with transaction.atomic():
            after_commit(done.append, "first")
            after_commit(done.append, "second")
            self.assertEqual(done, [])

        self.assertEqual(done, ["first", "second"])

    def test_it_does_not_run_when_nothing_was_committed(self):
        done = []

        with self.assertRaises(ValueError), transaction.atomic():
            after_commit(done.append, "never")
            raise ValueError

        self.assertEqual(done, [])

    def test_a_failure_is_no_error_and_the_next_one_runs(self):
        done = []

        def fails(error):
            raise error

        with transaction.atomic():
            after_commit(fails, RedisUnavailable("away"))
            after_commit(fails, ValueError("a mistake"))
            after_commit(done.append, "still")

        self.assertEqual(done, ["still"])

    def test_only_what_does_not_pass_is_an_error_in_the_log(self):
        def fails(error):
            raise error

        for error, level in (
            (RedisUnavailable("away"), "INFO"),
            (HBaseUnavailable("away"), "INFO"),
            (TableMissing("no table"), "ERROR"),
        ):
            with self.subTest(error=error):
                with self.assertLogs() as logs, transaction.atomic():
                    after_commit(fails, error)

                self.assertEqual([record.levelname for record in logs.records], [level])


class SharedLocksTests(CommittedTestCase):
    def test_rows_come_as_they_would_without_the_lock(self):
        alice = self.person("alice1")
        self.crowd(3, following=alice)
        rows = Friendship.objects.filter(to_user_id=alice.id).order_by("id")

        with transaction.atomic():
            pairs = lock_in_share_mode(rows.values_list("from_user_id", "to_user_id"))
            flat = lock_in_share_mode(rows.values_list("from_user_id", flat=True)[:2])
            none = lock_in_share_mode(rows.filter(id=1).values_list("id", flat=True))

        self.assertEqual([tuple(pair) for pair in pairs], list(rows.values_list("from_user_id", "to_user_id")))
        self.assertEqual(flat, list(rows.values_list("from_user_id", flat=True)[:2]))
        self.assertEqual(none, [])

"""
HBase's copy of the friendships in MySQL: kept in step at once if that is possible, and in the end in any case.
"""

import random
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from friendships.services import FriendshipService
from friendships.tasks import mirror_friendships
from friendships.tests.stores import TwoStores
from outbox.models import Message
from stores.constants import Phase
from testing.stack_hbase import hbase_between_proxy, other_hbase
from testing.stack_processes import free_port
from testing.testcases import ApiTestCase, CommittedTestCase

pytestmark = [pytest.mark.stack, pytest.mark.hbase]

NOTHING = ([], [], [])


class AtOnceTests(TwoStores, ApiTestCase):
    def setUp(self):
        self.alice, self.bob = self.person("alice1"), self.person("bobby1")

    def test_who_follows_finds_it_in_hbase_before_any_task_ran(self):
        self.alice.follows(self.bob)

        self.assertNotEqual(self.hbase_rows(self.alice.id), NOTHING)
        self.assert_copies_agree()

    def test_who_unfollows_finds_it_gone(self):
        self.alice.follows(self.bob)
        self.alice.unfollows(self.bob)

        self.assertEqual([self.hbase_rows(person.id) for person in (self.alice, self.bob)], [NOTHING, NOTHING])

    def test_who_follows_again_finds_the_new_friendship_alone(self):
        for change in (self.alice.follows, self.alice.unfollows, self.alice.follows):
            change(self.bob)

        self.assertEqual(len(self.hbase_rows(self.alice.id)[0]), 1)
        self.assert_copies_agree()

    def test_tasks_that_come_later_change_nothing(self):
        self.alice.follows(self.bob)
        copies = self.hbase_rows(self.alice.id)

        self.tasks_run()

        self.assertEqual(self.hbase_rows(self.alice.id), copies)
        self.assertFalse(Message.objects.exists())

    def test_both_stores_are_written_to_while_mysql_is_read(self):
        self.friendships_are_at(Phase.DUAL_WRITE)

        self.alice.follows(self.bob)

        self.assertNotEqual(self.hbase_rows(self.alice.id), NOTHING)
        self.assert_copies_agree()

    def test_while_all_is_in_mysql_hbase_is_left_alone(self):
        self.friendships_are_at(Phase.MYSQL)

        self.alice.follows(self.bob)
        self.tasks_run()

        self.assertEqual(self.hbase_rows(self.alice.id), NOTHING)
        self.assertFalse(Message.objects.exists())

    def test_somebody_who_closes_the_account_leaves_no_copy(self):
        self.alice.follows(self.bob)
        self.bob.follows(self.alice)

        User.objects.filter(id=self.alice.id).update(deleted_at=timezone.now())
        FriendshipService.purge_some(user_id=self.alice.id)
        self.tasks_run()

        self.assertEqual([self.hbase_rows(person.id) for person in (self.alice, self.bob)], [NOTHING, NOTHING])


class AnyOrderTests(TwoStores, ApiTestCase):
    """
    Alice changes her mind, and what follows from it comes late, twice and in any order.
    """

    def setUp(self):
        self.dice = random.Random(5)

    def changes(self, alice, bob):
        """
        Let Alice change her mind; return what the request has left undone, and the task.
        """
        known = set(Message.objects.values_list("id", flat=True))
        change = self.dice.choice([FriendshipService.follow, FriendshipService.unfollow])
        with self.captureOnCommitCallbacks() as undone:
            change(follower=alice.user, followee=bob.user)
        messages = Message.objects.filter(event__in=["followed", "unfollowed"]).exclude(id__in=known)
        return undone, [partial(mirror_friendships, [message]) for message in messages]

    def assert_any_order_will_do(self, *, requests, tasks):
        """
        Run through histories of one to five changes, each with another Alice and another Bob.

        :param requests, tasks: how often each of both is carried out in the end.
        """
        for number in range(40):
            alice, bob = self.person(f"alice{number}"), self.person(f"bobby{number}")
            writes = []
            for _ in range(self.dice.randint(1, 5)):
                undone, woken = self.changes(alice, bob)
                writes += undone * requests + woken * tasks
                for write in self.dice.sample(writes, self.dice.randint(0, len(writes))):
                    write()
            self.dice.shuffle(writes)
            for write in writes:
                write()

        self.assert_copies_agree()

    def test_late_requests_end_in_the_truth(self):
        self.assert_any_order_will_do(requests=2, tasks=0)

    def test_tasks_end_in_the_truth_without_any_request(self):
        self.assert_any_order_will_do(requests=0, tasks=2)

    def test_both_do(self):
        self.assert_any_order_will_do(requests=2, tasks=2)


class AtOneMomentTests(TwoStores, CommittedTestCase):
    def test_whatever_four_people_do_at_once_ends_in_the_truth(self):
        dice = random.Random(8)
        people = [self.person(f"person{number}") for number in range(4)]

        for _ in range(5):
            pairs = [dice.sample(people, 2) for _ in range(8)]
            changes = [(dice.choice(["follow", "unfollow"]), a, b) for a, b in pairs]
            self.together(*[partial(a.post, f"friendships/{b.id}/{change}/") for change, a, b in changes])

        self.assert_copies_agree()
        self.everything_settles()
        self.assert_copies_agree()

    def test_a_task_waits_for_somebody_who_is_about_to_unfollow(self):
        alice, bob = self.person("alice1"), self.person("bobby1")
        alice.follows(bob)
        task = partial(mirror_friendships, [Message.objects.get(event="followed")])

        with ThreadPoolExecutor() as threads:
            with transaction.atomic():
                FriendshipService.unfollow(follower=alice.user, followee=bob.user)
                running = threads.submit(self.in_a_thread, task)
                self.until(lambda: running.done() or self.somebody_waits(), "the task stands before Alice's profile")
            running.result()

        self.assert_copies_agree()

    def somebody_waits(self):
        with connection.cursor() as cursor:
            cursor.execute("SELECT info FROM information_schema.processlist WHERE db = DATABASE()")
            return any(info and info.endswith("FOR UPDATE") for (info,) in cursor.fetchall())


class HBaseAwayTests(TwoStores, ApiTestCase):
    def setUp(self):
        self.alice, self.bob, self.carol = (self.person(name) for name in ("alice1", "bobby1", "carol1"))
        self.alice.follows(self.carol)
        self.everything_settles()

    def hbase_is_away(self):
        return other_hbase(PORT=free_port())

    def followings(self, person):
        rows = self.nobody().get(f"friendships/{person.id}/followings/").json()["results"]
        return [row["user"]["username"] for row in rows]

    def followers(self, person):
        rows = self.nobody().get(f"friendships/{person.id}/followers/").json()["results"]
        return [row["user"]["username"] for row in rows]

    def test_lists_come_from_the_ledger(self):
        with self.hbase_is_away(), self.assertLogs("friendships.storage", "INFO"):
            self.assertEqual((self.followings(self.alice), self.followers(self.carol)), (["carol1"], ["alice1"]))

    def test_whom_one_follows_comes_from_the_ledger(self):
        self.caches_are_lost()

        with self.hbase_is_away():
            followed = self.alice.get(f"users/{self.carol.id}/").json()["has_followed"]

        self.assertIs(followed, True)

    def test_following_and_unfollowing_are_answered_as_ever_and_seen_at_once(self):
        with self.hbase_is_away():
            followed = self.alice.post(f"friendships/{self.bob.id}/follow/")
            unfollowed = self.alice.post(f"friendships/{self.carol.id}/unfollow/")
            seen = self.followings(self.alice)

        self.assertEqual((followed.status_code, unfollowed.status_code), (201, 200))
        self.assertEqual(unfollowed.json(), {"success": True, "deleted": 1})
        self.assertEqual(seen, ["bobby1"])

    def test_the_outbox_keeps_what_hbase_could_not_take_and_brings_it_when_it_is_back(self):
        with self.hbase_is_away():
            self.alice.follows(self.bob)
            self.alice.unfollows(self.carol)
            self.tasks_run()
        waiting = list(Message.objects.values_list("task", flat=True))

        self.everything_settles()

        self.assertEqual(waiting, [mirror_friendships.name] * 2)
        self.assert_copies_agree()

    def test_what_was_remembered_of_an_outdated_hbase_is_forgotten_when_it_has_caught_up(self):
        with self.hbase_is_away():
            self.alice.follows(self.bob)
            self.tasks_run()
        self.caches_are_lost()
        outdated = self.alice.get(f"users/{self.bob.id}/").json()["has_followed"]

        self.everything_settles()

        self.assertIs(outdated, False)
        self.assertIs(self.alice.get(f"users/{self.bob.id}/").json()["has_followed"], True)

    def test_a_frozen_hbase_changes_no_answer(self):
        with hbase_between_proxy(TIMEOUT_MS=50) as proxy:
            proxy.blackhole()
            followed = self.alice.post(f"friendships/{self.bob.id}/follow/")
            seen = self.followings(self.alice)

        self.assertEqual((followed.status_code, seen), (201, ["bobby1", "carol1"]))

    def test_a_missing_table_is_an_error_in_the_log_and_the_ledger_answers(self):
        with other_hbase(TABLE_PREFIX="test_of_nobody_"), self.assertLogs("friendships.storage", "ERROR"):
            self.alice.follows(self.bob)

            self.assertEqual(self.followings(self.alice), ["bobby1", "carol1"])

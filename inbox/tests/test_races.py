"""
Telling, taking back and reading at one moment.
"""

from functools import partial

from django.db import OperationalError, connection

from friendships.models import Friendship
from inbox import tasks
from inbox.models import Notification
from inbox.tests.people import Doings
from likes.models import Like
from outbox.handling import handle
from outbox.models import Message
from testing.testcases import Between, CommittedTestCase


class AtOnceTests(Doings, CommittedTestCase):
    def setUp(self):
        self.three_people()

    def worker(self, handler, event, **payload):
        """
        Return what a worker does for an event: the handler, with all that is done about deadlocks.
        """
        message = Message.objects.create(event=event, task=handler.name, payload=payload)
        return partial(handle, [message.id])

    def follow_worker(self):
        ids = {"follower_id": self.alice.id, "followee_id": self.bob.id, "friendship_id": 1}
        return self.worker(tasks.reconcile_follows, "followed", **ids)

    def like_worker(self, tweet_id):
        ids = {"object_id": tweet_id, "user_id": self.alice.id, "owner_id": self.bob.id}
        return self.worker(tasks.reconcile_likes, "liked", content_type="tweet", **ids)

    def test_one_event_handled_by_six_workers_at_once_is_told_once(self):
        self.alice.follows(self.bob)

        self.together(*[self.follow_worker()] * 6)

        self.assertEqual(Notification.objects.count(), 1)
        self.assertEqual(self.told(self.bob), [("alice1", "followed you", True)])

    def test_following_and_unfollowing_while_workers_settle_ends_in_what_is_true(self):
        for _ in range(5):
            self.together(
                partial(self.alice.follows, self.bob),
                partial(self.alice.unfollows, self.bob),
                *[self.follow_worker()] * 3,
            )
            self.everything_settles()

            self.assertEqual(Notification.objects.count(), Friendship.objects.count())

    def test_liking_and_cancelling_while_workers_settle_ends_in_what_is_true(self):
        tweet_id = self.bob.tweets()
        for _ in range(5):
            self.together(
                partial(self.likes, self.alice, "tweet", tweet_id),
                partial(self.unlikes, self.alice, "tweet", tweet_id),
                *[self.like_worker(tweet_id)] * 2,
            )
            self.everything_settles()

            self.assertEqual(Notification.objects.count(), Like.objects.count())

    def test_a_tweet_that_is_deleted_while_it_is_liked_leaves_nothing(self):
        for _ in range(3):
            tweet_id = self.bob.tweets()
            comment_id = self.comments(self.carol, tweet_id)
            self.likes(self.alice, "tweet", tweet_id)

            self.together(
                partial(self.bob.delete, f"tweets/{tweet_id}/"),
                partial(self.carol.post, "likes/", content_type="tweet", object_id=tweet_id),
                partial(self.alice.post, "likes/", content_type="comment", object_id=comment_id),
                *[self.like_worker(tweet_id)] * 2,
            )
            self.everything_settles()

            self.assertFalse(Notification.objects.exists())

    def test_marking_all_six_times_at_once_counts_each_once(self):
        for person in (self.alice, self.carol):
            person.follows(self.bob)
        self.tasks_run()

        responses = self.together(*[partial(self.bob.post, "notifications/mark-all-as-read/")] * 6)

        self.assertEqual([response.status_code for response in responses], [200] * 6)
        self.assertEqual(sum(response.json()["marked_count"] for response in responses), 2)

    def test_marking_all_while_likes_come_and_go_refuses_nobody(self):
        tweet_ids = [self.bob.tweets(f"Number {number} of five") for number in range(5)]
        for person in (self.alice, self.carol):
            for tweet_id in tweet_ids:
                self.likes(person, "tweet", tweet_id)
        self.tasks_run()

        responses = self.together(
            *[partial(self.bob.post, "notifications/mark-all-as-read/")] * 3,
            *[
                self.worker(tasks.withdraw_for_tweet, "tweet_deleted", tweet_id=id, author_id=self.bob.id)
                for id in tweet_ids
            ],
        )

        self.assertEqual([response.status_code for response in responses[:3]], [200] * 3)
        self.assertFalse(Notification.objects.exists())

    def test_a_deadlock_with_a_worker_is_not_the_readers_trouble(self):
        def deadlock():
            raise OperationalError(1213, "Deadlock found when trying to get lock; try restarting transaction")

        self.alice.follows(self.bob)
        [row] = self.inbox(self.bob)

        for read in (
            partial(self.bob.put, f"notifications/{row['id']}/", unread=True),
            partial(self.bob.post, "notifications/mark-all-as-read/"),
        ):
            with (
                self.subTest(read=read.args),
                connection.execute_wrapper(Between("UPDATE", "inbox_notification", deadlock)),
            ):
                self.assertEqual(read().status_code, 200)
        self.assertEqual(self.told(self.bob), [("alice1", "followed you", False)])

"""
Events that are handled twice, late, or in the wrong order: the inbox agrees with what is true.
"""

import itertools
from functools import partial

from django.db import connection

from inbox.models import Notification
from inbox.tests.people import InboxTestCase
from outbox.models import Message
from outbox.services import subscriptions
from testing.testcases import Between


def repeat(messages):
    return [Message(event=message.event, task=message.task, payload=message.payload) for message in messages]


class EventsTestCase(InboxTestCase):
    def promised_while(self, *actions):
        """
        Do things while no worker runs, and return what the inbox's worker was promised by them.
        """
        for action in actions:
            action()
        own = [event for event, names in subscriptions.items() if any(name.startswith("inbox.") for name in names)]
        messages = list(Message.objects.filter(event__in=own).order_by("id"))
        Message.objects.all().delete()
        return messages

    def handle(self, messages):
        for message in repeat(messages):
            message.save()
            self.tasks_run()

    def keys(self):
        return list(Notification.objects.order_by("key").values_list("key", flat=True))


class EarlierReleaseTests(EventsTestCase):
    def test_a_row_that_waits_for_a_handler_by_its_old_name_is_handled(self):
        tweet_id = self.bob.tweets()
        messages = self.promised_while(
            lambda: self.alice.follows(self.bob),
            lambda: self.comments(self.alice, tweet_id),
            lambda: self.likes(self.alice, "tweet", tweet_id),
        )
        old_names = {"followed": "settle_follows", "comment_created": "settle_comments", "liked": "settle_likes"}
        for message in messages:
            message.task = f"inbox.tasks.{old_names[message.event]}"

        self.handle(messages)

        self.assertEqual(len(self.keys()), 3)


class TwiceTests(EventsTestCase):
    def test_every_event_may_be_handled_three_times(self):
        tweet_id, said = self.bob.tweets(), []
        messages = self.promised_while(
            lambda: self.alice.follows(self.bob),
            lambda: said.append(self.comments(self.alice, tweet_id)),
            lambda: self.likes(self.alice, "tweet", tweet_id),
            lambda: self.likes(self.bob, "comment", said[0]),
        )

        self.handle(messages)
        once = self.keys()
        self.handle(messages * 2)

        self.assertEqual(len(once), 4)
        self.assertEqual(self.keys(), once)

    def test_an_event_that_is_handled_again_leaves_alone_what_bob_has_read(self):
        messages = self.promised_while(lambda: self.alice.follows(self.bob))
        self.handle(messages)
        self.reads_all(self.bob)

        self.handle(messages)

        self.assertEqual(self.told(self.bob), [("alice1", "followed you", False)])

    def test_the_end_of_a_tweet_may_be_handled_twice(self):
        tweet_id = self.bob.tweets()
        self.likes(self.alice, "tweet", tweet_id)
        self.tasks_run()

        self.handle(self.promised_while(lambda: self.bob.delete(f"tweets/{tweet_id}/")) * 2)

        self.assertEqual(self.keys(), [])


class AnyOrderTests(EventsTestCase):
    def assert_any_order_ends_in(self, keys, messages):
        for order in itertools.permutations(messages):
            with self.subTest(order=[message.event for message in order]):
                self.handle(order)

                self.assertEqual(self.keys(), keys)
                Notification.objects.all().delete()

    def test_followed_unfollowed_and_followed_again_is_followed(self):
        messages = self.promised_while(
            lambda: self.alice.follows(self.bob),
            lambda: self.alice.unfollows(self.bob),
            lambda: self.alice.follows(self.bob),
        )

        self.assertEqual(len(messages), 3)
        self.assert_any_order_ends_in([f"follow:{self.alice.id}:{self.bob.id}"], messages)

    def test_followed_and_unfollowed_is_not(self):
        messages = self.promised_while(lambda: self.alice.follows(self.bob), lambda: self.alice.unfollows(self.bob))

        self.assert_any_order_ends_in([], messages)

    def test_liked_and_cancelled_and_liked_again_is_liked(self):
        tweet_id = self.bob.tweets()
        messages = self.promised_while(
            lambda: self.likes(self.alice, "tweet", tweet_id),
            lambda: self.unlikes(self.alice, "tweet", tweet_id),
            lambda: self.likes(self.alice, "tweet", tweet_id),
        )

        self.assert_any_order_ends_in([f"like:tweet:{tweet_id}:{self.alice.id}"], messages)

    def test_a_comment_that_was_liked_and_deleted_leaves_nothing(self):
        tweet_id, said = self.bob.tweets(), []
        messages = self.promised_while(
            lambda: said.append(self.comments(self.alice, tweet_id)),
            lambda: self.likes(self.carol, "comment", said[0]),
            lambda: self.uncomments(self.alice, said[0]),
        )

        self.assertEqual(len(messages), 3)
        self.assert_any_order_ends_in([], messages)

    def test_a_tweet_that_was_liked_commented_on_and_deleted_leaves_nothing(self):
        tweet_id = self.bob.tweets()
        messages = self.promised_while(
            lambda: self.likes(self.alice, "tweet", tweet_id),
            lambda: self.likes(self.carol, "comment", self.comments(self.alice, tweet_id)),
            lambda: self.bob.delete(f"tweets/{tweet_id}/"),
        )

        self.assertEqual(len(messages), 4)
        self.assert_any_order_ends_in([], messages)


class MeanwhileTests(EventsTestCase):
    def handle_while(self, messages, beginning, action):
        """
        Handle messages; when the first statement that begins so is about to run, something happens.
        """
        with connection.execute_wrapper(Between(beginning, "inbox_notification", action)):
            self.handle(messages)

    def test_an_unfollow_that_comes_between_looking_and_telling_is_seen(self):
        messages = self.promised_while(lambda: self.alice.follows(self.bob))

        self.handle_while(messages, "INSERT", lambda: self.promised_while(lambda: self.alice.unfollows(self.bob)))

        self.assertEqual(self.keys(), [])

    def test_a_follow_that_comes_between_looking_and_taking_back_is_seen(self):
        self.alice.follows(self.bob)
        self.tasks_run()
        messages = self.promised_while(lambda: self.alice.unfollows(self.bob))

        self.handle_while(messages, "DELETE", lambda: self.promised_while(lambda: self.alice.follows(self.bob)))

        self.assertEqual(self.told(self.bob), [("alice1", "followed you", True)])

    def test_a_tweet_that_is_deleted_between_looking_and_telling_is_seen(self):
        for doing in (
            lambda tweet_id, comment_id: self.likes(self.alice, "tweet", tweet_id),
            lambda tweet_id, comment_id: self.likes(self.alice, "comment", comment_id),
            lambda tweet_id, comment_id: self.comments(self.alice, tweet_id),
        ):
            tweet_id = self.bob.tweets()
            messages = self.promised_while(partial(doing, tweet_id, self.comments(self.bob, tweet_id)))
            with self.subTest(event=messages[-1].event):
                deletes = partial(self.bob.delete, f"tweets/{tweet_id}/")

                self.handle_while(messages, "INSERT", partial(self.promised_while, deletes))

                self.assertEqual(self.keys(), [])

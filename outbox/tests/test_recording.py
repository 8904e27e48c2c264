"""
Events are recorded in the transaction of what they announce.
"""

from dataclasses import dataclass
from typing import ClassVar
from unittest import mock

from django.db import transaction
from django.test import override_settings

from friendships.events import Followed
from newsfeeds.events import FanOutBatchReady
from newsfeeds.services import PostingService
from outbox.events import Event
from outbox.handling import read_event
from outbox.models import Message
from outbox.services import OutboxService, UnknownEvent, subscriptions
from outbox.tests.brokers import broker
from testing.testcases import ApiTestCase
from tweets.models import Tweet


@dataclass(frozen=True, kw_only=True)
class TreeFell(Event):
    """
    What nobody listens to.
    """

    name: ClassVar[str] = "a_tree_fell"

    forest_id: int


class RecordingTests(ApiTestCase):
    def test_a_tweet_and_the_promise_to_its_followers_stand_together(self):
        alice = self.person("alice")

        tweet_id = alice.tweets()

        message = Message.objects.get(event="tweet_created")
        self.assertEqual(message.payload, {"tweet_id": tweet_id, "author_id": alice.id})
        self.assertEqual(message.attempts, 0)

    def test_and_fall_together(self):
        alice = self.person("alice")

        with self.assertRaises(ZeroDivisionError), transaction.atomic():
            PostingService.post_tweet(author=alice.user, content="Never happened")
            raise ZeroDivisionError

        self.assertFalse(Tweet.objects.exists() or self.feed_rows() or Message.objects.exists())
        self.assertEqual(alice.get(f"users/{alice.id}/").json()["tweets_count"], 0)

    def test_a_refused_request_records_nothing(self):
        alice = self.person("alice")

        alice.post("tweets/", content="short")
        alice.post(f"friendships/{alice.id}/follow/")

        self.assertFalse(Message.objects.exists())

    def test_a_repeated_follow_records_nothing_more(self):
        alice, bob = self.person("alice"), self.person("bob")
        bob.follows(alice)
        recorded = Message.objects.count()

        bob.follows(alice)

        self.assertEqual(recorded, 1)
        self.assertEqual(Message.objects.count(), recorded)

    def test_an_event_that_several_handlers_wait_for_is_one_row(self):
        self.assertGreater(len(subscriptions["followed"]), 1)

        count = self.count_queries(OutboxService.record, event=Followed(follower_id=1, followee_id=2, friendship_id=3))

        self.assertEqual((count, Message.objects.count()), (1, 1))

    def test_an_event_nobody_listens_to_writes_nothing_and_costs_nothing(self):
        with mock.patch.dict(subscriptions, a_tree_fell=[]):
            count = self.count_queries(OutboxService.record, event=TreeFell(forest_id=1))

        self.assertEqual(count, 0)
        self.assertFalse(Message.objects.exists())

    def test_an_event_without_a_line_among_the_subscriptions_is_refused(self):
        with self.assertRaisesMessage(UnknownEvent, "a_tree_fell"):
            OutboxService.record(event=TreeFell(forest_id=1))

        self.assertFalse(Message.objects.exists())

    def test_a_wrong_field_is_refused(self):
        with self.assertRaises(TypeError):
            OutboxService.record(event=Followed(follower_id=1, followee_id=2, friend_id=3))


class RequestIdTests(ApiTestCase):
    def post_as(self, request_id):
        alice = self.person("alice")
        self.crowd(2, following=alice)
        alice.client.post("/api/tweets/", {"content": "Follow me"}, headers={"X-Request-ID": request_id})

    def test_a_message_carries_the_id_of_the_request_that_caused_it(self):
        self.post_as("from-the-phone-7")

        self.assertEqual(set(Message.objects.values_list("request_id", flat=True)), {"from-the-phone-7"})

    def test_the_broker_gets_it_too(self):
        self.post_as("from-the-phone-7")

        with broker() as taken:
            self.tasks_run_once()

        self.assertEqual(taken.sent[0]["headers"], {"request_id": "from-the-phone-7"})

    def test_what_a_task_sets_going_carries_it_on(self):
        self.post_as("from-the-phone-7")

        with override_settings(FAN_OUT_BATCH_SIZE=1):
            self.tasks_run_once()

        cut = Message.objects.filter(event="fan_out_batch_ready")
        self.assertEqual(list(cut.values_list("request_id", flat=True)), ["from-the-phone-7"] * 2)


class SplittingTests(ApiTestCase):
    PARTS = [
        FanOutBatchReady(tweet_id=1, author_id=2, after=0, until=5),
        FanOutBatchReady(tweet_id=1, author_id=2, after=5, until=9),
    ]

    def recorded(self):
        return read_event(Message.objects.create(event="tweet_created", payload={"tweet_id": 1, "author_id": 2}))

    def parts(self):
        return [read_event(message) for message in Message.objects.filter(event="fan_out_batch_ready").order_by("id")]

    def test_smaller_events_follow_from_a_message_that_stays_until_it_is_finished(self):
        whole = self.recorded()

        OutboxService.split(event=whole, parts=self.PARTS)

        self.assertEqual(self.parts(), self.PARTS)
        self.assertTrue(Message.objects.filter(id=whole.message_id).exists())

    def test_a_second_time_adds_nothing(self):
        whole = self.recorded()

        for _ in range(2):
            OutboxService.split(event=whole, parts=self.PARTS)

        self.assertEqual(self.parts(), self.PARTS)

    def test_a_message_that_is_finished_is_not_split_any_more(self):
        whole = self.recorded()
        OutboxService.finish(message_ids=[whole.message_id])

        OutboxService.split(event=whole, parts=self.PARTS)

        self.assertFalse(Message.objects.exists())

    def test_parts_that_cannot_be_written_leave_the_whole_as_it_was(self):
        whole = self.recorded()

        with self.assertRaises(TypeError), transaction.atomic():
            OutboxService.split(
                event=whole, parts=[*self.PARTS, FanOutBatchReady(tweet_id=object(), author_id=2, after=0, until=5)]
            )

        self.assertEqual([message.payload for message in Message.objects.all()], [whole.to_payload()])

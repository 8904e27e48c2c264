"""
Many events in one message: what travels together, and what happens when some of it fails.
"""

from contextlib import contextmanager
from dataclasses import dataclass
from typing import ClassVar
from unittest import mock

from celery import current_app
from celery.app.task import Context
from django.db import OperationalError, connection
from django.test import override_settings
from django.utils import timezone

from outbox import handling
from outbox.constants import RETRY_STEPS
from outbox.events import Event
from outbox.handling import EventHandler, handle
from outbox.models import Message
from outbox.services import OutboxService, subscriptions
from outbox.tasks import handle_messages
from outbox.tests.brokers import broker
from testing.testcases import ApiTestCase


@dataclass(frozen=True, kw_only=True)
class Counted(Event):
    """
    What the handlers of these tests handle.
    """

    name: ClassVar[str] = "counted"

    number: int


class Recorder:
    """
    A handler that notes what it was given, and fails over numbers that it does not like.
    """

    def __init__(self, name, error=None, dislikes=()):
        self.name, self.error, self.dislikes, self.calls = name, error, dislikes, []

    def __call__(self, events):
        numbers = [event.number for event in events]
        self.calls.append(numbers)
        if set(numbers) & set(self.dislikes):
            raise self.error
        return f"{self.name} took {len(numbers)}"


class BatchTestCase(ApiTestCase):
    @contextmanager
    def handled_by(self, *recorders, batch_size=100):
        """
        Let these handle the event `counted`, in this order.
        """
        own = {recorder.name: EventHandler(recorder.name, recorder, "default", batch_size) for recorder in recorders}
        with (
            mock.patch.dict(handling.handlers, own),
            mock.patch.dict(handling.event_types),
            mock.patch.dict(subscriptions),
        ):
            handling.subscribe(Counted, *own.values())
            yield

    def counted(self, *numbers, **fields):
        return [Message.objects.create(event="counted", payload={"number": number}, **fields) for number in numbers]

    def left(self):
        """
        Return (number, the one handler left or "") of each row that is left.
        """
        rows = Message.objects.order_by("id").values_list("payload", "task")
        return sorted((payload["number"], task) for payload, task in rows)


@override_settings(OUTBOX_BATCH_SIZE=100)
class TravellingTests(BatchTestCase):
    def sizes(self):
        with broker() as taken:
            self.tasks_run_once()
        return [len(message["message_ids"]) for message in taken.sent]

    def test_events_of_one_moment_travel_in_one_message(self):
        with self.handled_by(Recorder("one")):
            self.counted(*range(7))

            self.assertEqual(self.sizes(), [7])

    def test_no_message_carries_more_than_a_handler_takes(self):
        with self.handled_by(Recorder("one"), batch_size=3):
            self.counted(*range(7))

            self.assertEqual(self.sizes(), [3, 3, 1])

    def test_nor_more_than_the_operator_allows(self):
        with self.handled_by(Recorder("one")), override_settings(OUTBOX_BATCH_SIZE=2):
            self.counted(*range(5))

            self.assertEqual(self.sizes(), [2, 2, 1])

    def test_what_was_out_before_travels_in_ever_smaller_company(self):
        with self.handled_by(Recorder("one")):
            self.counted(*range(20), attempts=1)
            self.counted(*range(3), attempts=2)

            self.assertEqual(sorted(self.sizes()), [1, 1, 1, 10, 10])


@override_settings(OUTBOX_BATCH_SIZE=100)
class HandlingTests(BatchTestCase):
    def test_a_handler_is_called_once_for_all(self):
        first, second = Recorder("first"), Recorder("second")
        with self.handled_by(first, second):
            self.counted(1, 2, 3)

            self.tasks_run_once()

        self.assertEqual((first.calls, second.calls), ([[1, 2, 3]], [[1, 2, 3]]))
        self.assertEqual(self.left(), [])

    def test_a_batch_costs_the_same_queries_as_one_event(self):
        with self.handled_by(Recorder("first"), Recorder("second")):
            costs = [
                self.count_queries(handle, [message.id for message in self.counted(*range(count))]) for count in (1, 50)
            ]

        self.assertEqual(costs, [2, 2])

    def test_one_bad_event_is_found_and_the_others_are_done(self):
        picky = Recorder("picky", ValueError("not that one"), dislikes=[5])
        with self.handled_by(picky):
            self.counted(*range(8))

            with self.assertLogs("outbox.handling", "ERROR"):
                self.tasks_run_once()

        self.assertEqual(self.left(), [(5, "")])
        self.assertEqual(
            sorted(number for call in picky.calls if 5 not in call for number in call), [0, 1, 2, 3, 4, 6, 7]
        )

    def test_a_handler_that_fails_comes_again_alone(self):
        good, bad = Recorder("good"), Recorder("bad", ValueError("no"), dislikes=[2])
        with self.handled_by(good, bad):
            self.counted(1, 2)
            with self.assertLogs("outbox.handling", "ERROR"):
                self.tasks_run_once()
            left = self.left()
            bad.dislikes = ()

            self.everything_settles()

        self.assertEqual(left, [(2, "bad")])
        self.assertEqual(good.calls, [[1, 2]])
        self.assertEqual(bad.calls[-1], [2])

    def test_two_handlers_that_fail_come_again_each_for_itself(self):
        recorders = [Recorder(name, ValueError("no"), dislikes=[1]) for name in ("one", "two")] + [Recorder("three")]
        with self.handled_by(*recorders):
            self.counted(1)
            with self.assertLogs("outbox.handling", "ERROR"):
                self.tasks_run_once()
            left = self.left()
            recorders[0].dislikes = ()
            with self.assertLogs("outbox.handling", "ERROR"):
                Message.objects.update(due_at=timezone.now())
                self.tasks_run_once()
            still_left = self.left()
            recorders[1].dislikes = ()

            self.everything_settles()

        self.assertEqual((left, still_left), ([(1, "one"), (1, "two")], [(1, "two")]))
        self.assertEqual([len(recorder.calls) for recorder in recorders], [2, 3, 1])

    def test_a_server_that_is_away_is_not_looked_for_event_by_event(self):
        away = Recorder("away", OperationalError(2006, "gone away"), dislikes=range(8))
        with self.handled_by(away):
            self.counted(*range(8))

            with self.assertLogs("outbox.handling", "WARNING"):
                self.tasks_run_once()

        self.assertEqual({len(call) for call in away.calls}, {8})
        self.assertEqual(len(self.left()), 8)

    def test_rows_that_could_not_be_finished_come_again_within_seconds(self):
        def lock_wait_timeout(execute, sql, params, many, context):
            if sql.startswith("DELETE"):
                raise OperationalError(1205, "Lock wait timeout exceeded; try restarting transaction")
            return execute(sql, params, many, context)

        with self.handled_by(Recorder("first")):
            self.counted(1, 2, 3)
            claimed = OutboxService.claim()

            with connection.execute_wrapper(lock_wait_timeout), self.assertRaises(OperationalError):
                handle([message.id for message in claimed])

        due_at = Message.objects.values_list("due_at", flat=True)
        self.assertEqual(len(due_at), 3)
        self.assertLess((max(due_at) - timezone.now()).total_seconds(), RETRY_STEPS[-1])

    def test_a_batch_over_which_a_worker_died_comes_again_in_smaller_ones(self):
        survivor = Recorder("survivor")
        with self.handled_by(survivor):
            ids = [message.id for message in self.counted(*range(30))]

            with mock.patch.object(Context, "delivery_info", {"redelivered": True}):
                handle_messages.run(ids)
            untouched = list(survivor.calls)
            self.tasks_run_once()

        self.assertEqual(untouched, [])
        self.assertEqual([len(call) for call in survivor.calls], [10, 10, 10])


class HintTests(BatchTestCase):
    """
    The row decides: somebody who can publish to the broker can only start work that is due anyway.
    """

    def test_a_message_without_its_row_does_nothing(self):
        alice = self.person("alice")
        tweet_id = alice.tweets()
        self.tasks_run()

        for name in ("tweets.tasks.purge_tweets", "tweets.tasks.forget_tweet", "newsfeeds.tasks.withdraw_tweet"):
            with self.subTest(task=name):
                current_app.tasks[name].apply(args=[12345], kwargs={"user_id": alice.id, "tweet_id": tweet_id})

                self.assertEqual(alice.feed(), [tweet_id])
                self.assertEqual(alice.get(f"tweets/{tweet_id}/").status_code, 200)

    def test_what_a_message_says_besides_the_row_is_ignored(self):
        alice, bob = self.person("alice"), self.person("bob")
        kept = bob.tweets()
        alice.tweets()
        [row, *_] = Message.objects.filter(event="tweet_created")

        current_app.tasks["tweets.tasks.purge_tweets"].apply(args=[row.id], kwargs={"user_id": bob.id})

        self.assertEqual(bob.get(f"tweets/{kept}/").status_code, 200)

    def test_a_forged_row_purges_nobody_whose_account_is_open(self):
        alice = self.person("alice")
        tweet_id = alice.tweets()
        Message.objects.create(event="account_deleted", payload={"user_id": alice.id})

        self.everything_settles()

        self.assertEqual(alice.get(f"tweets/{tweet_id}/").status_code, 200)

    def test_messages_and_rows_of_the_release_before_are_handled(self):
        alice, bob = self.person("alice"), self.person("bob")
        bob.follows(alice)
        self.tasks_run()
        tweet_id = alice.tweets()
        payload = {"tweet_id": tweet_id, "author_id": alice.id}
        Message.objects.all().delete()
        row = Message.objects.create(event="tweet_created", task="newsfeeds.tasks.fan_out_tweet", payload=payload)

        with self.captureOnCommitCallbacks(execute=True):
            current_app.tasks["newsfeeds.tasks.fan_out_tweet"].apply(args=[row.id], kwargs=payload)

        self.assertEqual(bob.feed(), [tweet_id])
        self.assertFalse(Message.objects.exists())

"""
The relay when a broker or a handler fails: what is tried again, and when.
"""

from amqp.exceptions import MessageNacked
from django.db import OperationalError
from django.test import override_settings

from outbox.handling import handle
from outbox.models import Message
from outbox.tests.brokers import broker
from outbox.tests.relaying import RelayTestCase, runs, troubles
from utils.hbase.exceptions import HBaseUnavailable, TableMissing


class BadBrokerTests(RelayTestCase):
    def test_a_broker_that_refuses_is_asked_once_and_everything_is_due_again_soon(self):
        messages = [self.message(number) for number in range(5)]

        with broker(patience=0) as refusing:
            published = self.tasks_run_once()

        self.assertEqual((published, refusing.asked), (0, 1))
        self.assertEqual([self.seconds_left(message) for message in messages], [2] * 5)
        self.assertEqual([message.attempts for message in messages], [0] * 5)

    @override_settings(OUTBOX_BATCH_SIZE=1)
    def test_a_broker_that_refuses_half_way_has_half(self):
        messages = [self.message(number) for number in range(5)]

        with broker(patience=2) as refusing:
            published = self.tasks_run_once()

        self.assertEqual((published, refusing.asked), (2, 3))
        self.assertEqual([self.seconds_left(message) for message in messages], [120, 120, 2, 2, 2])
        self.assertEqual([message.attempts for message in messages], [1, 1, 0, 0, 0])

    def test_when_it_is_back_everything_is_delivered(self):
        for number in range(5):
            self.message(number)
        for error in (ConnectionRefusedError(), TimeoutError("no confirm")):
            with broker(patience=0, error=error):
                self.tasks_run_once()
            self.later(2)

        self.tasks_run()

        self.assertEqual(sorted(runs), [0, 1, 2, 3, 4])
        self.assertFalse(Message.objects.exists())

    def test_a_message_that_the_broker_sends_back_is_due_again_soon(self):
        message = self.message()

        with broker(patience=0, error=MessageNacked()):
            published = self.tasks_run_once()

        self.assertEqual((published, self.seconds_left(message)), (0, 2))

    def test_a_task_that_nobody_knows_any_more_does_not_hold_up_the_others(self):
        unknown = Message.objects.create(event="test", task="of.yesterday", payload={})
        self.message(1)

        self.tasks_run_once()

        self.assertEqual(runs, [1])
        self.assertEqual(list(Message.objects.all()), [unknown])
        self.assertGreater(self.seconds_left(unknown), 0)

    def test_a_worker_of_the_release_before_handles_what_it_knows_of_a_batch_and_leaves_the_rest(self):
        newer = Message.objects.create(event="of_tomorrow", task="of.tomorrow", payload={}, due_at=self.now)
        known = self.message(1)

        handle([newer.id, known.id])

        self.assertEqual(runs, [1])
        self.assertEqual(list(Message.objects.all()), [newer])
        self.assertEqual(self.seconds_left(newer), 0)


@override_settings(OUTBOX_BATCH_SIZE=100)
class FailingTaskTests(RelayTestCase):
    def test_passing_trouble_is_tried_three_times_at_once(self):
        self.message(1)
        troubles.extend([OperationalError(1213, "deadlock"), OperationalError(1205, "lock wait")])

        self.tasks_run_once()

        self.assertEqual(runs, [1, 1, 1])
        self.assertFalse(Message.objects.exists())

    def test_hbase_that_is_away_passes_and_one_that_refuses_does_not(self):
        for number, trouble, tries in ((1, HBaseUnavailable("no answer"), 2), (2, TableMissing("no table"), 1)):
            with self.subTest(trouble=trouble):
                self.message(number)
                troubles.append(trouble)

                self.tasks_run_once()

                self.assertEqual(runs.count(number), tries)

    def test_trouble_that_stays_is_left_for_later(self):
        message = self.message(1)
        troubles.extend([OperationalError(1213, "deadlock")] * 3)

        self.tasks_run_once()

        self.assertEqual((runs, self.seconds_left(message)), ([1, 1, 1], 2))

    def test_an_unforeseen_error_is_not_tried_at_once(self):
        message = self.message(1)
        troubles.append(ValueError("nobody foresaw this"))

        self.tasks_run_once()

        self.assertEqual((runs, self.seconds_left(message)), ([1], 2))

    def test_each_time_it_is_left_a_little_longer(self):
        message = self.message(1)
        waits = []

        for _ in range(7):
            troubles.append(ValueError("again"))
            self.tasks_run_once()
            waits.append(self.seconds_left(message))
            self.later(waits[-1])
        self.tasks_run()

        self.assertEqual(waits, [2, 5, 10, 20, 30, 30, 30])
        self.assertFalse(Message.objects.exists())

    def test_one_that_fails_does_not_hold_up_the_next(self):
        failing = self.message(1)
        self.message(2)
        # Of both together, then of the first alone.
        troubles.extend([ValueError("only the first")] * 2)

        self.tasks_run_once()

        self.assertEqual(runs, [1, 2, 1, 2])
        self.assertEqual(list(Message.objects.all()), [failing])

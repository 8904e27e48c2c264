"""
The relay: what it publishes, when again, and what a bad broker changes about that.
"""

from datetime import timedelta

from outbox.constants import CLAIM_SIZE, MAX_ATTEMPTS, RETRY_STEPS
from outbox.handling import QUICK_TRIES, handle
from outbox.models import Message
from outbox.services import OutboxService
from outbox.tests.brokers import broker
from outbox.tests.relaying import RelayTestCase, runs, stumble, troubles
from utils.caching.redis.client import RedisUnavailable


class PublishingTests(RelayTestCase):
    def test_what_is_due_is_published_once_longest_waiting_first(self):
        late = self.message(1)
        early = self.message(2, due_at=self.now - timedelta(minutes=1))

        with broker() as taken:
            published = [self.tasks_run_once(), self.tasks_run_once()]

        self.assertEqual(published, [2, 0])
        self.assertEqual(taken.message_ids, [early.id, late.id])
        self.assertEqual(taken.sent[0]["queue"], "default")

    def test_what_is_not_due_waits(self):
        self.message(due_at=self.now + timedelta(seconds=1))

        with broker() as taken:
            self.tasks_run_once()

        self.assertEqual(taken.sent, [])

    def test_a_task_that_is_done_leaves_no_message(self):
        self.message(7)

        self.tasks_run()

        self.assertEqual(runs, [7])
        self.assertFalse(Message.objects.exists())

    def test_a_message_that_was_finished_may_be_delivered_once_more(self):
        message = self.message()
        self.tasks_run()

        handle([message.id])
        OutboxService.finish(message_ids=[message.id])

        self.assertFalse(Message.objects.exists())

    def test_a_round_has_its_limits(self):
        Message.objects.bulk_create(
            Message(event="test", task=stumble.name, payload={"number": number}) for number in range(CLAIM_SIZE + 5)
        )

        with broker():
            published = [self.tasks_run_once(), self.tasks_run_once(), self.tasks_run_once()]

        self.assertEqual(published, [CLAIM_SIZE, 5, 0])

    def test_looking_in_vain_costs_one_query(self):
        self.assertEqual(self.count_queries(self.tasks_run_once), 1)

    def test_a_full_round_costs_as_many_queries_as_one_message(self):
        with broker():
            self.message()
            one = self.count_queries(self.tasks_run_once)
            for number in range(50):
                self.message(number)
            fifty = self.count_queries(self.tasks_run_once)

        self.assertEqual(one, fifty)


class SweepingTests(RelayTestCase):
    def test_a_published_message_that_vanished_is_published_again_after_two_minutes(self):
        message = self.message()
        with broker() as losing:
            self.tasks_run_once()
            self.later(119)
            too_early = self.tasks_run_once()

        self.later(1)
        self.tasks_run_once()

        self.assertEqual((losing.message_ids, too_early), ([message.id], 0))
        self.assertEqual(runs, [1])
        self.assertFalse(Message.objects.exists())

    def test_each_further_time_it_waits_twice_as_long_but_not_for_ever(self):
        message = self.message()
        waits = []

        with broker():
            for _ in range(7):
                self.tasks_run_once()
                waits.append(self.seconds_left(message))
                self.later(waits[-1])

        self.assertEqual(waits, [120, 240, 480, 960, 1920, 3840, 3840])

    def test_a_relay_that_died_between_claiming_and_publishing_loses_nothing(self):
        message = self.message()
        OutboxService.claim()

        at_once = OutboxService.claim()
        self.later(25)

        self.assertEqual(at_once, [])
        self.assertEqual(OutboxService.claim(), [message])

    def test_what_a_worker_has_put_off_before_the_relay_counted_it_comes_when_the_worker_said(self):
        message = self.message()
        claimed = OutboxService.claim()
        OutboxService.retry_soon(message_ids=[message.id])

        OutboxService.mark_published(messages=claimed)

        self.assertEqual(self.seconds_left(message), RETRY_STEPS[0])
        self.assertEqual(message.attempts, 1)

    def test_a_new_process_may_have_everything_published_at_once(self):
        self.message()
        hopeless = self.message(2, due_at=None)
        with broker():
            self.tasks_run_once()

        OutboxService.make_all_due()
        self.tasks_run()

        self.assertEqual(runs, [1])
        self.assertEqual(list(Message.objects.all()), [hopeless])

    def test_the_oldest_tells_how_far_behind_we_are(self):
        empty = OutboxService.get_oldest_age()
        self.message()
        self.later(90)
        self.message()

        self.assertEqual((empty, OutboxService.get_oldest_age()), (0.0, 90.0))


class GivingUpTests(RelayTestCase):
    def test_a_message_that_was_out_too_often_is_kept_but_no_longer_published(self):
        message = self.message(attempts=MAX_ATTEMPTS - 1)
        with broker() as taken:
            self.tasks_run_once()
            self.later(10 * 86_400)
            self.tasks_run_once()

        message.refresh_from_db()

        self.assertEqual(taken.message_ids, [message.id])
        self.assertEqual((message.attempts, message.due_at), (MAX_ATTEMPTS, None))

    def test_one_time_less_is_not_too_often(self):
        self.message(attempts=MAX_ATTEMPTS - 2)

        with broker():
            self.tasks_run_once()

        self.assertIsNotNone(Message.objects.get().due_at)

    def test_a_task_that_fails_after_its_message_was_given_up_does_not_wake_it(self):
        message = self.message(attempts=MAX_ATTEMPTS - 1)
        with broker():
            self.tasks_run_once()

        troubles.append(ValueError("still no good"))
        handle([message.id])

        message.refresh_from_db()
        self.assertIsNone(message.due_at)


class WaitingForOthersTests(RelayTestCase):
    def stumble_over(self, message, trouble):
        troubles[:] = [trouble] * QUICK_TRIES
        handle([message.id])
        troubles.clear()

    def test_what_waits_for_a_server_to_come_back_is_never_given_up(self):
        message = self.message()
        with broker():
            for _ in range(MAX_ATTEMPTS + 10):
                self.tasks_run_once()
                self.stumble_over(message, RedisUnavailable("still away"))
                self.later(30)

        message.refresh_from_db()

        self.assertIsNotNone(message.due_at)
        handle([message.id])
        self.assertFalse(Message.objects.exists())

    def test_what_fails_by_its_own_fault_is(self):
        message = self.message()
        with broker():
            for _ in range(MAX_ATTEMPTS):
                self.tasks_run_once()
                self.stumble_over(message, ValueError("no good"))
                self.later(30)

        message.refresh_from_db()

        self.assertEqual((message.attempts, message.due_at), (MAX_ATTEMPTS, None))

    def test_it_is_tried_twice_a_minute(self):
        message = self.message(attempts=100)

        self.stumble_over(message, RedisUnavailable("away"))

        self.assertEqual(self.seconds_left(message), 30)

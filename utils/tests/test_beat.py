"""
Any number of beats: one leads and sends, another goes on where it stopped, whatever the clocks of their hosts say.
"""

from datetime import timedelta
from unittest.mock import patch

import time_machine
from celery import Celery
from django.db import OperationalError, connection
from django.db.models import F
from django.utils import timezone
from kombu import Queue
from kombu.exceptions import OperationalError as BrokerError

from testing.stack_processes import RealStackTestCase, production_command
from testing.testcases import ApiTestCase, CommittedTestCase
from utils.beat.constants import LEASE_SECONDS, RETRY_SECONDS, STANDBY_SECONDS
from utils.beat.models import BeatLease, PeriodicTask
from utils.beat.scheduler import LeasedScheduler
from utils.beat.services import BeatService
from utils.observability.metrics import registry

HOUR = timedelta(hours=1)


class Beats:
    """
    What a test of beats can do; their queue is in memory, and theirs alone.
    """

    def setUp(self):
        super().setUp()
        self.app = Celery("beats", broker="memory://", set_as_current=False)
        self.app.conf.update(
            beat_schedule={"hourly": {"task": "hourly", "schedule": HOUR}},
            task_default_queue=self.id(),
            beat_max_loop_interval=10,
        )

    def beat(self):
        return LeasedScheduler(app=self.app)

    def passes(self, period):
        """
        Let some time go by on the database's clock, as far as leases and tasks are concerned.
        """
        BeatLease.objects.update(expires_at=F("expires_at") - period)
        PeriodicTask.objects.update(sent_at=F("sent_at") - period)

    def sent(self):
        """
        Return how many tasks were sent since the last look.
        """
        with self.app.connection_for_read() as broker:
            return Queue(self.id())(broker.default_channel).purge()

    def rounds(self, *beats):
        for beat in beats:
            while beat.tick() == 0:
                pass

    def a_beat_that_sent_long_ago(self):
        beat = self.beat()
        self.rounds(beat)
        beat.close()
        self.passes(HOUR)


class LeaderTests(Beats, ApiTestCase):
    def test_of_two_one_sends(self):
        self.a_beat_that_sent_long_ago()
        first, second = self.beat(), self.beat()

        self.rounds(first, second, first, second)

        self.assertEqual(self.sent(), 1)
        self.assertEqual((first.is_leading, second.is_leading), (True, False))

    def test_the_leader_renews_its_lease_at_each_round(self):
        first, second = self.beat(), self.beat()

        for _ in range(4):
            self.rounds(first)
            self.passes(timedelta(seconds=LEASE_SECONDS / 2))
            self.rounds(second)

        self.assertEqual((first.is_leading, second.is_leading), (True, False))
        self.assertLess(self.app.conf.beat_max_loop_interval, LEASE_SECONDS / 2)

    def test_when_it_stops_another_leads_at_its_next_look(self):
        first, second = self.beat(), self.beat()
        self.rounds(first, second)

        first.close()
        self.rounds(second)

        self.assertTrue(second.is_leading)
        self.assertLessEqual(STANDBY_SECONDS, 1)

    def test_when_it_is_killed_another_leads_once_the_lease_is_over(self):
        self.rounds(self.beat())
        second = self.beat()
        self.rounds(second)
        self.assertFalse(second.is_leading)

        self.passes(timedelta(seconds=LEASE_SECONDS))
        self.rounds(second)

        self.assertTrue(second.is_leading)

    def test_one_that_was_frozen_for_longer_than_its_lease_sends_nothing_more(self):
        first, second = self.beat(), self.beat()
        self.rounds(first)
        self.passes(HOUR)
        self.rounds(second)
        self.assertEqual(self.sent(), 1)

        first.apply_entry(first.schedule["hourly"])
        self.rounds(first)

        self.assertEqual(self.sent(), 0)
        self.assertEqual((first.is_leading, second.is_leading), (False, True))

    def test_metrics_tell_which_one_leads(self):
        first = self.beat()

        self.rounds(first)
        leads = registry.get_sample_value("beat_leads")
        first.close()

        self.assertEqual((leads, registry.get_sample_value("beat_leads")), (1, 0))


class SuccessionTests(Beats, ApiTestCase):
    def test_what_was_sent_just_now_is_not_sent_again(self):
        self.a_beat_that_sent_long_ago()
        first = self.beat()
        self.rounds(first)
        first.close()
        self.sent()

        self.rounds(self.beat())

        self.assertEqual(self.sent(), 0)

    def test_what_came_due_while_nobody_led_is_sent_once(self):
        self.a_beat_that_sent_long_ago()
        self.passes(5 * HOUR)

        self.rounds(self.beat(), self.beat())

        self.assertEqual(self.sent(), 1)

    def test_what_is_new_in_the_schedule_is_sent_after_its_interval_however_often_the_leader_changes(self):
        for _ in range(3):
            beat = self.beat()
            self.rounds(beat)
            beat.close()
            self.assertEqual(self.sent(), 0)
            self.passes(HOUR / 3)

        self.rounds(self.beat())

        self.assertEqual(self.sent(), 1)

    def test_a_host_whose_clock_is_five_minutes_off_neither_leads_nor_sends_at_another_time(self):
        for error in (timedelta(minutes=5), timedelta(minutes=-5)):
            with self.subTest(error=error):
                here, there = self.beat(), self.beat()
                self.rounds(here)
                with time_machine.travel(timezone.now() + error):
                    self.rounds(there)
                    self.assertFalse(there.is_leading)
                    here.close()
                    self.rounds(there)
                    self.assertTrue(there.is_leading)
                    self.assertEqual(self.sent(), 0)
                    there.close()
                    self.passes(HOUR - timedelta(minutes=1))
                    self.rounds(there)
                    self.assertEqual(self.sent(), 0)
                    there.close()
                    self.passes(timedelta(minutes=1))
                    self.rounds(there)
                    self.assertEqual(self.sent(), 1)
                    there.close()


class TroubleTests(Beats, CommittedTestCase):
    def test_while_the_database_is_away_nobody_sends_and_nobody_ends(self):
        self.a_beat_that_sent_long_ago()
        first, second = self.beat(), self.beat()

        with connection.execute_wrapper(self.away), self.assertLogs("utils.beat"):
            pauses = first.tick(), second.tick()

        self.assertEqual(pauses, (RETRY_SECONDS, RETRY_SECONDS))
        self.assertEqual(self.sent(), 0)
        self.rounds(first, second)
        self.assertEqual(self.sent(), 1)

    def test_one_that_stops_meanwhile_does_so(self):
        first = self.beat()
        self.rounds(first)

        with connection.execute_wrapper(self.away), self.assertLogs("utils.beat"):
            first.close()

        self.assertFalse(first.is_leading)

    def test_what_the_broker_did_not_take_is_sent_in_the_next_round(self):
        self.a_beat_that_sent_long_ago()
        first = self.beat()

        with patch.object(self.app, "send_task", side_effect=BrokerError("away")), self.assertLogs("utils.beat"):
            pause = first.tick()

        self.assertEqual(pause, RETRY_SECONDS)
        self.rounds(first)
        self.assertEqual(self.sent(), 1)

    def test_one_that_does_not_reach_the_broker_leaves_the_lead_to_another(self):
        self.a_beat_that_sent_long_ago()
        first, second = self.beat(), self.beat()

        with patch.object(self.app, "send_task", side_effect=BrokerError("away")), self.assertLogs("utils.beat"):
            first.tick()
        self.rounds(second, first)

        self.assertEqual((first.is_leading, second.is_leading), (False, True))
        self.assertEqual(self.sent(), 1)

    def away(self, execute, sql, params, many, context):
        raise OperationalError(2006, "gone away")


class SameMomentTests(Beats, CommittedTestCase):
    def test_of_many_that_try_at_one_moment_one_leads(self):
        names = [f"host-{number}" for number in range(4)]

        leading = self.together(*(lambda name=name: BeatService.take_lease(holder=name) for name in names))

        self.assertEqual(leading.count(True), 1)


class ProcessTests(RealStackTestCase):
    def test_one_of_two_processes_leads_and_the_other_after_it(self):
        first, second = self.start_beat(), self.start_beat()
        self.until(lambda: self.leading(first) != self.leading(second), "one leads")
        leader, standby = (first, second) if self.leading(first) else (second, first)

        code = leader.stop()
        self.until(lambda: self.leading(standby), "the other leads")
        standby.kill()
        third = self.start_beat()
        self.until(lambda: "beat: Starting" in third.output, "the third has started")
        BeatLease.objects.update(expires_at=F("expires_at") - timedelta(seconds=LEASE_SECONDS))

        self.until(lambda: self.leading(third), "the third leads")
        self.assertEqual(code, 0)

    def start_beat(self):
        return self.start_command(production_command("beat"), BROKER_URL=self.broker.url)

    def leading(self, process):
        return "beat leads" in process.output

"""
A phase counts as changed once every process that is at work has said that it goes by it.
"""

import multiprocessing
import threading
import time
from unittest import mock

import pytest
from django.db import Error, connection, connections, transaction
from django.db.transaction import TransactionManagementError
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from gatekeeper.constants import FEEDS, FRIENDSHIPS, Phase
from gatekeeper.models import PhaseAcknowledgement, StorePhase
from gatekeeper.services import PhaseService
from gatekeeper.tests.phases import Moving
from testing.testcases import ApiTestCase, CommittedTestCase
from utils.errors import Conflict

MYSQL, DUAL_WRITE, READ_HBASE, HBASE_ONLY = Phase


class RememberingTests(Moving, ApiTestCase):
    def test_one_query_for_all_tables_and_none_while_it_is_remembered(self):
        with override_settings(PHASE_SECONDS=60):
            self.assertEqual(self.count_queries(PhaseService.load, FEEDS), 1)
            self.assertEqual(self.count_queries(PhaseService.load, FRIENDSHIPS), 0)
            self.assertEqual(self.count_queries(PhaseService.reads_hbase, FEEDS, 1), 0)

    def test_what_is_too_old_is_read_anew_before_it_is_used(self):
        with override_settings(PHASE_SECONDS=60):
            PhaseService.load(FEEDS)
            StorePhase.objects.update_or_create(table=FEEDS, defaults={"phase": DUAL_WRITE})
            remembered = PhaseService.load(FEEDS)

        self.assertEqual((remembered, PhaseService.load(FEEDS)), (MYSQL, DUAL_WRITE))

    def test_who_writes_asks_the_row_itself_with_one_query(self):
        with override_settings(PHASE_SECONDS=60):
            PhaseService.hold(FEEDS)
            PhaseService.load(FEEDS)
            StorePhase.objects.filter(table=FEEDS).update(phase=DUAL_WRITE)

            self.assertEqual(PhaseService.hold(FEEDS), DUAL_WRITE)
            self.assertEqual(self.count_queries(PhaseService.hold, FEEDS), 1)

    def test_the_process_that_moves_a_table_knows_at_once(self):
        with override_settings(PHASE_SECONDS=60):
            PhaseService.load(FEEDS)
            self.move(DUAL_WRITE)

            self.assertEqual(PhaseService.load(FEEDS), DUAL_WRITE)


class AcknowledgingTests(Moving, ApiTestCase):
    def setUp(self):
        super().setUp()
        self.move(DUAL_WRITE)
        self.catch_up()

    def other_process(self, generation, process="web:7:1"):
        """
        Let another process say what it goes by.
        """
        PhaseAcknowledgement.objects.write(process, {FEEDS: generation}, timezone.now())

    def test_a_process_at_work_that_does_not_know_holds_up_the_next_step(self):
        self.other_process(generation=0)
        self.other_process(generation=1, process="web:8:1")
        self.assert_stays(READ_HBASE, text="1 processes do not know it yet: web:7:1.")

        self.other_process(generation=1)
        self.move(READ_HBASE)

        self.assertEqual(PhaseService.load(FEEDS), READ_HBASE)

    def test_this_process_is_one_of_them(self):
        self.works()
        StorePhase.objects.update(generation=2)
        self.assert_stays(READ_HBASE, text="do not know it yet")

        self.works()

        self.assertEqual(self.move(READ_HBASE).phase, READ_HBASE)

    def test_nobody_waits_for_a_process_that_is_silent_for_half_a_minute(self):
        self.other_process(generation=0)
        self.time_passes(seconds=29)
        self.assert_stays(READ_HBASE, text="web:7:1")

        self.time_passes(seconds=2)

        self.assertEqual(self.move(READ_HBASE).phase, READ_HBASE)

    def test_nobody_waits_for_a_process_that_has_taken_its_leave(self):
        self.works()
        StorePhase.objects.update(generation=2)
        self.assert_stays(READ_HBASE, text="do not know it yet")

        PhaseService.leave()

        self.assertEqual(self.move(READ_HBASE).phase, READ_HBASE)

    def test_whoever_works_again_after_it_is_waited_for_again(self):
        self.works()
        PhaseService.leave()
        self.works()
        StorePhase.objects.update(generation=2)

        self.assert_stays(READ_HBASE, text="do not know it yet")

    def test_a_process_may_remember_what_was_before_for_a_moment_so_a_step_waits(self):
        with override_settings(PHASE_SECONDS=2):
            self.assert_stays(READ_HBASE, text="wait")
            self.assertFalse(PhaseService.get_status(FEEDS).is_known)

            self.time_passes(seconds=5)

            self.assertTrue(PhaseService.get_status(FEEDS).is_known)
            self.assertEqual(self.move(READ_HBASE).phase, READ_HBASE)

    def test_going_back_to_mysqls_rows_waits_for_nobody(self):
        self.move(READ_HBASE)
        self.other_process(generation=0)

        with override_settings(PHASE_SECONDS=2):
            self.move(READ_HBASE, percentage=10)
            self.move(DUAL_WRITE)

            self.assert_stays(READ_HBASE, text="wait")
            # Some process may still read HBase, which would get no new rows.
            self.assert_stays(MYSQL, text="wait")

    def test_the_last_step_waits_until_everybody_reads_hbase(self):
        self.move(READ_HBASE, percentage=10)
        self.other_process(generation=2)
        self.move(READ_HBASE)

        self.assert_stays(HBASE_ONLY, text="web:7:1")

    def test_what_is_no_news_is_said_again_only_to_show_that_one_lives(self):
        with self.captureOnCommitCallbacks(execute=True):
            self.assertEqual(self.count_queries(PhaseService.load, FEEDS), 1)
        said = PhaseAcknowledgement.objects.get(store_phase=FEEDS)
        self.time_passes(seconds=5)

        self.works()

        again = PhaseAcknowledgement.objects.get(store_phase=FEEDS)
        self.assertEqual((again.generation, again.process), (1, said.process))
        self.assertLess(again.seen_at, said.seen_at)

        with mock.patch("time.monotonic", return_value=time.monotonic() + 11):
            self.works()

        self.assertGreater(PhaseAcknowledgement.objects.get(store_phase=FEEDS).seen_at, said.seen_at)

    def test_an_older_acknowledgement_that_comes_late_changes_nothing(self):
        self.other_process(generation=1)

        self.other_process(generation=0)

        self.assertEqual(PhaseAcknowledgement.objects.get(process="web:7:1").generation, 1)

    def test_the_status_says_how_many_know(self):
        self.other_process(generation=0)
        self.other_process(generation=1, process="web:8:1")

        status = PhaseService.get_status(FEEDS)

        self.assertEqual((status.known_by, status.laggards), ("1 of 2 processes", ["web:7:1"]))


class CommittedTests(Moving, CommittedTestCase):
    def test_a_phase_is_held_only_inside_a_transaction(self):
        with self.assertRaises(TransactionManagementError):
            PhaseService.hold(FEEDS)

    def test_what_is_said_inside_a_transaction_is_said_when_it_commits(self):
        with transaction.atomic():
            PhaseService.load(FEEDS)
            self.assertFalse(PhaseAcknowledgement.objects.exists())

        self.assertTrue(PhaseAcknowledgement.objects.exists())

    def test_what_was_rolled_back_is_said_next_time(self):
        with transaction.atomic():
            PhaseService.load(FEEDS)
            transaction.set_rollback(True)

        PhaseService.load(FEEDS)

        self.assertEqual(PhaseAcknowledgement.objects.count(), 2)

    def test_a_database_that_takes_no_writes_is_still_read(self):
        lock, unlock = {
            "sqlite": ("PRAGMA query_only = ON", "PRAGMA query_only = OFF"),
            "mysql": ("SET SESSION TRANSACTION READ ONLY", "SET SESSION TRANSACTION READ WRITE"),
        }[connection.vendor]
        with connection.cursor() as cursor:
            cursor.execute(lock)
            self.addCleanup(lambda: connection.cursor().execute(unlock))
        with self.assertRaises(Error):
            StorePhase.objects.create(table=FEEDS, phase=DUAL_WRITE)

        with self.assertLogs("gatekeeper.cache.phases", "WARNING") as logs:
            self.assertEqual(PhaseService.load(FEEDS), MYSQL)

        self.assertIn("could not be acknowledged", logs.output[0])

    def test_many_threads_agree_and_one_of_them_asks(self):
        def load():
            with CaptureQueriesContext(connection) as captured:
                phase = PhaseService.load(FEEDS)
            return phase, sum("storephase" in query["sql"] for query in captured)

        with override_settings(PHASE_SECONDS=60):
            answers = self.together(*[load] * 8)

        self.assertEqual({phase for phase, _ in answers}, {MYSQL})
        self.assertEqual(sum(count for _, count in answers), 1)
        self.assertEqual(PhaseAcknowledgement.objects.filter(store_phase=FEEDS).count(), 1)


@pytest.mark.stack
class LocksTests(Moving, CommittedTestCase):
    def test_a_step_waits_for_every_transaction_that_holds_the_phase(self):
        self.move(DUAL_WRITE)
        held, order = threading.Event(), []

        def write():
            with transaction.atomic():
                PhaseService.hold(FEEDS)
                held.set()
                self.until(self.somebody_waits, "the step does not wait")
                order.append("written")

        def move():
            held.wait(timeout=10)
            PhaseService.move(FEEDS, MYSQL)
            order.append("moved")

        self.together(write, move)

        self.assertEqual(order, ["written", "moved"])

    def test_who_writes_next_waits_for_the_step_and_knows_it(self):
        self.move(DUAL_WRITE)
        moving = threading.Event()

        def move():
            with transaction.atomic():
                PhaseService.move(FEEDS, MYSQL)
                moving.set()
                self.until(self.somebody_waits, "nobody waits for the step")

        def write():
            moving.wait(timeout=10)
            with transaction.atomic():
                return PhaseService.hold(FEEDS)

        self.assertEqual(self.together(move, write)[1], MYSQL)

    def test_the_first_to_hold_a_table_without_a_row_holds_it_too(self):
        held = threading.Event()

        def write():
            with transaction.atomic():
                PhaseService.hold(FEEDS)
                held.set()
                self.until(self.somebody_waits, "nobody waits for the row")
                return PhaseService.hold(FEEDS)

        def move():
            held.wait(timeout=10)
            return PhaseService.move(FEEDS, DUAL_WRITE).phase

        self.assertEqual(self.together(write, move), [MYSQL, DUAL_WRITE])

    def test_of_two_steps_at_once_one_is_refused(self):
        self.move_to(DUAL_WRITE)
        held = threading.Event()

        def write():
            with transaction.atomic():
                PhaseService.hold(FEEDS)
                held.set()
                self.until(lambda: self.count_waiting() == 2, "the steps do not wait")

        def move(phase):
            held.wait(timeout=10)
            try:
                return PhaseService.move(FEEDS, phase).phase
            except Conflict:
                return "refused"

        answers = self.together(write, lambda: move(READ_HBASE), lambda: move(MYSQL))

        self.assertEqual(answers.count("refused"), 1, answers)

    def test_writers_hold_a_phase_together(self):
        self.move(DUAL_WRITE)
        both = threading.Barrier(2)

        def write():
            with transaction.atomic():
                phase = PhaseService.hold(FEEDS)
                both.wait(timeout=10)
                return phase

        self.assertEqual(self.together(write, write), [DUAL_WRITE, DUAL_WRITE])

    def test_a_process_made_by_a_fork_speaks_for_itself(self):
        PhaseService.load(FEEDS)
        # A connection is for one process.
        connections.close_all()

        process = multiprocessing.get_context("fork").Process(target=PhaseService.load, args=[FEEDS])
        process.start()
        process.join(timeout=20)

        pids = {row.process.split(":")[1] for row in PhaseAcknowledgement.objects.all()}
        self.assertEqual((process.exitcode, len(pids)), (0, 2))

    def somebody_waits(self):
        return self.count_waiting() > 0

    def count_waiting(self):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT COUNT(*) FROM information_schema.processlist WHERE db = DATABASE()"
                " AND id <> CONNECTION_ID() AND info LIKE '%gatekeeper_storephase%'"
            )
            return cursor.fetchone()[0]

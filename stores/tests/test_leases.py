"""
Processes remember phases for a while; a transaction that wrote rows by a phase that has changed runs again.
"""

import threading

import pytest
from django.db import connection, transaction
from django.db.transaction import TransactionManagementError
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from gatekeeper.models import Feature
from stores.constants import FEEDS, FRIENDSHIPS, Phase
from stores.services import PhaseService
from stores.tests.phases import Moving
from testing.testcases import ApiTestCase, CommittedTestCase
from utils.database.transactions import retried_transaction
from utils.errors import Conflict

MYSQL, DUAL_WRITE, READ_HBASE, HBASE_ONLY = Phase


class RememberingTests(Moving, ApiTestCase):
    def load(self, table):
        return PhaseService.load(table=table)

    def test_one_query_for_all_tables_and_none_while_it_is_remembered(self):
        with override_settings(PHASE_SECONDS=60):
            self.assertEqual(self.count_queries(self.load, FEEDS), 1)
            self.assertEqual(self.count_queries(self.load, FRIENDSHIPS), 0)
            self.assertEqual(self.count_queries(lambda: PhaseService.reads_hbase(table=FEEDS, subject_id=1)), 0)

    def test_what_is_too_old_is_read_anew_before_it_is_used(self):
        with override_settings(PHASE_SECONDS=60):
            self.load(FEEDS)
            self.another_process_moves_to(DUAL_WRITE)
            remembered = self.load(FEEDS)

        self.assertEqual((remembered, self.load(FEEDS)), (MYSQL, DUAL_WRITE))

    def test_who_copies_asks_the_row_itself_with_one_query(self):
        with override_settings(PHASE_SECONDS=60):
            self.load(FEEDS)
            self.another_process_moves_to(DUAL_WRITE)

            self.assertEqual(PhaseService.lock_shared(table=FEEDS).phase, DUAL_WRITE)
            self.assertEqual(self.count_queries(lambda: PhaseService.lock_shared(table=FEEDS)), 1)

    def test_the_process_that_moves_a_table_knows_at_once(self):
        with override_settings(PHASE_SECONDS=60):
            self.load(FEEDS)
            self.move(DUAL_WRITE)

            self.assertEqual(self.load(FEEDS), DUAL_WRITE)

    def test_others_may_remember_what_was_before_so_the_next_step_waits(self):
        self.move(DUAL_WRITE)
        self.catch_up()

        with override_settings(PHASE_SECONDS=2):
            self.assert_stays(READ_HBASE, text="wait")
            self.assertFalse(PhaseService.get_status(table=FEEDS).is_known)

            self.time_passes(seconds=5)

            self.assertTrue(PhaseService.get_status(table=FEEDS).is_known)
            self.assertEqual(self.move(READ_HBASE).phase, READ_HBASE)

    def test_going_back_to_mysqls_rows_waits_for_nobody(self):
        self.move(DUAL_WRITE)
        self.catch_up()
        self.move(READ_HBASE)

        with override_settings(PHASE_SECONDS=2):
            self.move(READ_HBASE, percentage=10)
            self.move(DUAL_WRITE)

            self.assert_stays(READ_HBASE, text="wait")
            # Some process may still read HBase, which would get no new rows.
            self.assert_stays(MYSQL, text="wait")


class WritingTests(Moving, ApiTestCase):
    """
    A process that writes features, as if these were rows of a table that is moved.
    """

    def setUp(self):
        super().setUp()
        self.remembering = override_settings(PHASE_SECONDS=60)
        self.remembering.enable()
        self.addCleanup(self.remembering.disable)
        PhaseService.load(table=FEEDS)
        self.written = []

    def write(self, meanwhile=lambda: None):
        """
        Write a row by the phase that the lease gives, while something else happens.
        """
        with PhaseService.write_lease(table=FEEDS) as phase:
            self.written.append(phase)
            meanwhile()
            Feature.objects.create(name=f"row{len(self.written)}")

    def the_lease_ends(self):
        """
        Let so much time pass that nothing read before counts any more: the process was frozen, say.
        """
        self.remembering.options["PHASE_SECONDS"] = 0
        self.remembering.disable()
        self.remembering.enable()

    def rows(self):
        return list(Feature.objects.values_list("name", flat=True))

    def test_the_phase_costs_no_query(self):
        self.assertEqual(self.count_queries(self.write), 1)

    def test_a_change_reaches_writers_when_their_lease_ends(self):
        self.another_process_moves_to(DUAL_WRITE)

        self.write()
        self.the_lease_ends()
        self.write()

        self.assertEqual(self.written, [MYSQL, DUAL_WRITE])

    def test_a_writer_that_was_frozen_over_a_change_writes_its_rows_again(self):
        self.another_process_moves_to(DUAL_WRITE)

        retried_transaction(self.write)(meanwhile=self.the_lease_ends)

        self.assertEqual(self.written, [MYSQL, DUAL_WRITE])
        # What was written by the old phase was rolled back.
        self.assertEqual(self.rows(), ["row2"])

    def test_a_writer_that_was_frozen_while_nothing_changed_goes_on(self):
        retried_transaction(self.write)(meanwhile=self.the_lease_ends)

        self.assertEqual((self.written, self.rows()), ([MYSQL], ["row1"]))

    def test_what_is_written_before_the_lease_ends_stands(self):
        def write_and_sleep():
            self.write()
            self.the_lease_ends()

        self.another_process_moves_to(DUAL_WRITE)
        retried_transaction(write_and_sleep)()

        self.assertEqual((self.written, self.rows()), ([MYSQL], ["row1"]))


class RequestsTests(Moving, ApiTestCase):
    def test_posting_delivering_following_and_deleting_ask_nothing_about_phases(self):
        alice, bob = self.person("alice"), self.person("bob")
        with override_settings(PHASE_SECONDS=60):
            PhaseService.load(table=FEEDS)

            with CaptureQueriesContext(connection) as captured:
                bob.follows(alice)
                tweet_id = alice.tweets()
                self.tasks_run()
                alice.delete(f"tweets/{tweet_id}/")
                bob.unfollows(alice)
                self.tasks_run()

        self.assertEqual([query["sql"] for query in captured if "storephase" in query["sql"]], [])


class CommittedTests(Moving, CommittedTestCase):
    def test_rows_are_written_and_phases_locked_only_inside_a_transaction(self):
        with self.assertRaises(TransactionManagementError), PhaseService.write_lease(table=FEEDS):
            pass
        with self.assertRaises(TransactionManagementError):
            PhaseService.lock_shared(table=FEEDS)


@pytest.mark.stack
class LocksTests(Moving, CommittedTestCase):
    def test_a_step_waits_for_every_transaction_that_has_locked_the_phase(self):
        self.move(DUAL_WRITE)
        locked, order = threading.Event(), []

        def copy():
            with transaction.atomic():
                PhaseService.lock_shared(table=FEEDS)
                locked.set()
                self.until(self.somebody_waits, "the step does not wait")
                order.append("copied")

        def move():
            locked.wait(timeout=10)
            PhaseService.change_phase(table=FEEDS, phase=MYSQL)
            order.append("moved")

        self.together(copy, move)

        self.assertEqual(order, ["copied", "moved"])

    def test_who_locks_it_next_waits_for_the_step_and_knows_it(self):
        self.move(DUAL_WRITE)
        moving = threading.Event()

        def move():
            with transaction.atomic():
                PhaseService.change_phase(table=FEEDS, phase=MYSQL)
                moving.set()
                self.until(self.somebody_waits, "nobody waits for the step")

        def copy():
            moving.wait(timeout=10)
            with transaction.atomic():
                return PhaseService.lock_shared(table=FEEDS).phase

        self.assertEqual(self.together(move, copy)[1], MYSQL)

    def test_the_first_to_lock_a_table_without_a_row_has_it_locked_too(self):
        locked = threading.Event()

        def copy():
            with transaction.atomic():
                PhaseService.lock_shared(table=FEEDS)
                locked.set()
                self.until(self.somebody_waits, "nobody waits for the row")
                return PhaseService.lock_shared(table=FEEDS).phase

        def move():
            locked.wait(timeout=10)
            return PhaseService.change_phase(table=FEEDS, phase=DUAL_WRITE).phase

        self.assertEqual(self.together(copy, move), [MYSQL, DUAL_WRITE])

    def test_of_two_steps_at_once_one_is_refused(self):
        self.move_to(DUAL_WRITE)
        locked = threading.Event()

        def copy():
            with transaction.atomic():
                PhaseService.lock_shared(table=FEEDS)
                locked.set()
                self.until(lambda: self.count_waiting() == 2, "the steps do not wait")

        def move(phase):
            locked.wait(timeout=10)
            try:
                return PhaseService.change_phase(table=FEEDS, phase=phase).phase
            except Conflict:
                return "refused"

        responses = self.together(copy, lambda: move(READ_HBASE), lambda: move(MYSQL))

        self.assertEqual(responses.count("refused"), 1, responses)

    def test_many_may_lock_a_phase_together(self):
        self.move(DUAL_WRITE)
        both = threading.Barrier(2)

        def copy():
            with transaction.atomic():
                phase = PhaseService.lock_shared(table=FEEDS).phase
                both.wait(timeout=10)
                return phase

        self.assertEqual(self.together(copy, copy), [DUAL_WRITE, DUAL_WRITE])

    def somebody_waits(self):
        return self.count_waiting() > 0

    def count_waiting(self):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT COUNT(*) FROM information_schema.processlist WHERE db = DATABASE()"
                " AND id <> CONNECTION_ID() AND info LIKE '%gatekeeper_storephase%'"
            )
            return cursor.fetchone()[0]

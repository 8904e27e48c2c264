"""
Where the rows of a table are written and read, one step at a time.
"""

from django.test import override_settings

from stores.constants import FEEDS, FRIENDSHIPS, Phase
from stores.models import StorePhase, StorePhaseChange
from stores.services import PhaseService
from stores.tests.phases import Moving
from testing.testcases import ApiTestCase
from utils.errors import Conflict

MYSQL, DUAL_WRITE, READ_HBASE, HBASE_ONLY = Phase
ON_HBASE = {FEEDS: "hbase_only", FRIENDSHIPS: "read_hbase"}
USERS = range(1, 2001)


class PhasesTestCase(Moving, ApiTestCase):
    def phases(self):
        return PhaseService.load(table=FEEDS), PhaseService.load(table=FRIENDSHIPS)

    def readers(self, table=FEEDS):
        """
        Return the users for whom HBase answers.
        """
        with override_settings(PHASE_SECONDS=60):
            return {user_id for user_id in USERS if PhaseService.reads_hbase(table=table, subject_id=user_id)}


class BeginningTests(PhasesTestCase):
    def test_without_hbase_everything_is_in_mysql_and_asking_costs_nothing(self):
        self.move_to(DUAL_WRITE, READ_HBASE)

        with override_settings(HBASE={"HOST": ""}):
            for ask in (
                lambda: PhaseService.load(table=FEEDS),
                lambda: PhaseService.lock_shared(table=FEEDS),
                lambda: PhaseService.reads_hbase(table=FEEDS, subject_id=1),
            ):
                self.assertEqual(self.count_queries(ask), 0)
            self.assertEqual((self.phases(), self.readers()), ((MYSQL, MYSQL), set()))
            self.assert_stays(DUAL_WRITE, text="HBASE_URL is not set")

    def test_a_table_that_nobody_has_moved_is_where_the_settings_say(self):
        self.assertEqual(self.phases(), (MYSQL, MYSQL))

        with override_settings(INITIAL_PHASES=ON_HBASE):
            self.assertEqual(self.phases(), (HBASE_ONLY, READ_HBASE))
            self.assertEqual(PhaseService.lock_shared(table=FEEDS).phase, HBASE_ONLY)
            self.assertEqual((self.readers(), self.readers(FRIENDSHIPS)), (set(USERS), set(USERS)))

    def test_where_a_fresh_project_begins_is_written_down(self):
        with override_settings(INITIAL_PHASES=ON_HBASE):
            PhaseService.create_initial_phases()
        self.person("alice1")

        PhaseService.create_initial_phases()

        self.assertEqual(self.phases(), (HBASE_ONLY, READ_HBASE))

    def test_an_empty_project_may_still_begin_elsewhere(self):
        PhaseService.create_initial_phases()

        with override_settings(INITIAL_PHASES=ON_HBASE):
            PhaseService.create_initial_phases()

        self.assertEqual(self.phases(), (HBASE_ONLY, READ_HBASE))

    def test_a_project_with_people_stays_in_mysql_whatever_the_settings_say(self):
        self.person("alice1")

        with override_settings(INITIAL_PHASES=ON_HBASE):
            PhaseService.create_initial_phases()

            self.assertEqual(self.phases(), (MYSQL, MYSQL))

    def test_what_is_written_in_both_from_the_beginning_needs_no_back_fill(self):
        with override_settings(INITIAL_PHASES=ON_HBASE):
            self.move(DUAL_WRITE, FRIENDSHIPS)

            self.move(READ_HBASE, FRIENDSHIPS)

        self.assertEqual(PhaseService.load(table=FRIENDSHIPS), READ_HBASE)


class StepsTests(PhasesTestCase):
    def test_feeds_go_all_the_way(self):
        passed = []
        for phase in (DUAL_WRITE, READ_HBASE, HBASE_ONLY):
            self.move_to(phase)
            passed.append((self.phases(), PhaseService.lock_shared(table=FEEDS).phase))

        self.assertEqual(
            passed,
            [
                ((DUAL_WRITE, MYSQL), DUAL_WRITE),
                ((READ_HBASE, MYSQL), READ_HBASE),
                ((HBASE_ONLY, MYSQL), HBASE_ONLY),
            ],
        )

    def test_friendships_stop_while_mysql_is_their_source_of_truth(self):
        self.move_to(DUAL_WRITE, READ_HBASE, table=FRIENDSHIPS)

        self.assert_stays(HBASE_ONLY, FRIENDSHIPS, text="MySQL stays the source of truth")

    def test_there_are_no_leaps(self):
        self.assert_stays(READ_HBASE, text="more than one step away")
        self.assert_stays(HBASE_ONLY, text="more than one step away")
        self.move_to(DUAL_WRITE)
        self.assert_stays(HBASE_ONLY, text="more than one step away")
        self.move_to(READ_HBASE)
        self.assert_stays(MYSQL, text="more than one step away")

    def test_every_step_but_the_last_can_be_taken_back(self):
        self.move_to(DUAL_WRITE, READ_HBASE, DUAL_WRITE, MYSQL, DUAL_WRITE, READ_HBASE, HBASE_ONLY)

        for phase in (READ_HBASE, DUAL_WRITE, MYSQL):
            self.assert_stays(phase, text="no way back")

    def test_hbase_is_read_only_after_a_back_fill(self):
        self.move(DUAL_WRITE)
        self.assert_stays(READ_HBASE, text="has not been back-filled")
        PhaseService.save_checkpoint(table=FEEDS, cursor=[5, 7])
        self.assert_stays(READ_HBASE, text="has not been back-filled")

        self.catch_up()
        self.move(READ_HBASE)

        self.assertEqual(PhaseService.load(table=FEEDS), READ_HBASE)

    def test_hbase_is_read_only_after_a_comparison_that_found_nothing(self):
        self.move(DUAL_WRITE)
        PhaseService.record_comparison(table=FEEDS, missing=0, extra=0, different=0)
        PhaseService.finish_backfill(table=FEEDS)
        self.assert_stays(READ_HBASE, text="has not been compared")
        PhaseService.record_comparison(table=FEEDS, missing=1, extra=2, different=3)
        self.assert_stays(READ_HBASE, text="had 6 rows that differ")

        PhaseService.record_comparison(table=FEEDS, missing=0, extra=0, different=0)
        self.move(READ_HBASE)

        self.assertEqual(PhaseService.load(table=FEEDS), READ_HBASE)

    def test_a_back_fill_is_worth_nothing_once_mysql_was_written_alone(self):
        self.move_to(DUAL_WRITE, MYSQL)

        self.move(DUAL_WRITE)

        self.assert_stays(READ_HBASE, text="has not been back-filled")

    def test_whoever_knows_better_may_do_without_a_back_fill(self):
        self.move(DUAL_WRITE)

        self.move(READ_HBASE, force=True)

        self.assertEqual(PhaseService.load(table=FEEDS), READ_HBASE)

    def test_hbase_must_answer_everybody_before_it_is_alone(self):
        self.move_to(DUAL_WRITE)
        self.move(READ_HBASE, percentage=99)
        self.assert_stays(HBASE_ONLY, text="only 99 %")

        self.move_to(READ_HBASE, HBASE_ONLY)

        self.assertEqual(PhaseService.load(table=FEEDS), HBASE_ONLY)

    def test_a_percentage_is_one(self):
        self.move_to(DUAL_WRITE)

        for percentage in (-1, 101):
            self.assert_stays(READ_HBASE, percentage=percentage, text="from 0 to 100")

    def test_each_change_is_kept_with_who_made_it_and_why(self):
        alice = self.person("alice1").user
        self.move(DUAL_WRITE, changed_by_id=alice.id, reason="Monday")
        self.catch_up()
        self.move(READ_HBASE, percentage=10)
        self.move(READ_HBASE, percentage=10)

        history = StorePhaseChange.objects.order_by("id")
        values = history.values_list("store_phase", "phase", "read_percentage", "generation", "changed_by", "reason")
        self.assertEqual(
            list(values),
            [(FEEDS, "dual_write", 0, 1, alice.id, "Monday"), (FEEDS, "read_hbase", 10, 2, None, "")],
        )
        self.assertTrue(all(StorePhase.objects.get().changed_at >= change.changed_at for change in history))


class PercentageTests(PhasesTestCase):
    def test_nobody_reads_hbase_before_and_everybody_after(self):
        self.assertEqual(self.readers(), set())
        self.move_to(DUAL_WRITE)
        self.assertEqual(self.readers(), set())

        self.move_to(READ_HBASE, HBASE_ONLY)

        self.assertEqual(self.readers(), set(USERS))

    def test_about_a_tenth_reads_hbase_at_ten_per_cent_and_goes_on_as_it_grows(self):
        self.move_to(DUAL_WRITE)
        self.move(READ_HBASE, percentage=10)
        tenth = self.readers()
        self.move(READ_HBASE, percentage=30)

        self.assertTrue(120 < len(tenth) < 280, len(tenth))
        self.assertLess(tenth, self.readers())

    def test_other_users_read_the_other_table_first(self):
        for table in (FEEDS, FRIENDSHIPS):
            self.move_to(DUAL_WRITE, table=table)
            self.move(READ_HBASE, table, percentage=10)

        self.assertNotEqual(self.readers(), self.readers(FRIENDSHIPS))


class BackFillTests(PhasesTestCase):
    def test_it_goes_on_where_it_was_interrupted_and_begins_anew_once_finished(self):
        self.move(DUAL_WRITE)
        self.assertIsNone(PhaseService.get_backfill_cursor(table=FEEDS))

        PhaseService.save_checkpoint(table=FEEDS, cursor=[17, 4_000_000_000_000_000])
        self.assertEqual(PhaseService.get_backfill_cursor(table=FEEDS), [17, 4_000_000_000_000_000])

        PhaseService.finish_backfill(table=FEEDS)
        self.assertIsNone(PhaseService.get_backfill_cursor(table=FEEDS))

    def test_it_begins_anew_after_mysql_was_written_alone(self):
        self.move(DUAL_WRITE)
        PhaseService.save_checkpoint(table=FEEDS, cursor=17)

        self.move_to(MYSQL)
        self.move(DUAL_WRITE)

        self.assertIsNone(PhaseService.get_backfill_cursor(table=FEEDS))

    def test_there_is_nothing_to_fill_unless_both_are_written(self):
        with self.assertRaisesMessage(Conflict, "not written to both"):
            PhaseService.finish_backfill(table=FEEDS)
        self.move_to(DUAL_WRITE, READ_HBASE, HBASE_ONLY)

        with self.assertRaisesMessage(Conflict, "not written to both"):
            PhaseService.finish_backfill(table=FEEDS)

    def test_a_comparison_is_kept(self):
        self.assertEqual(PhaseService.get_status(table=FEEDS).compared, "never")

        PhaseService.record_comparison(table=FEEDS, missing=3, extra=2, different=1)

        self.assertIn("3 missing, 2 extra, 1 different", PhaseService.get_status(table=FEEDS).compared)

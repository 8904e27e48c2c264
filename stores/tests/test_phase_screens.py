"""
How operators move a table: the command and the admin's screen.
"""

import threading
from io import StringIO

from django.core.management import CommandError, call_command
from django.test import override_settings

from moderation.tests.people import Moderating
from stores.constants import FEEDS, FRIENDSHIPS, Phase
from stores.models import StorePhase, StorePhaseChange
from stores.services import PhaseService
from stores.tests.phases import Moving
from testing.testcases import ApiTestCase, CommittedTestCase

MYSQL, DUAL_WRITE, READ_HBASE, HBASE_ONLY = Phase


def store_phase(*arguments, stderr=None):
    """
    Run the command and return the lines it writes.
    """
    out = StringIO()
    call_command("store_phase", *arguments, stdout=out, stderr=stderr or StringIO())
    return out.getvalue().splitlines()


class CommandTests(Moving, ApiTestCase):
    def test_it_shows_where_the_tables_stand(self):
        title, feeds, friendships = store_phase()

        self.assertRegex(title, "table +phase +read +since")
        self.assertRegex(feeds, r"feeds +mysql +0 % +the beginning +every process +none +never")
        self.assertRegex(friendships, r"friendships +mysql")

    def test_it_takes_a_table_one_step_further(self):
        store_phase("feeds", "dual_write", "--reason", "Monday")
        self.catch_up()

        lines = store_phase("feeds", "read_hbase", "--percentage", "25")

        self.assertEqual(len(lines), 2)
        self.assertRegex(lines[1], r"feeds +read_hbase +25 % +\d{4}-.* 0 missing, 0 extra, 0 different")
        self.assertEqual(StorePhaseChange.objects.last().reason, "Monday")
        self.assertEqual(PhaseService.load(table=FRIENDSHIPS), MYSQL)

    def test_it_says_why_not(self):
        store_phase("feeds", "dual_write")

        with self.assertRaisesMessage(CommandError, "has not been back-filled"):
            store_phase("feeds", "read_hbase")
        self.assertRegex(store_phase("feeds", "read_hbase", "--force")[1], r"feeds +read_hbase +100 %")

    def test_it_knows_no_other_table_and_no_other_phase(self):
        for arguments in (("likes", "dual_write"), ("feeds", "cassandra")):
            with self.assertRaisesMessage(CommandError, "invalid choice"):
                store_phase(*arguments)

    def test_it_says_so_when_there_is_no_hbase(self):
        with override_settings(HBASE={"HOST": ""}):
            self.assertIn("everything is in MySQL", store_phase()[0])

    def test_it_shows_how_far_a_back_fill_is_and_whether_every_process_knows(self):
        store_phase("feeds", "dual_write")
        PhaseService.save_checkpoint(table=FEEDS, cursor=[17, 4])

        with override_settings(PHASE_SECONDS=60):
            self.assertRegex(store_phase("feeds")[1], r"not yet by all +at \[17, 4\]")


class WaitingTests(Moving, CommittedTestCase):
    def test_it_waits_until_every_process_knows(self):
        done = threading.Event()

        def command():
            with override_settings(PHASE_SECONDS=60):
                lines = store_phase("feeds", "dual_write", "--wait")
            done.set()
            return lines

        def time_goes_by():
            self.until(lambda: StorePhase.objects.filter(phase=DUAL_WRITE).exists(), "the step is taken")
            self.assertFalse(done.is_set())
            self.time_passes(seconds=121)

        lines = self.together(command, time_goes_by)[0]

        self.assertIn("every process", lines[1])


class ScreenTests(Moving, Moderating, ApiTestCase):
    def setUp(self):
        super().setUp()
        self.root = self.person("rooty1", is_staff=True, is_superuser=True)
        self.in_admin(self.root)
        self.move(DUAL_WRITE)
        self.address = f"/admin/stores/storephase/{FEEDS}/change/"

    def send(self, phase, percentage=0, reason=""):
        inlines = {f"changes-{count}_FORMS": "0" for count in ("TOTAL", "INITIAL", "MIN_NUM", "MAX_NUM")}
        form = {"phase": phase, "read_percentage": percentage, "reason": reason}
        return self.root.browser.post(self.address, {**form, **inlines})

    def test_a_step_is_taken_in_the_name_of_whoever_takes_it(self):
        self.catch_up()

        response = self.send("read_hbase", 10, reason="Tuesday")

        change = StorePhaseChange.objects.first()
        self.assertEqual(response.status_code, 302)
        self.assertEqual((change.phase, change.read_percentage, change.reason), ("read_hbase", 10, "Tuesday"))
        self.assertEqual(change.changed_by_id, self.root.id)
        self.assertEqual(PhaseService.load(table=FEEDS), READ_HBASE)

    def test_a_refusal_stands_beside_the_field(self):
        response = self.send("read_hbase", 10)

        self.assertContains(response, "feeds has not been back-filled")
        self.assertEqual(StorePhase.objects.get().phase, DUAL_WRITE)

    def test_a_bad_percentage_or_phase_is_refused(self):
        for step in (("read_hbase", 101), ("read_hbase", ""), ("cassandra", 1)):
            self.assertEqual(self.send(*step).status_code, 200)
        self.assertEqual(StorePhaseChange.objects.count(), 1)

    def test_the_page_shows_the_history_and_whether_every_process_knows(self):
        page = self.root.browser.get(self.address).content.decode()

        self.assertIn("every process", page)
        self.assertIn("written to both, read from MySQL", page)

    def test_the_list_shows_every_table_that_has_a_row(self):
        self.move(DUAL_WRITE, FRIENDSHIPS)

        shown = [row.table for row in self.rows(self.root, "stores/storephase")]

        self.assertEqual(shown, [FEEDS, FRIENDSHIPS])

    def test_rows_are_neither_added_nor_deleted(self):
        for path in ("add", f"{FEEDS}/delete"):
            self.look(self.root, f"stores/storephase/{path}", answer=403)

    def test_moderators_do_not_see_it(self):
        mod = self.moderator()

        self.look(mod, "stores/storephase", answer=403)
        self.assertNotIn("storephase", mod.browser.get("/admin/").content.decode())

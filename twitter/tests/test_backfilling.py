"""
`manage.py backfill_store`, on a real HBase and a real MariaDB.
"""

import sys
import threading
import time
from contextlib import contextmanager

from django.conf import settings
from django.core.management import CommandError
from django.test import override_settings

from newsfeeds.hbase_models import Feed
from newsfeeds.models import NewsFeed
from stores.constants import FEEDS, FRIENDSHIPS, TABLES, Phase
from stores.services import PhaseService
from testing.stack_processes import Process, environment_of_test, free_port
from twitter.tests.table_migrations import World
from utils.hbase.pool import reset_pool


class BackFillTests(World):
    def test_what_was_made_in_mysql_is_read_from_hbase_just_the_same(self):
        before = self.pages()
        self.move_to(Phase.DUAL_WRITE)

        copied = [self.back_fill(table, "--batch=2") for table in TABLES]

        self.assertEqual(copied, [NewsFeed.objects.count(), 4])
        self.assert_agree()
        self.move_to(Phase.READ_HBASE)
        self.assertEqual(self.pages(), before)

    def test_what_comes_after_is_written_to_both(self):
        self.move_to(Phase.DUAL_WRITE)
        for table in TABLES:
            self.back_fill(table)

        self.alice.follows(self.bob)
        self.bob.unfollows(self.alice)
        self.alice.delete(f"tweets/{self.alice.tweets()}/")
        self.carol.tweets()
        self.everything_settles()

        self.assert_agree()

    def test_again_is_no_harm(self):
        self.move_to(Phase.DUAL_WRITE)

        for table in TABLES:
            self.assertEqual(self.back_fill(table), self.back_fill(table))

        self.assert_agree()

    def test_after_ctrl_c_it_goes_on_where_it_was(self):
        self.move_to(Phase.DUAL_WRITE)
        count = NewsFeed.objects.count()

        slow = self.start("backfill_store", FEEDS, "--batch=2", "--rows-per-second=2")
        self.until(lambda: Feed.count() >= 4, "the first rows are there")
        code = slow.interrupt()
        copied = Feed.count()
        rest = self.back_fill(FEEDS)

        self.assertEqual(code, 1)
        self.assertIn("the next run continues from there", slow.output)
        self.assertLess(copied, count)
        # What was copied last may not have been noted any more.
        self.assertIn(copied + rest, range(count, count + 3))
        self.assert_feeds_agree()

    def test_after_a_kill_it_goes_on_a_little_before_where_it_was(self):
        self.move_to(Phase.DUAL_WRITE)
        count = NewsFeed.objects.count()

        slow = self.start("backfill_store", FEEDS, "--batch=1", "--rows-per-second=2")
        self.until(lambda: PhaseService.get_backfill_cursor(table=FEEDS), "the place is noted")
        slow.kill()
        copied = Feed.count()
        rest = self.back_fill(FEEDS)

        self.assertLess(rest, count)
        self.assertGreaterEqual(copied + rest, count)
        self.assert_feeds_agree()

    def test_from_start_forgets_where_it_was(self):
        self.move_to(Phase.DUAL_WRITE)
        PhaseService.save_checkpoint(table=FEEDS, cursor=[self.carol.id, 0])

        self.assertEqual(self.back_fill(FEEDS, "--from-start"), NewsFeed.objects.count())
        self.assertEqual(self.back_fill(FRIENDSHIPS, "--from-start"), 4)

    def test_it_is_refused_where_one_store_alone_is_written_to(self):
        with self.assertRaisesRegex(CommandError, "feeds is at mysql. Its rows can be copied"):
            self.back_fill(FEEDS)
        self.move_to(Phase.DUAL_WRITE)
        self.back_fill(FEEDS)
        self.move_to(Phase.READ_HBASE, FEEDS)
        self.move_to(Phase.HBASE_ONLY, FEEDS)

        for command in ("backfill_store", "compare_store"):
            with self.assertRaisesRegex(CommandError, "feeds is at hbase_only"):
                self.run_command(command, FEEDS)

    def test_numbers_that_make_no_sense_are_refused(self):
        for argument in ("--batch=0", "--batch=many", "--rows-per-second=-5", "--patience=0"):
            with self.assertRaisesRegex(CommandError, "a number of at least 1"):
                self.back_fill(FEEDS, argument)

    def test_no_faster_than_it_may(self):
        self.move_to(Phase.DUAL_WRITE)
        started = time.monotonic()

        count = self.back_fill(FEEDS, "--batch=1", "--rows-per-second=20")

        self.assertGreaterEqual(time.monotonic() - started, count / 20)

    def start(self, *arguments):
        process = Process([sys.executable, "manage.py", *arguments], environment_of_test())
        self.addCleanup(process.kill)
        return process


class AbsenceTests(World):
    def setUp(self):
        super().setUp()
        self.move_to(Phase.DUAL_WRITE)

    @contextmanager
    def hbase_is_away(self):
        with override_settings(HBASE={**settings.HBASE, "PORT": free_port()}):
            reset_pool()
            yield
        reset_pool()

    def test_commands_wait_for_hbase_and_then_give_up_in_words(self):
        PhaseService.save_checkpoint(table=FEEDS, cursor=[self.alice.id, 0])

        with self.hbase_is_away():
            for command in ("backfill_store", "compare_store"):
                with self.assertRaisesRegex(CommandError, "no answer from HBase.*gave up after 1 s"):
                    self.run_command(command, FEEDS, "--patience=1")

        self.assertEqual(PhaseService.get_backfill_cursor(table=FEEDS), [self.alice.id, 0])

    def test_they_go_on_when_it_is_back(self):
        here, returned = settings.HBASE, threading.Event()

        def come_back():
            settings.HBASE = here
            reset_pool()
            returned.set()

        with self.hbase_is_away():
            threading.Timer(2, come_back).start()
            self.assertEqual(self.back_fill(FEEDS), NewsFeed.objects.count())

        self.assertTrue(returned.is_set())
        self.assert_feeds_agree()

    def test_a_table_that_is_missing_is_named_with_the_remedy(self):
        with (
            override_settings(HBASE={**settings.HBASE, "TABLE_PREFIX": "test_nothing_here_"}),
            self.assertRaisesRegex(CommandError, "no table 'test_nothing_here_feeds'.*create_hbase_tables"),
        ):
            self.back_fill(FEEDS)

"""
`manage.py backup` and `manage.py restore`, on SQLite and on MariaDB. The whole way with all processes is `make drill`.
"""

import tempfile
from io import StringIO
from pathlib import Path
from unittest.mock import patch

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from testing.stack_cluster import several_memcached
from testing.testcases import CommittedTestCase
from tweets.models import Tweet
from utils.errors import StoreUnavailable


class BackupTests(CommittedTestCase):
    def setUp(self):
        # A back-fill waits until every process knows the phase; there is no other.
        self.enterContext(self.settings(PHASE_SECONDS=0))
        if settings.MEMCACHED_URL:
            # That of other tests is not to be emptied.
            self.enterContext(several_memcached(1))
        self.file = Path(self.enterContext(tempfile.TemporaryDirectory())) / "dump"
        self.alice = self.person("alice")
        self.bob = self.person("bob")
        self.bob.follows(self.alice)
        self.kept = self.alice.tweets("This one is kept")
        self.everything_settles()

    def backup(self):
        call_command("backup", self.file, verbosity=0)

    def restore(self):
        call_command("restore", self.file, verbosity=0)

    def test_what_was_there_is_there_again_and_nothing_else(self):
        shown = self.bob.get("newsfeeds/").json()
        self.backup()
        self.alice.delete(f"tweets/{self.kept}/")
        self.alice.tweets("This one is lost")
        self.everything_settles()
        self.bob.get("newsfeeds/")

        self.restore()

        self.assertEqual(self.bob.get("newsfeeds/").json(), shown)
        self.assertEqual(self.alice.get(f"users/{self.alice.id}/").json()["tweets_count"], 1)

    def test_emptied_caches_are_filled_again(self):
        shown = self.bob.get("newsfeeds/").json()
        output = StringIO()

        call_command("empty_caches", stdout=output)

        self.assertEqual(output.getvalue(), "Redis and Memcached are empty.\n")
        self.assertEqual(self.bob.get("newsfeeds/").json(), shown)

    def test_a_cache_that_does_not_confirm_is_no_success(self):
        with (
            patch("twitter.management.commands.empty_caches.empty_caches", side_effect=StoreUnavailable("it is away")),
            self.assertRaisesMessage(CommandError, "it is away; run it again"),
        ):
            call_command("empty_caches")

    def test_only_its_owner_may_read_a_dump(self):
        self.backup()

        self.assertEqual(self.file.stat().st_mode & 0o777, 0o600)
        self.assertEqual(list(self.file.parent.iterdir()), [self.file])

    def test_a_dump_is_not_written_over_another_one(self):
        self.backup()

        with self.assertRaisesMessage(CommandError, "is there already"):
            self.backup()

    def test_nothing_is_dropped_for_a_dump_that_is_damaged(self):
        self.backup()
        whole = self.file.read_bytes()

        for damaged in (b"", whole[: len(whole) // 2]):
            self.file.write_bytes(damaged)
            with self.assertRaises(CommandError):
                self.restore()

        self.assertEqual(Tweet.objects.get().id, self.kept)

    def test_nor_for_one_that_is_not_there(self):
        with self.assertRaisesMessage(CommandError, "could not be read"):
            self.restore()

        self.assertEqual(Tweet.objects.get().id, self.kept)

    @pytest.mark.stack
    def test_nor_while_somebody_uses_the_database(self):
        self.backup()
        other = connection.copy()
        self.addCleanup(other.close)
        other.ensure_connection()

        with self.assertRaisesMessage(CommandError, "Stop all processes first"):
            self.restore()

        self.assertEqual(Tweet.objects.get().id, self.kept)

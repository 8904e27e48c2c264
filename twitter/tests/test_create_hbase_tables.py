"""
`manage.py create_hbase_tables`.
"""

import os

from django.conf import settings
from django.test import override_settings

from testing.fixtures import HBASE_TABLES
from twitter.tests.table_migrations import TableMigrationTestCase


class TablesTests(TableMigrationTestCase):
    def test_tables_are_made_once(self):
        prefix = f"test_{os.getpid()}_made_"
        names = [f"{prefix}{name}" for name in ("feeds", "followings", "followers", "following_pairs")]

        with override_settings(HBASE={**settings.HBASE, "TABLE_PREFIX": prefix}):
            first, second = self.run_command("create_hbase_tables"), self.run_command("create_hbase_tables")
            for table in HBASE_TABLES:
                table.drop_table()

        self.assertEqual(first.splitlines(), [f"{name}: made" for name in names])
        self.assertEqual(second.splitlines(), [f"{name}: is there" for name in names])

    def test_without_hbase_there_is_nothing_to_make(self):
        with override_settings(HBASE={**settings.HBASE, "HOST": ""}):
            self.assertEqual(self.run_command("create_hbase_tables"), "HBASE_URL is not set: nothing to do.\n")

    def test_the_arguments_for_tables_that_are_born_split(self):
        lines = [line.split() for line in self.run_command("create_hbase_tables", "--arguments").splitlines()]

        self.assertEqual([line[:2] for line in lines], [[table.table(), "f"] for table in HBASE_TABLES])
        self.assertEqual({len(line) for line in lines}, {2 + 15})

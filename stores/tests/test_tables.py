"""
The tables of phases under a rolling deployment: the release before goes on using them as they are.
"""

from io import StringIO

from django.core.management import call_command
from django.db import connection

from testing.testcases import CommittedTestCase


class TablesTests(CommittedTestCase):
    def test_the_migrations_that_bring_them_to_this_app_run_no_sql(self):
        for app, name in (("gatekeeper", "0004"), ("stores", "0001")):
            statements = StringIO()
            call_command("sqlmigrate", app, name, stdout=statements)

            lines = [line for line in statements.getvalue().splitlines() if line and not line.startswith("--")]
            self.assertEqual([line for line in lines if line not in ("BEGIN;", "COMMIT;")], [], f"{app} {name}")

    def test_processes_of_the_release_before_still_find_all_three(self):
        tables = connection.introspection.table_names()

        for table in ("storephase", "storephasechange", "phaseacknowledgement"):
            self.assertIn(f"gatekeeper_{table}", tables)

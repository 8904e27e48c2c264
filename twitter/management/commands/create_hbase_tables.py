"""
Creates the tables of HBase, as `migrate` creates those of the database.
"""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from twitter.management.table_migrations import MIGRATIONS
from utils.hbase.exceptions import HBaseError, HBaseUnavailable

TABLES = [replica.model for migration in MIGRATIONS.values() for replica in migration.replicas]


class Command(BaseCommand):
    help = "Creates the tables of HBase that do not exist yet; does nothing without HBASE_URL."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--arguments",
            action="store_true",
            help="create nothing; print arguments for `deploy/hbase/hbase.sh create-table`, which creates split tables",
        )

    def handle(self, *, arguments: bool, verbosity: int, **options: Any) -> None:
        if arguments:
            for table in TABLES:
                self.stdout.write(" ".join(table.create_table_arguments()))
        elif settings.HBASE["HOST"]:
            self.create(verbosity)
        elif verbosity:
            self.stdout.write("HBASE_URL is not set: nothing to do.")

    def create(self, verbosity: int) -> None:
        try:
            for table in TABLES:
                made = table.create_table(outside_tests=True)
                if verbosity:
                    self.stdout.write(f"{table.table()}: {'made' if made else 'is there'}")
        except (HBaseUnavailable, HBaseError) as error:
            raise CommandError(str(error)) from error

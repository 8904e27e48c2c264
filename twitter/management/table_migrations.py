"""
The tables that can be migrated, and the base class of the commands that copy and compare their rows.
"""

from argparse import ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError

from friendships.backfill import FriendshipsMigration
from newsfeeds.backfill import FeedsMigration
from stores.backfill import TableMigration
from stores.dual_write import DualWritePeriod, wait_until_both
from stores.pacing import RetryPolicy
from utils.errors import ServiceError
from utils.hbase.exceptions import HBaseUnavailable, TableMissing
from utils.hbase.pool import timeout

MIGRATIONS: dict[str, TableMigration] = {
    migration.table: migration for migration in (FeedsMigration(), FriendshipsMigration())
}
# For each call of HBase. A command can wait longer than a request.
TIMEOUT_MS = 5_000


class TableMigrationCommand(BaseCommand):
    """
    A command for one table, while it is written to both stores. A subclass implements `work`.

    `when_stopped`   a sentence about what happens to a run that is interrupted.
    """

    when_stopped: str

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("table", choices=MIGRATIONS)
        parser.add_argument(
            "--patience", type=positive, default=300, metavar="S", help="how long to wait while HBase is away (300 s)"
        )

    def handle(self, *, table: str, patience: int, **options: Any) -> None:
        try:
            period = wait_until_both(table)
            with timeout(TIMEOUT_MS):
                self.work(MIGRATIONS[table], period, RetryPolicy(patience, self.stderr.write), **options)
        except HBaseUnavailable as error:
            raise CommandError(f"{error}; gave up after {patience} s. {self.when_stopped}") from error
        except TableMissing as error:
            raise CommandError(f"{error}: manage.py create_hbase_tables") from error
        except OperationalError as error:
            raise CommandError(f"The database did not answer: {error}. {self.when_stopped}") from error
        except ServiceError as error:
            raise CommandError(error.message) from error
        except KeyboardInterrupt as error:
            raise CommandError(f"Stopped. {self.when_stopped}") from error

    def work(self, migration: TableMigration, period: DualWritePeriod, retry: RetryPolicy, **options: Any) -> None:
        raise NotImplementedError


def positive(text: str) -> int:
    """
    Return an argument as a number of at least 1.
    """
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"a number of at least 1, not {text!r}")
    return int(text)

"""
Compares the rows of a table in HBase with those in MySQL.
"""

from collections import Counter
from typing import Any

from django.core.management.base import CommandError, CommandParser
from tqdm import tqdm

from stores.backfill import TableMigration
from stores.comparison import DIFFERENT, EXTRA, MISSING, Comparison, Replica, record_comparison
from stores.dual_write import DualWritePeriod
from stores.pacing import RetryPolicy
from twitter.management.table_migrations import TableMigrationCommand


class Command(TableMigrationCommand):
    help = (
        "Counts the rows in HBase that are missing, extra or different from MySQL, and repairs them if asked to. "
        "Safe under traffic. Exit code 1 while something differs."
    )
    when_stopped = "Nothing of this run is recorded; run it again."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--repair", action="store_true", help="put and delete in HBase until both agree")

    def work(
        self,
        migration: TableMigration,
        period: DualWritePeriod,
        retry: RetryPolicy,
        *,
        repair: bool = False,
        **options: Any,
    ) -> None:
        left = [self.compare(replica, retry, repair) for replica in migration.replicas]
        record_comparison(period, left)
        if any(left):
            raise CommandError(self.advice(migration.table, repair))

    def compare(self, replica: Replica, retry: RetryPolicy, repair: bool) -> Counter[str]:
        """
        Report on one table of HBase; return a Counter of the differences that remain.
        """
        name = replica.model.table()
        with tqdm(total=2 * replica.count(), desc=name, unit=" rows") as bar:
            comparison = Comparison(replica, retry=retry, repair=repair, advance=bar.update)
            comparison.run()
        found = ", ".join(f"{comparison.found[kind]} {kind}" for kind in (MISSING, EXTRA, DIFFERENT))
        repaired = f"; {comparison.found.total() - comparison.left.total()} of them repaired" if repair else ""
        self.stdout.write(f"{name}: {found}{repaired}")
        return comparison.left

    def advice(self, table: str, repair: bool) -> str:
        if repair:
            return "Some rows still differ: HBase has later versions of them. Run it again in a moment."
        return f"The stores differ: manage.py compare_store {table} --repair"

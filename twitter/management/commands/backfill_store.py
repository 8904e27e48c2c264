"""
Copies the rows of a table from MySQL to HBase.
"""

from typing import Any

from django.core.management.base import CommandParser
from tqdm import tqdm

from stores.backfill import TableMigration, back_fill
from stores.dual_write import DualWritePeriod
from stores.pacing import RetryPolicy, Throttle
from stores.services import PhaseService
from twitter.management.table_migrations import TableMigrationCommand, positive


class Command(TableMigrationCommand):
    help = (
        "Copies the rows of a table from MySQL to HBase, while both are written to. Continues after an interruption; "
        "safe under traffic, and safe to repeat."
    )
    when_stopped = "The progress is saved: the next run continues from there."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--rows-per-second", type=positive, metavar="N", help="no faster than this")
        parser.add_argument(
            "--batch", type=positive, default=1000, metavar="N", help="rows read and written at once (1000)"
        )
        parser.add_argument("--from-start", action="store_true", help="forget where an earlier run was interrupted")

    def work(
        self,
        migration: TableMigration,
        period: DualWritePeriod,
        retry: RetryPolicy,
        *,
        rows_per_second: int | None = None,
        batch: int = 1000,
        from_start: bool = False,
        **options: Any,
    ) -> None:
        if from_start:
            PhaseService.save_checkpoint(table=migration.table, cursor=None)
        left = migration.count_after(PhaseService.get_backfill_cursor(table=migration.table))
        with tqdm(total=left, desc=migration.table, unit=" rows") as bar:
            throttle = Throttle(rows_per_second)
            for count in back_fill(migration, period, size=batch, retry=retry, throttle=throttle):
                bar.update(count)
        self.stdout.write(
            f"{migration.table}: {bar.n} rows were copied to HBase. Next: manage.py compare_store {migration.table}"
        )

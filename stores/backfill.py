"""
How the rows of a table are copied from MySQL to HBase while both get every write.

What the rows are is known to newsfeeds/backfill.py and friendships/backfill.py.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from django.db import DatabaseError

from stores.comparison import Replica
from stores.dual_write import DualWritePeriod
from stores.pacing import RetryPolicy, Throttle
from stores.services import PhaseService
from utils.database.transactions import retried_transaction
from utils.errors import ServiceError

# Chunks of another run lock the phase's row, and saving the checkpoint waits for them: not after each chunk.
CHECKPOINT_SECONDS = 2

# The key of the last copied row, as JSON: one column or several. None is the beginning.
Cursor = Any


class TableMigration:
    """
    A table that is being moved: its rows in MySQL, and the HBase tables that are replicas of them.
    """

    table: str
    replicas: Sequence[Replica]

    def count_after(self, cursor: Cursor) -> int:
        """
        Return how many rows the back-fill still has to copy, for a progress bar.
        """
        raise NotImplementedError

    def copy_chunk(self, cursor: Cursor, size: int) -> tuple[int, Cursor]:
        """
        Copy up to `size` rows after `cursor` and return (their number, the cursor after them). Repeats safely.

        Reads them with locks, and so waits for every transaction that is still writing one of them.

        :raises NotInBothStores: the phase has changed meanwhile.
        """
        raise NotImplementedError


class Checkpoint:
    """
    How far a back-fill has come, stored so that the next run goes on from there.
    """

    def __init__(self, period: DualWritePeriod) -> None:
        self.cursor: Cursor = PhaseService.get_backfill_cursor(table=period.table)
        self._period = period
        self._saved_at = time.monotonic()

    def save_if_due(self, cursor: Cursor) -> None:
        if time.monotonic() - self._saved_at > CHECKPOINT_SECONDS:
            self.save(cursor)

    @retried_transaction
    def save(self, cursor: Cursor) -> None:
        self._period.check()
        PhaseService.save_checkpoint(table=self._period.table, cursor=cursor)
        self._saved_at = time.monotonic()

    @retried_transaction
    def finish(self) -> None:
        self._period.check()
        PhaseService.finish_backfill(table=self._period.table)


def back_fill(
    migration: TableMigration, period: DualWritePeriod, *, size: int, retry: RetryPolicy, throttle: Throttle
) -> Iterator[int]:
    """
    Copy every row of a table from MySQL to HBase, and yield how many each chunk had.

    Begins where the last run was interrupted, or from the start if that one finished. Safe to
    run twice, beside another run, and under traffic: see `copy_chunk` of each table.

    :raises NotInBothStores: the table is not, or has not always been, written to both stores during the run.
    :raises HBaseUnavailable: for longer than the retry policy allows; the checkpoint is saved.
    """
    checkpoint = Checkpoint(period)
    cursor, count = checkpoint.cursor, size
    try:
        while count == size:
            count, cursor = retry.run(migration.copy_chunk, cursor, size)
            checkpoint.save_if_due(cursor)
            yield count
            throttle.wait(count)
    except BaseException:
        # Whatever ends the run, Ctrl-C too, the next one goes on close to here, unless the phase has changed.
        with suppress(ServiceError, DatabaseError):
            checkpoint.save(cursor)
        raise
    checkpoint.finish()

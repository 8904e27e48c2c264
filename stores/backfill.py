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

# Where a back-fill has come, as JSON: a key of one column or several. None is the beginning.
Cursor = Any


class TableMigration:
    """
    A table on its way: which rows it has in MySQL, and which tables of HBase are replicas of them.
    """

    table: str
    replicas: Sequence[Replica]

    def count_after(self, cursor: Cursor) -> int:
        """
        Return how many rows the back-fill still has before it, for a progress bar.
        """
        raise NotImplementedError

    def copy_chunk(self, cursor: Cursor, size: int) -> tuple[int, Cursor]:
        """
        Copy up to `size` rows after `cursor` and return (their number, the cursor after them). Repeats safely.

        Reads them with locks, so that whoever is still writing one of them is waited for.

        :raises NotInBothStores: the phase has changed meanwhile.
        """
        raise NotImplementedError


class Checkpoint:
    """
    Up to where a back-fill has come, kept where the next run finds it.
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

    :raises NotInBothStores: the phase is or was another one meanwhile.
    :raises HBaseUnavailable: for longer than the retry policy allows; the checkpoint is kept.
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
        # Whatever ends it, Ctrl-C too: the next run need not begin far back. Unless the phase has changed.
        with suppress(ServiceError, DatabaseError):
            checkpoint.save(cursor)
        raise
    checkpoint.finish()

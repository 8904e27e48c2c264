"""
Compares an HBase table with the rows that should be in it and repairs it, while both are in use.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice
from typing import Any, NamedTuple

from stores.dual_write import DualWritePeriod
from stores.pacing import RetryPolicy
from stores.services import PhaseService
from utils.database.transactions import retried_transaction
from utils.hbase import wire
from utils.hbase.models import HBaseModel, chunks

# The values of a row key, in the order of its fields.
Key = tuple[int, ...]

MISSING, EXTRA, DIFFERENT = "missing", "extra", "different"

# A write reaches HBase after its commit, so rows that differ are compared again after each of these pauses (seconds).
PAUSES = (0, 0.5, 2)
# How many suspects wait together for that, so that a table with many differences does not pause for each chunk.
SUSPECTS = 10_000
# Keys that are repaired under one set of locks.
REPAIR_SIZE = 100


class Decision(NamedTuple):
    """
    What should be in HBase: the rows by their keys, the version for writing them, and the
    version for deleting the other keys.
    """

    rows: dict[Key, HBaseModel]
    version: int
    delete_version: int


class Replica:
    """
    An HBase table as the replica of rows that are stored elsewhere; a subclass knows where.

    A row is an instance of `model` as it should be in HBase; a key is its `key`.
    """

    model: type[HBaseModel]

    def count(self) -> int:
        """
        Return how many rows HBase should have, for a progress bar.
        """
        raise NotImplementedError

    def get_chunk(self, after: Any, size: int) -> tuple[Sequence[HBaseModel], Any]:
        """
        Return (rows, the position of the last one) for up to `size` rows after the position
        `after`; None is the beginning.
        """
        raise NotImplementedError

    def get_expected(self, keys: Sequence[Key]) -> dict[Key, HBaseModel]:
        """
        Return {key: row} of those of `keys` that HBase should have, with the values that it should have.
        """
        raise NotImplementedError

    def get_leaving(self, keys: Sequence[Key]) -> set[Key]:
        """
        Return those of `keys` whose rows are about to be removed elsewhere as well: HBase may lack them already.
        """
        return set()

    def decide(self, keys: Sequence[Key]) -> Decision:
        """
        Return the `Decision` about `keys`. Its versions are such that it cannot undo a concurrent write.
        """
        raise NotImplementedError

    def repair(self, keys: Sequence[Key]) -> None:
        """
        Put and delete in HBase until `keys` are as they should be. Repeats safely.
        """
        decision = self.decide(keys)
        self.model.batch_create(list(decision.rows.values()), version=decision.version)
        self.model.batch_delete([key for key in keys if key not in decision.rows], version=decision.delete_version)


class Comparison:
    """
    Counts how a table differs from the rows that should be in it, and repairs it if `repair` is set.

    It reads everything twice, by the order of the rows and by the order of the table, because these orders differ.

    :param advance: called with a number of rows after each chunk, twice `replica.count()` in all.
    """

    def __init__(self, replica: Replica, *, retry: RetryPolicy, repair: bool, advance: Callable[[int], object]) -> None:
        # How many rows were different, by kind, and how many of them still are after the repair.
        self.found: Counter[str] = Counter()
        self.left: Counter[str] = Counter()
        self._replica = replica
        self._retry = retry
        self._repair = repair
        self._advance = advance

    def run(self) -> None:
        """
        :raises HBaseUnavailable: for longer than the retry policy allows.
        """
        suspects: list[Key] = []
        for keys in chain(self._walk_expected(), self._walk_table()):
            suspects += keys
            if len(suspects) >= SUSPECTS:
                self._judge(suspects)
                suspects = []
        self._judge(suspects)

    def _walk_expected(self) -> Iterator[list[Key]]:
        after = None
        while True:
            rows, after = self._replica.get_chunk(after, wire.PAGE_SIZE)
            found = self._retry.run(self._replica.model.get_many, [row.key for row in rows])
            yield [row.key for row in rows if found.get(row.key) != row]
            self._advance(len(rows))
            if len(rows) < wire.PAGE_SIZE:
                return

    def _walk_table(self) -> Iterator[list[Key]]:
        """
        Yield only rows that should not exist: the first walk finds every other difference.
        """
        after = None
        while True:
            rows = self._retry.run(self._get_page, after)
            expected = self._replica.get_expected([row.key for row in rows])
            yield [row.key for row in rows if row.key not in expected]
            self._advance(len(rows))
            if len(rows) < wire.PAGE_SIZE:
                return
            after = rows[-1].key

    def _get_page(self, after: Key | None) -> list[HBaseModel]:
        return list(islice(self._replica.model.scan(after=after), wire.PAGE_SIZE))

    def _judge(self, suspects: Sequence[Key]) -> None:
        """
        Count the suspects that still differ after the pauses, and repair them if `repair` is set.
        """
        found = self._look_again(suspects)
        left = self._repair_all(list(found)) if self._repair else found
        self.found.update(found.values())
        self.left.update(left.values())

    def _repair_all(self, keys: Sequence[Key]) -> dict[Key, str]:
        for begin in range(0, len(keys), REPAIR_SIZE):
            self._retry.run(self._replica.repair, keys[begin : begin + REPAIR_SIZE])
        return self._look_again(keys)

    def _look_again(self, keys: Sequence[Key]) -> dict[Key, str]:
        """
        Return {key: kind} of those of `keys` that differ at each look.
        """
        found = dict.fromkeys(keys, MISSING)
        for pause in PAUSES:
            if not found:
                break
            time.sleep(pause)
            looks = (self._retry.run(self._find_differences, chunk) for chunk in chunks(list(found)))
            found = {key: kind for look in looks for key, kind in look.items()}
        return found

    def _find_differences(self, keys: Sequence[Key]) -> dict[Key, str]:
        expected = self._replica.get_expected(keys)
        found = self._replica.model.get_many(keys)
        leaving = self._replica.get_leaving([key for key in expected if key not in found])
        differing = [key for key in keys if expected.get(key) != found.get(key) and key not in leaving]
        return {key: EXTRA if key not in expected else MISSING if key not in found else DIFFERENT for key in differing}


@retried_transaction
def record_comparison(period: DualWritePeriod, left: Sequence[Counter[str]]) -> None:
    """
    Record how many rows still differ in all replicas of a table.

    :param left: a Counter of each replica.
    :raises NotInBothStores: the table has been at `mysql` since the comparison began.
    """
    period.check()
    counts = sum(left, Counter[str]())
    PhaseService.record_comparison(
        table=period.table, missing=counts[MISSING], extra=counts[EXTRA], different=counts[DIFFERENT]
    )

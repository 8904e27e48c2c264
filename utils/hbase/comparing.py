"""
Holding an HBase table against the rows that should be in it, and making the two agree, while both are in use.
"""

import time
from collections import Counter
from itertools import chain, islice
from typing import NamedTuple

from utils.hbase import wire
from utils.hbase.models import chunks

MISSING, EXTRA, DIFFERENT = "missing", "extra", "different"

# A write reaches HBase after the commit, so what differs is looked at again after each of these pauses (seconds).
PAUSES = (0, 0.5, 2)
# How many suspects wait together for that, so that a table full of differences does not pause for each chunk.
SUSPECTS = 10_000
# Keys that are repaired under one set of locks.
REPAIR_SIZE = 100


class Decision(NamedTuple):
    """
    What should be in HBase: the rows by their keys, the version to put them with, and the one to delete the rest with.
    """

    rows: dict
    version: int
    delete_version: int


class Copy:
    """
    An HBase table as the copy of rows that live elsewhere: its subclasses know where.

    A row is an instance of `model` as it should be in HBase; a key is its `key`.
    """

    model = None

    def count(self):
        """
        Return how many rows there should be, for a progress bar.
        """
        raise NotImplementedError

    def get_chunk(self, after, size):
        """
        Return (rows, where they end) for up to `size` rows behind `after`, which is None at the beginning.
        """
        raise NotImplementedError

    def get_expected(self, keys):
        """
        Return {key: row} of those of `keys` that there should be, as they should be.
        """
        raise NotImplementedError

    def get_leaving(self, keys):
        """
        Return the set of those of `keys` whose rows are about to go elsewhere as well: HBase may lack them already.
        """
        return set()

    def decide(self, keys):
        """
        Return the `Decision` about `keys`: such that no write to them that is under way can be undone by it.
        """
        raise NotImplementedError

    def repair(self, keys):
        """
        Put and delete in HBase until `keys` are as they should be. Repeats safely.
        """
        decision = self.decide(keys)
        self.model.batch_create(list(decision.rows.values()), version=decision.version)
        self.model.batch_delete([key for key in keys if key not in decision.rows], version=decision.delete_version)


class Comparison:
    """
    Counts how a table differs from the rows that should be in it, and repairs it if that is wanted.

    It walks twice, through those rows and through the table: the two stores keep them in different orders.

    :param advance: called with a number of rows after each chunk, twice `copy.count()` in all.
    """

    def __init__(self, copy, *, patience, repair, advance):
        # How many rows there were of each kind, and how many of them a repair has left.
        self.found, self.left = Counter(), Counter()
        self._copy = copy
        self._patience = patience
        self._repair = repair
        self._advance = advance

    def run(self):
        """
        :raises HBaseUnavailable: for longer than the patience.
        """
        suspects = []
        for keys in chain(self._walk_expected(), self._walk_table()):
            suspects += keys
            if len(suspects) >= SUSPECTS:
                self._judge(suspects)
                suspects = []
        self._judge(suspects)

    def _walk_expected(self):
        after = None
        while True:
            rows, after = self._copy.get_chunk(after, wire.PAGE_SIZE)
            found = self._patience.run(self._copy.model.get_many, [row.key for row in rows])
            yield [row.key for row in rows if found.get(row.key) != row]
            self._advance(len(rows))
            if len(rows) < wire.PAGE_SIZE:
                return

    def _walk_table(self):
        """
        Yield only what should not be there at all: of what differs otherwise the first walk has told.
        """
        after = None
        while True:
            rows = self._patience.run(self._get_page, after)
            expected = self._copy.get_expected([row.key for row in rows])
            yield [row.key for row in rows if row.key not in expected]
            self._advance(len(rows))
            if len(rows) < wire.PAGE_SIZE:
                return
            after = rows[-1].key

    def _get_page(self, after):
        return list(islice(self._copy.model.scan(after=after), wire.PAGE_SIZE))

    def _judge(self, suspects):
        """
        Count those of the suspects that still differ after a while, and repair them if that is wanted.
        """
        found = self._look_again(suspects)
        left = self._repair_all(list(found)) if self._repair else found
        self.found.update(found.values())
        self.left.update(left.values())

    def _repair_all(self, keys):
        for begin in range(0, len(keys), REPAIR_SIZE):
            self._patience.run(self._copy.repair, keys[begin : begin + REPAIR_SIZE])
        return self._look_again(keys)

    def _look_again(self, keys):
        """
        Return {key: kind} of those of `keys` that differ each time that one looks.
        """
        found = dict.fromkeys(keys)
        for pause in PAUSES:
            if not found:
                break
            time.sleep(pause)
            looks = (self._patience.run(self._find_differences, chunk) for chunk in chunks(list(found)))
            found = {key: kind for look in looks for key, kind in look.items()}
        return found

    def _find_differences(self, keys):
        expected = self._copy.get_expected(keys)
        found = self._copy.model.get_many(keys)
        leaving = self._copy.get_leaving([key for key in expected if key not in found])
        differing = [key for key in keys if expected.get(key) != found.get(key) and key not in leaving]
        return {key: EXTRA if key not in expected else MISSING if key not in found else DIFFERENT for key in differing}

"""
How a table's rows are brought from MySQL to HBase and held against each other, as far as phases go.

What the rows are is known to newsfeeds/moving.py and friendships/moving.py.
"""

import time
from collections import Counter
from contextlib import suppress

from django.db import DatabaseError, transaction

from gatekeeper.constants import LIVING_SECONDS, Phase
from gatekeeper.models import StorePhaseChange
from gatekeeper.services import PhaseService
from utils.errors import Conflict, ServiceError
from utils.hbase.comparing import DIFFERENT, EXTRA, MISSING
from utils.transactions import retried_transaction

BOTH_STORES = (Phase.DUAL_WRITE, Phase.READ_HBASE)
# Writers hold the phase's row, and noting the cursor waits for all of them; so it is not done for each chunk.
NOTE_SECONDS = 2
ASK_AGAIN_SECONDS = 0.5


class NotInBothStores(Conflict):
    code = "not_in_both_stores"


class NotKnownToAll(Conflict):
    code = "not_known_to_all"


class Move:
    """
    A table on its way: which rows it has in MySQL, and which tables of HBase are copies of them.
    """

    # Its name in the gatekeeper, and its `utils.hbase.comparing.Copy`s.
    table = None
    copies = ()

    def count_behind(self, cursor):
        """
        Return how many rows the back-fill still has before it, for a progress bar.

        :param cursor: where it has come, as JSON keeps it; None is the beginning.
        """
        raise NotImplementedError

    def copy_chunk(self, cursor, size):
        """
        Copy up to `size` rows behind `cursor` and return (their number, the cursor behind them). Repeats safely.

        :raises NotInBothStores: the phase has changed meanwhile.
        """
        raise NotImplementedError


def hold_both(table):
    """
    Hold the phase of a table until the transaction ends, which must be one in which both stores get every write.

    In `mysql` what is copied would be outdated at once, and in `hbase_only` MySQL is no longer the truth.

    :raises NotInBothStores: it is another phase.
    """
    phase = PhaseService.hold(table)
    if phase not in BOTH_STORES:
        raise NotInBothStores(
            f"{table} is at {phase}. Its rows can be copied and compared while both stores get every write: "
            f"in {' and '.join(BOTH_STORES)}."
        )


class Stay:
    """
    A time during which a table is written to both stores without a break. What is known of its rows is for this time.
    """

    def __init__(self, table, generation):
        self.table = table
        self._generation = generation

    def check(self):
        """
        :raises NotInBothStores: the table was back at `mysql` meanwhile.
        """
        changes = StorePhaseChange.objects.filter(store_phase_id=self.table, generation__gt=self._generation)
        if changes.filter(phase=Phase.MYSQL).exists():
            raise NotInBothStores(f"{self.table} was back at {Phase.MYSQL} meanwhile; begin again.")


def wait_until_both(table):
    """
    Wait until every process knows that the table is written to both stores, and return this `Stay`.

    One that still went by `mysql` would change a friendship in MySQL alone, behind the back of what is copied here.

    :raises NotInBothStores: it is not.
    :raises NotKnownToAll: a process has not acknowledged it for longer than a dead one counts as living.
    """
    with transaction.atomic():
        hold_both(table)
    deadline = time.monotonic() + 2 * LIVING_SECONDS
    while True:
        # This process is one of them.
        PhaseService.load(table)
        status = PhaseService.get_status(table)
        if status.is_known:
            return Stay(table, status.row.generation)
        if time.monotonic() > deadline:
            laggards = ", ".join(status.laggards)
            raise NotKnownToAll(f"These processes do not know yet that {table} is written to both stores: {laggards}.")
        time.sleep(ASK_AGAIN_SECONDS)


def back_fill(move, stay, *, size, patience, throttle):
    """
    Copy every row of a table from MySQL to HBase, and yield how many each chunk had.

    Begins where the last run was interrupted, or from the start if that one finished. Safe to
    run twice, beside another run, and under traffic: see `copy_chunk` of each table.

    :raises NotInBothStores: the phase is or was another one meanwhile.
    :raises HBaseUnavailable: for longer than the patience; the cursor is kept.
    """
    notes = Notes(stay)
    cursor, count = notes.cursor, size
    try:
        while count == size:
            count, cursor = patience.run(move.copy_chunk, cursor, size)
            notes.keep_now_and_then(cursor)
            yield count
            throttle.wait(count)
    except BaseException:
        # Whatever ends it, Ctrl-C too: the next run need not begin far behind. Unless the phase has changed.
        with suppress(ServiceError, DatabaseError):
            notes.keep(cursor)
        raise
    notes.keep(cursor, finished=True)


class Notes:
    """
    What the gatekeeper keeps of a back-fill that is under way.
    """

    def __init__(self, stay):
        self.cursor = PhaseService.get_backfill_cursor(stay.table)
        self._stay = stay
        self._kept_at = time.monotonic()

    def keep_now_and_then(self, cursor):
        if time.monotonic() - self._kept_at > NOTE_SECONDS:
            self.keep(cursor)

    @retried_transaction
    def keep(self, cursor, *, finished=False):
        self._stay.check()
        PhaseService.note_backfill(self._stay.table, cursor, finished=finished)
        self._kept_at = time.monotonic()


@retried_transaction
def note_comparison(stay, left):
    """
    Note what still differs in the tables of HBase together.

    :param left: a Counter of each.
    :raises NotInBothStores: the table was back at `mysql` meanwhile.
    """
    stay.check()
    counts = sum(left, Counter())
    PhaseService.note_comparison(stay.table, counts[MISSING], counts[EXTRA], counts[DIFFERENT])

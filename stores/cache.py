"""
The phases as this process remembers them, and for how long it may rely on that.
"""

import time
from typing import NamedTuple

from django.conf import settings

from stores.constants import TABLES, Phase
from stores.models import StorePhase

# A clock that also runs while the machine is suspended, if the system has one.
CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class PhaseRecord(NamedTuple):
    """
    The phase of one table.
    """

    phase: Phase
    percentage: int
    generation: int


class PhaseLease(NamedTuple):
    """
    The phases of all tables, good for PHASE_SECONDS from the moment they were read.

    Every process knows a change PHASE_SECONDS after its commit, because by then a lease that was read before the
    change has ended.
    """

    read_at: float
    records: dict[str, PhaseRecord]

    def has_ended(self) -> bool:
        return time.clock_gettime(CLOCK) - self.read_at >= settings.PHASE_SECONDS


class PhaseMemory:
    """
    The lease of this process. Several threads that find it expired at the same time may each read the phases.
    """

    def __init__(self) -> None:
        self._lease: PhaseLease | None = None

    def load(self) -> PhaseLease:
        lease = self._lease
        if lease is None or lease.has_ended():
            # Read the clock before the query: its result may be outdated right after it was read.
            lease = PhaseLease(time.clock_gettime(CLOCK), get_phases())
            self._lease = lease
        return lease

    def forget(self) -> None:
        self._lease = None


def get_phases() -> dict[str, PhaseRecord]:
    """
    Return {table: PhaseRecord} of all tables, those without a row in their initial phase. One query.
    """
    rows = {row.table: row for row in StorePhase.objects.all()}
    return {table: to_record(rows.get(table) or StorePhase.initial(table=table)) for table in TABLES}


def to_record(row: StorePhase) -> PhaseRecord:
    return PhaseRecord(Phase(row.phase), row.read_percentage, row.generation)


ALL_IN_MYSQL = PhaseLease(float("inf"), {table: PhaseRecord(Phase.MYSQL, 0, 0) for table in TABLES})
_memory = PhaseMemory()


def load_phases() -> PhaseLease:
    """
    Return a lease that has not ended; one query at most, and none while the last lease lasts.

    Without HBASE_URL all tables stay in MySQL, and there is no query.
    """
    return _memory.load() if settings.HBASE["HOST"] else ALL_IN_MYSQL


def forget_phases() -> None:
    """
    Let this process read the phases again before it next needs one.
    """
    _memory.forget()

"""
Which change of phase is allowed, and why another one is refused.
"""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from stores.constants import LAST_PHASES, Phase
from stores.models import StorePhase
from utils.errors import Conflict, Refused


class HBaseNotConfigured(Conflict):
    code = "hbase_not_configured"
    message = "HBASE_URL is not set, so everything is in MySQL and stays there."


class BadPercentage(Refused):
    code = "bad_percentage"
    message = "The percentage is a number from 0 to 100."


class NotTheNextPhase(Conflict):
    code = "not_the_next_phase"


class PhaseIsFinal(Conflict):
    code = "phase_is_final"


class NotBackfilled(Conflict):
    code = "not_backfilled"


class NotCompared(Conflict):
    code = "not_compared"


class NotReadByEverybody(Conflict):
    code = "not_read_by_everybody"


class ChangedJustNow(Conflict):
    code = "changed_just_now"


def check_step(row: StorePhase, phase: Phase, percentage: int, *, force: bool) -> None:
    """
    Check that a table may take this step now, according to its row.

    :param force: let a table be read from HBase that was never back-filled or compared.
    """
    if not settings.HBASE["HOST"]:
        raise HBaseNotConfigured
    if not 0 <= percentage <= 100:
        raise BadPercentage(field="percentage")
    check_order(row, phase)
    if phase is Phase.READ_HBASE and row.phase != phase and not force:
        check_hbase_has_all(row)
    if phase is Phase.HBASE_ONLY and row.read_percentage < 100:
        raise NotReadByEverybody(f"HBase answers only {row.read_percentage} % of the users who ask for {row.table}.")
    if not is_harmless(row, phase):
        check_everybody_knows(row)


def check_hbase_has_all(row: StorePhase) -> None:
    """
    Refuse the step as long as HBase may lack rows, or may have rows that were removed while only MySQL was written to.
    """
    if row.backfill_finished_at is None:
        raise NotBackfilled(f"{row.table} has not been back-filled since it is written to both.")
    if row.compared_at is None or row.compared_at < row.backfill_finished_at:
        raise NotCompared(f"{row.table} has not been compared since it was back-filled.")
    if differences := row.missing_count + row.extra_count + row.different_count:
        raise NotCompared(f"{row.table} had {differences} rows that differ when it was last compared.")


def check_order(row: StorePhase, phase: Phase) -> None:
    current = Phase(row.phase)
    if current is Phase.HBASE_ONLY:
        raise PhaseIsFinal(f"{row.table} is in HBase alone: MySQL lacks its newest rows, so there is no way back.")
    if phase.step > LAST_PHASES[row.table].step:
        raise PhaseIsFinal(
            f"MySQL stays the source of truth for {row.table}: {LAST_PHASES[row.table]} is its last phase."
        )
    if abs(phase.step - current.step) > 1:
        raise NotTheNextPhase(f"{row.table} is at {current}, and {phase} is more than one step away.")


def is_harmless(row: StorePhase, phase: Phase) -> bool:
    """
    Say whether a step only changes who reads from which store, while both stores get every write.

    Then it does not matter if a process does not know the last change, and the way back
    from an HBase with problems never has to wait.
    """
    return row.phase == Phase.READ_HBASE and phase.step <= Phase.READ_HBASE.step


def check_everybody_knows(row: StorePhase) -> None:
    """
    Refuse the step as long as some process may not know the last change.
    """
    if seconds := seconds_until_known(row):
        raise ChangedJustNow(f"{row.table} changed just now; wait {seconds:.1f} s for every process to know.")


def seconds_until_known(row: StorePhase) -> float:
    """
    Return for how many seconds some process may not know the last change; 0 once all know it.

    Twice the length of a lease, because the commit took some time and clocks differ.
    """
    if not row.generation:
        return 0
    known_at = row.changed_at + timedelta(seconds=2 * settings.PHASE_SECONDS)
    return max(0.0, (known_at - timezone.now()).total_seconds())

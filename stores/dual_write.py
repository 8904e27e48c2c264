"""
The period during which a table is written to both stores. Only then can its rows be copied and compared.
"""

import time
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction

from stores.cache import PhaseRecord
from stores.constants import Phase
from stores.models import StorePhaseChange
from stores.services import PhaseService
from utils.errors import Conflict

BOTH_STORES = (Phase.DUAL_WRITE, Phase.READ_HBASE)


class NotInBothStores(Conflict):
    code = "not_in_both_stores"


@dataclass(frozen=True, slots=True)
class DualWritePeriod:
    """
    A period during which every process writes a table to both stores. Checkpoints and comparisons belong to one period.
    """

    table: str
    generation: int

    def check(self) -> None:
        """
        :raises NotInBothStores: the table has been at `mysql` since the period began.
        """
        changes = StorePhaseChange.objects.filter(store_phase_id=self.table, generation__gt=self.generation)
        if changes.filter(phase=Phase.MYSQL).exists():
            raise NotInBothStores(f"{self.table} was back at {Phase.MYSQL} meanwhile; begin again.")


def lock_both(table: str) -> PhaseRecord:
    """
    Lock the phase of a table until the transaction ends. It must be a phase in which both stores get every write.

    In `mysql` a copied row would be outdated at once, and in `hbase_only` MySQL no longer has the newest rows.

    :raises NotInBothStores: it is in a different phase.
    """
    record = PhaseService.lock_shared(table=table)
    if record.phase not in BOTH_STORES:
        raise NotInBothStores(
            f"{table} is at {record.phase}. Its rows can be copied and compared while both stores get every write: "
            f"in {' and '.join(BOTH_STORES)}."
        )
    return record


def wait_until_both(table: str) -> DualWritePeriod:
    """
    Wait until every process writes the table to both stores.

    This process first sees that the phase is committed and then waits, by its own clock, until every
    lease taken before that has ended. So it does not matter when the change was made or by which clock.
    Rows written under an older lease are locked or committed by then (`PhaseService.write_lease`);
    a back-fill or a comparison waits for those locks.

    :raises NotInBothStores: it is not written to both.
    """
    with transaction.atomic():
        record = lock_both(table)
    # One lease would be enough if all clocks ran equally fast.
    time.sleep(1.5 * settings.PHASE_SECONDS)
    return DualWritePeriod(table, record.generation)

"""
The time during which a table is written to both stores: rows can be copied and compared then, and at no other time.
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
    A time during which every process writes a table to both stores. What is recorded of its rows is for this time.
    """

    table: str
    generation: int

    def check(self) -> None:
        """
        :raises NotInBothStores: the table was back at `mysql` meanwhile.
        """
        changes = StorePhaseChange.objects.filter(store_phase_id=self.table, generation__gt=self.generation)
        if changes.filter(phase=Phase.MYSQL).exists():
            raise NotInBothStores(f"{self.table} was back at {Phase.MYSQL} meanwhile; begin again.")


def lock_both(table: str) -> PhaseRecord:
    """
    Lock the phase of a table until the transaction ends, which must be one in which both stores get every write.

    In `mysql` what is copied would be outdated at once, and in `hbase_only` MySQL is no longer the truth.

    :raises NotInBothStores: it is another phase.
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
    Return once every process writes the table to both stores.

    The phase is seen to be committed here, and by this process's own clock the leases of all others
    end afterwards. So it does not matter when the change was made, by whose clock, and whether it
    was stuck on its way. What was written under an older lease is locked by now or committed
    (`PhaseService.write_lease`), and is waited for where it is read.

    :raises NotInBothStores: it is not written to both.
    """
    with transaction.atomic():
        record = lock_both(table)
    # One lease would do if all clocks ticked alike.
    time.sleep(1.5 * settings.PHASE_SECONDS)
    return DualWritePeriod(table, record.generation)

"""
The verbs of moving a table from MySQL to HBase.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection
from django.db.transaction import TransactionManagementError
from django.utils import timezone

from gatekeeper.services import GatekeeperService
from stores import cache
from stores.cache import PhaseRecord
from stores.constants import TABLES, Phase
from stores.models import StorePhase, StorePhaseChange
from stores.services.steps import check_step, seconds_until_known
from utils.database.transactions import RunAgain, after_commit, lock_in_share_mode, retried_transaction
from utils.errors import Conflict


class NothingToBackfill(Conflict):
    code = "nothing_to_backfill"


class PhaseChanged(RunAgain):
    """
    The phase changed after it was read and before the rows were written.
    """


@dataclass(frozen=True)
class TableStatus:
    """
    The phase of a table, and what is known of its rows.
    """

    row: StorePhase

    @property
    def is_known(self) -> bool:
        """
        Whether every process knows the last change.
        """
        return not seconds_until_known(self.row)

    @property
    def known_by(self) -> str:
        """
        The same in words.
        """
        return "every process" if self.is_known else "not yet by all"

    @property
    def compared(self) -> str:
        """
        The last comparison in words.
        """
        row = self.row
        if row.compared_at is None:
            return "never"
        counts = f"{row.missing_count} missing, {row.extra_count} extra, {row.different_count} different"
        return f"{row.compared_at:%Y-%m-%d %H:%M}: {counts}"


class PhaseService:
    """
    Everything the rest of the project may ask about where the rows of a table are written and read.

    Without HBASE_URL everything is in MySQL, and asking costs nothing.
    """

    @classmethod
    def load(cls, *, table: str) -> Phase:
        """
        Return the phase of a table as this process remembers it. A query in PHASE_SECONDS.
        """
        return cache.load_phases().records[table].phase

    @classmethod
    def reads_hbase(cls, *, table: str, subject_id: int) -> bool:
        """
        Say whether `subject_id` reads the rows of the table from HBase. Costs what `load` costs.

        Sticky and monotone like features: a user who reads HBase at 10 % reads it at 20 % too.
        """
        record = cache.load_phases().records[table]
        if record.phase is Phase.READ_HBASE:
            return GatekeeperService.is_among(name=table, subject=subject_id, percentage=record.percentage)
        return record.phase is Phase.HBASE_ONLY

    @classmethod
    @contextmanager
    def write_lease(cls, *, table: str) -> Iterator[Phase]:
        """
        Yield the phase by which the block has to write rows of a table. Use it inside a `retried_transaction`.

        The phase comes from memory and is at most PHASE_SECONDS old: when the rows are written, the
        lease is checked again. From then on the rows are locked until the transaction ends, and a
        back-fill that wants to copy them waits for that, however long it takes
        (docs/adr/0011-phases-under-a-lease.md). Costs what `load` costs.

        :raises PhaseChanged: the lease ended before the block did, and the phase is a different one now;
            `retried_transaction` runs the transaction again.
        """
        if not connection.in_atomic_block:
            raise TransactionManagementError("rows are locked until a transaction ends, and there is none")
        lease = cache.load_phases()
        phase = lease.records[table].phase
        yield phase
        if lease.has_ended() and cls.load(table=table) is not phase:
            raise PhaseChanged(f"{table} is no longer at {phase}")

    @classmethod
    def lock_shared(cls, *, table: str) -> PhaseRecord:
        """
        Return the phase of a table, locked: nobody can change it before the caller's transaction ends.

        For what copies and compares rows. One query; a table that has no row yet gets one.
        """
        if not connection.in_atomic_block:
            raise TransactionManagementError("a lock lasts until a transaction ends, and there is none")
        if not settings.HBASE["HOST"]:
            return cache.ALL_IN_MYSQL.records[table]
        locked = cls._lock_row_shared(table)
        if not locked:
            # A row that does not exist cannot be locked.
            cls._create_row(table)
            locked = cls._lock_row_shared(table)
        phase, percentage, generation = locked[0]
        return PhaseRecord(Phase(phase), percentage, generation)

    @classmethod
    @retried_transaction
    def change_phase(
        cls,
        *,
        table: str,
        phase: str,
        percentage: int = 100,
        changed_by_id: int | None = None,
        reason: str = "",
        force: bool = False,
    ) -> StorePhase:
        """
        Take a table one step forward or back, or let more or fewer users read from HBase; return its row.

        Waits for chunks that are being copied or compared under the old phase. Other processes know
        the change within PHASE_SECONDS. Repeats safely.

        :param percentage: how many of the users read from HBase; it matters in `read_hbase` only.
        :param changed_by_id: the account that changes it; None from the command line.
        :param force: let a table be read from HBase that was never back-filled or compared.
        :raises ServiceError: the step is refused (stores/services/steps.py says when and why).
        """
        row, wanted = cls._lock_row(table), Phase(phase)
        percentage = wanted.read_percentage(wanted=percentage)
        if (row.phase, row.read_percentage) == (wanted, percentage):
            return row
        check_step(row, wanted, percentage, force=force)
        if Phase.MYSQL in (row.phase, wanted):
            # From now on rows are written to MySQL alone, so the back-fill and comparison of before no longer hold.
            row.backfill_cursor = row.backfill_finished_at = row.compared_at = None
        row.phase, row.read_percentage, row.changed_by_id = wanted, percentage, changed_by_id
        row.generation, row.changed_at = row.generation + 1, timezone.now()
        row.save()
        cls._record_change(row, reason)
        after_commit(cache.forget_phases)
        return row

    @classmethod
    def check_change(cls, *, table: str, phase: str, percentage: int = 100) -> None:
        """
        Raise what `change_phase` would raise, without changing anything.
        """
        row, wanted = cls._get_row(table), Phase(phase)
        percentage = wanted.read_percentage(wanted=percentage)
        if (row.phase, row.read_percentage) != (wanted, percentage):
            check_step(row, wanted, percentage, force=False)

    @classmethod
    def get_status(cls, *, table: str) -> TableStatus:
        """
        Return the TableStatus of a table. One query.
        """
        return TableStatus(cls._get_row(table))

    @classmethod
    def get_statuses(cls) -> list[TableStatus]:
        """
        Return the TableStatus of every table.
        """
        return [cls.get_status(table=table) for table in TABLES]

    @classmethod
    def create_initial_phases(cls) -> None:
        """
        Record the initial phase of each table, so that a later change of the settings moves nothing.

        As long as there are no accounts, tables that were never moved begin in the phase that the
        settings say. If there are accounts, a table without a row is in MySQL, where it has always been.
        """
        if get_user_model().objects.exists():
            rows = [StorePhase(table=table, phase=Phase.MYSQL) for table in TABLES]
        elif settings.HBASE["HOST"]:
            StorePhase.objects.filter(generation=0).delete()
            rows = [StorePhase.initial(table=table) for table in TABLES]
        else:
            rows = []
        StorePhase.objects.bulk_create(rows, ignore_conflicts=True)

    @classmethod
    def get_backfill_cursor(cls, *, table: str) -> object | None:
        """
        Return the checkpoint of an unfinished back-fill, None if the next one begins from the start.
        """
        return cls._get_row(table).backfill_cursor

    @classmethod
    def save_checkpoint(cls, *, table: str, cursor: object | None) -> None:
        """
        Record the checkpoint of a table's back-fill.

        :param cursor: any JSON; None is the beginning.
        :raises NothingToBackfill: the table is not written to both stores.
        """
        cls._update_while_both(table, backfill_cursor=cursor)

    @classmethod
    def finish_backfill(cls, *, table: str) -> None:
        """
        Record that the back-fill of a table has finished; the next one begins from the start.

        :raises NothingToBackfill: the table is not written to both stores.
        """
        cls._update_while_both(table, backfill_cursor=None, backfill_finished_at=timezone.now())

    @classmethod
    def record_comparison(cls, *, table: str, missing: int, extra: int, different: int) -> None:
        """
        Record how many rows of HBase differed from MySQL's when they were last compared.
        """
        counts = {"missing_count": missing, "extra_count": extra, "different_count": different}
        cls._create_row(table)
        StorePhase.objects.filter(table=table).update(compared_at=timezone.now(), **counts)

    @classmethod
    def _get_row(cls, table: str) -> StorePhase:
        return StorePhase.objects.filter(table=table).first() or StorePhase.initial(table=table)

    @classmethod
    def _create_row(cls, table: str) -> None:
        """
        Insert the row of a table if it has none; of two concurrent callers, the second waits for the first.
        """
        if not StorePhase.objects.filter(table=table).exists():
            StorePhase.objects.bulk_create([StorePhase.initial(table=table)], ignore_conflicts=True)

    @classmethod
    def _lock_row_shared(cls, table: str) -> list[tuple[str, int, int]]:
        rows = StorePhase.objects.filter(table=table)
        return lock_in_share_mode(rows.values_list("phase", "read_percentage", "generation"))

    @classmethod
    def _lock_row(cls, table: str) -> StorePhase:
        cls._create_row(table)
        return StorePhase.objects.select_for_update().get(table=table)

    @classmethod
    def _update_while_both(cls, table: str, **fields: object) -> None:
        cls._create_row(table)
        rows = StorePhase.objects.filter(table=table, phase__in=(Phase.DUAL_WRITE, Phase.READ_HBASE))
        if not rows.update(**fields):
            raise NothingToBackfill(f"{table} is not written to both stores, so a back-fill would miss what comes.")

    @classmethod
    def _record_change(cls, row: StorePhase, reason: str) -> None:
        StorePhaseChange.objects.create(
            store_phase=row,
            phase=row.phase,
            read_percentage=row.read_percentage,
            generation=row.generation,
            changed_at=row.changed_at,
            changed_by_id=row.changed_by_id,
            reason=reason,
        )

"""
The verbs of moving a table from MySQL to HBase.
"""

from dataclasses import dataclass
from zlib import crc32

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection
from django.db.transaction import TransactionManagementError
from django.utils import timezone

from gatekeeper import cache
from gatekeeper.constants import TABLES, Phase
from gatekeeper.models import StorePhase, StorePhaseChange
from gatekeeper.services.steps import check_step, get_laggards, get_living, seconds_until_known
from utils.errors import Conflict
from utils.transactions import after_commit, lock_in_share_mode, retried_transaction


class NothingToBackfill(Conflict):
    code = "nothing_to_backfill"


@dataclass(frozen=True)
class TableStatus:
    """
    How a table stands, and who knows.
    """

    row: StorePhase
    living_count: int
    laggards: list

    @property
    def is_known(self):
        """
        Whether every process goes by the last change.
        """
        return not self.laggards and not seconds_until_known(self.row)

    @property
    def known_by(self):
        """
        The same in words.
        """
        return f"{self.living_count - len(self.laggards)} of {self.living_count} processes"

    @property
    def compared(self):
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
    Everything the rest of the project may ask of where a table's rows are written and read.

    Without HBASE_URL everything is in MySQL, and asking costs nothing.
    """

    @classmethod
    def hold(cls, table):
        """
        Return the phase of a table and hold it: nobody can change it before the caller's transaction ends.

        For whatever writes rows of the table. One query; a table that has no row yet gets one.
        """
        if not connection.in_atomic_block:
            raise TransactionManagementError("hold() lasts until a transaction ends, and there is none")
        if not settings.HBASE["HOST"]:
            return Phase.MYSQL
        held = cls._hold_row(table)
        if not held:
            # What is not there cannot be locked.
            cls._create_row(table)
            held = cls._hold_row(table)
        return Phase(held[0])

    @classmethod
    def load(cls, table):
        """
        Return the phase of a table as this process knows it, at most PHASE_SECONDS old. One query at most.
        """
        return cache.load_phases()[table].phase

    @classmethod
    def reads_hbase(cls, table, subject_id):
        """
        Say whether HBase answers when `subject_id` asks for rows of the table. Costs what `load` costs.

        Sticky and monotone like features: whoever reads HBase at 10 % reads it at 20 % too.
        """
        record = cache.load_phases()[table]
        if record.phase is Phase.READ_HBASE:
            return crc32(f"{table}:{subject_id}".encode()) % 100 < record.percentage
        return record.phase is Phase.HBASE_ONLY

    @classmethod
    def leave(cls):
        """
        Say that this process is about to end: the next step need not wait until it would count as dead.
        """
        cache.leave_phases()

    @classmethod
    @retried_transaction
    def move(cls, table, phase, *, percentage=100, changed_by=None, reason="", force=False):
        """
        Take a table one step forward or back, or let HBase answer more or fewer users; return its row.

        Waits for every transaction that holds the phase; so once this has committed, all earlier
        writes have too, and all later ones go by the new phase. Repeats safely.

        :param percentage: of the users for whom HBase answers; counts in `read_hbase` only.
        :param force: let a table be read from HBase that was never back-filled or compared.
        :raises ServiceError: the step is refused (gatekeeper/services/steps.py says when and why).
        """
        row, phase = cls._lock_row(table), Phase(phase)
        percentage = phase.read_percentage(wanted=percentage)
        if (row.phase, row.read_percentage) == (phase, percentage):
            return row
        check_step(row, phase, percentage, force=force)
        if Phase.MYSQL in (row.phase, phase):
            # What is written to MySQL alone is not in HBase, however much was brought there before.
            row.backfill_cursor = row.backfill_finished_at = row.compared_at = None
        row.phase, row.read_percentage, row.changed_by = phase, percentage, changed_by
        row.generation, row.changed_at = row.generation + 1, timezone.now()
        row.save()
        cls._write_history(row, reason)
        after_commit(cache.forget_phases)
        return row

    @classmethod
    def check_move(cls, table, phase, *, percentage=100):
        """
        Raise what `move` would raise now, and move nothing.
        """
        row, phase = cls._get_row(table), Phase(phase)
        percentage = phase.read_percentage(wanted=percentage)
        if (row.phase, row.read_percentage) != (phase, percentage):
            check_step(row, phase, percentage, force=False)

    @classmethod
    def get_status(cls, table):
        """
        Return the TableStatus of a table. Three queries.
        """
        row = cls._get_row(table)
        return TableStatus(row, get_living(row).count(), get_laggards(row))

    @classmethod
    def status(cls):
        """
        Return the TableStatus of every table.
        """
        return [cls.get_status(table) for table in TABLES]

    @classmethod
    def write_first_phases(cls):
        """
        Write down where the tables of this project begin, so that a later change of the settings moves nothing.

        While nobody has an account, tables that were never moved begin as the settings say. In a
        project with people what has no row yet is in MySQL, where it has always been.
        """
        if get_user_model().objects.exists():
            rows = [StorePhase(table=table, phase=Phase.MYSQL) for table in TABLES]
        elif settings.HBASE["HOST"]:
            StorePhase.objects.filter(generation=0).delete()
            rows = [StorePhase.initial(table) for table in TABLES]
        else:
            rows = []
        StorePhase.objects.bulk_create(rows, ignore_conflicts=True)

    @classmethod
    def get_backfill_cursor(cls, table):
        """
        Return up to where an unfinished back-fill has come, None where the next one begins from the start.
        """
        return cls._get_row(table).backfill_cursor

    @classmethod
    def note_backfill(cls, table, cursor, finished):
        """
        Note up to where the back-fill of a table has come (any JSON), or that it has finished.

        :raises NothingToBackfill: the table is not written to both.
        """
        cls._create_row(table)
        row = StorePhase.objects.filter(table=table, phase__in=(Phase.DUAL_WRITE, Phase.READ_HBASE))
        if finished:
            count = row.update(backfill_cursor=None, backfill_finished_at=timezone.now())
        else:
            count = row.update(backfill_cursor=cursor)
        if not count:
            raise NothingToBackfill(f"{table} is not written to both stores, so a back-fill would miss what comes.")

    @classmethod
    def note_comparison(cls, table, missing, extra, different):
        """
        Note how many rows of HBase differed from MySQL's when they were last compared.
        """
        counts = {"missing_count": missing, "extra_count": extra, "different_count": different}
        cls._create_row(table)
        StorePhase.objects.filter(table=table).update(compared_at=timezone.now(), **counts)

    @classmethod
    def _get_row(cls, table):
        return StorePhase.objects.filter(table=table).first() or StorePhase.initial(table)

    @classmethod
    def _create_row(cls, table):
        """
        Give a table its row if it has none; of two that come together, the second waits for the first.
        """
        if not StorePhase.objects.filter(table=table).exists():
            StorePhase.objects.bulk_create([StorePhase.initial(table)], ignore_conflicts=True)

    @classmethod
    def _hold_row(cls, table):
        return lock_in_share_mode(StorePhase.objects.filter(table=table).values_list("phase", flat=True))

    @classmethod
    def _lock_row(cls, table):
        cls._create_row(table)
        return StorePhase.objects.select_for_update().get(table=table)

    @classmethod
    def _write_history(cls, row, reason):
        StorePhaseChange.objects.create(
            store_phase=row,
            phase=row.phase,
            read_percentage=row.read_percentage,
            generation=row.generation,
            changed_at=row.changed_at,
            changed_by=row.changed_by,
            reason=reason,
        )

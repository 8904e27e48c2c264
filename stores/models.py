"""
The phase of each table, and its history.
"""

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.utils import timezone

from stores.constants import Phase


class StorePhase(models.Model):
    """
    A row means: every process writes and reads the rows of `table` in this phase.

    A table without a row is in its initial phase (settings.INITIAL_PHASES). Only PhaseService writes here.
    The database calls the table what it was called when it belonged to the gatekeeper.
    """

    table = models.CharField(max_length=20, primary_key=True)
    phase = models.CharField(max_length=20, choices=Phase)
    read_percentage = models.PositiveSmallIntegerField(
        default=0,
        validators=[MaxValueValidator(100)],
        help_text="Of the users for whom HBase answers; counts in read_hbase only",
    )
    generation = models.PositiveIntegerField(default=0, help_text="Grows with each change")
    changed_at = models.DateTimeField(default=timezone.now)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_constraint=False, null=True, blank=True
    )
    backfill_cursor = models.JSONField(null=True, blank=True, help_text="Up to where the back-fill has come")
    backfill_finished_at = models.DateTimeField(null=True, blank=True)
    compared_at = models.DateTimeField(null=True, blank=True)
    missing_count = models.PositiveBigIntegerField(default=0)
    extra_count = models.PositiveBigIntegerField(default=0)
    different_count = models.PositiveBigIntegerField(default=0)

    class Meta:
        db_table = "gatekeeper_storephase"
        ordering = ["table"]

    def __str__(self) -> str:
        return f"{self.table}: {self.phase}"

    @classmethod
    def initial(cls, *, table: str) -> "StorePhase":
        """
        Return the unsaved row of a table that was never moved.
        """
        phase = Phase(settings.INITIAL_PHASES[table])
        # Both stores are empty at first, so nothing is left to back-fill.
        backfilled_at = None if phase is Phase.MYSQL else timezone.now()
        percentage = phase.read_percentage(wanted=100)
        return cls(
            table=table,
            phase=phase,
            read_percentage=percentage,
            backfill_finished_at=backfilled_at,
            compared_at=backfilled_at,
        )


class StorePhaseChange(models.Model):
    """
    A row means: the table has been in this phase from that time on. Rows are only added.
    """

    # No constraint in the database: inserting would lock the phase's row, which each chunk of a back-fill locks too.
    store_phase = models.ForeignKey(StorePhase, models.CASCADE, related_name="changes", db_constraint=False)
    phase = models.CharField(max_length=20, choices=Phase)
    read_percentage = models.PositiveSmallIntegerField()
    generation = models.PositiveIntegerField()
    changed_at = models.DateTimeField(default=timezone.now)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_constraint=False, null=True, blank=True
    )
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        db_table = "gatekeeper_storephasechange"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.store_phase_id}: {self.phase}"

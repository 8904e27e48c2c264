"""
Features that are switched on by degrees, phases of moving a table to HBase, and how both were.
"""

from django.conf import settings
from django.core.validators import MaxValueValidator, RegexValidator
from django.db import models
from django.utils import timezone

from gatekeeper.constants import Phase

NAME = RegexValidator(r"^[a-z][a-z0-9_]{0,63}$", "Use lower-case letters, digits and underscores.")


class Feature(models.Model):
    """
    A row means: this feature is on for `percentage` of everybody, and for those whom `allowed` names.

    Whoever is `denied`, has it never.
    """

    name = models.CharField(max_length=64, unique=True, validators=[NAME])
    description = models.CharField(max_length=300, blank=True)
    percentage = models.PositiveSmallIntegerField(default=0, validators=[MaxValueValidator(100)])
    allowed = models.JSONField(default=list, blank=True, help_text="Ids of users for whom it is on, such as [1, 2]")
    denied = models.JSONField(default=list, blank=True, help_text="Ids of users for whom it is off; wins")
    starts_at = models.DateTimeField(null=True, blank=True, help_text="Off for everybody before")
    ends_at = models.DateTimeField(null=True, blank=True, help_text="Off for everybody from then on")
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name"]

    def __str__(self):
        return f"{self.name}: {self.percentage} %"


class FeatureChange(models.Model):
    """
    A row means: from then on the feature stood like this. Rows are only ever added.
    """

    feature = models.ForeignKey(Feature, models.CASCADE, related_name="changes")
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_constraint=False, null=True, blank=True
    )
    percentage = models.PositiveSmallIntegerField()
    allowed = models.JSONField(default=list)
    denied = models.JSONField(default=list)
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-id"]

    def __str__(self):
        return f"{self.feature_id} at {self.percentage} %"


class StorePhase(models.Model):
    """
    A row means: the rows of `table` are written and read like this, by everybody.

    A table without a row is in its initial phase (settings.INITIAL_PHASES). Only PhaseService writes here.
    """

    table = models.CharField(max_length=20, primary_key=True)
    phase = models.CharField(max_length=20, choices=Phase)
    read_percentage = models.PositiveSmallIntegerField(
        default=0,
        validators=[MaxValueValidator(100)],
        help_text="Of the users for whom HBase answers; counts in read_hbase only",
    )
    generation = models.PositiveIntegerField(default=0, help_text="Grows with each change; processes acknowledge it")
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
        ordering = ["table"]

    def __str__(self):
        return f"{self.table}: {self.phase}"

    @classmethod
    def initial(cls, table):
        """
        Return the unsaved row of a table that nobody has moved yet.
        """
        phase = Phase(settings.INITIAL_PHASES[table])
        # Both stores begin empty, which is as good as a back-fill.
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
    A row means: from then on the table stood like this. Rows are only ever added.
    """

    # No constraint in the database: inserting would lock the phase's row, which every writer of feeds holds.
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
        ordering = ["-id"]

    def __str__(self):
        return f"{self.store_phase_id}: {self.phase}"


class PhaseAcknowledgementManager(models.Manager):
    """
    Writes what one process knows; no row is ever set back to an older generation.
    """

    def write(self, process, generations, now):
        """
        Note that at `now` a process goes by these {table: generation}.
        """
        for table, generation in generations.items():
            row = self.filter(process=process, store_phase=table, generation__lte=generation)
            if row.update(generation=generation, seen_at=now):
                continue
            new = self.model(process=process, store_phase_id=table, generation=generation, seen_at=now)
            self.bulk_create([new], ignore_conflicts=True)


class PhaseAcknowledgement(models.Model):
    """
    A row means: at `seen_at` this process went by this generation of the table's phase, or a later one.
    """

    process = models.CharField(max_length=120, help_text="host:pid:start")
    store_phase = models.ForeignKey(StorePhase, models.CASCADE, related_name="acknowledgements", db_constraint=False)
    generation = models.PositiveIntegerField()
    seen_at = models.DateTimeField(db_index=True)

    objects = PhaseAcknowledgementManager()

    class Meta:
        ordering = ["process"]
        constraints = [models.UniqueConstraint(fields=["process", "store_phase"], name="one_per_process_and_table")]

    def __str__(self):
        return f"{self.process} knows {self.generation}"

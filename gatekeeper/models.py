"""
Features that are switched on for more and more users, and their history.
"""

from django.conf import settings
from django.core.validators import MaxValueValidator, RegexValidator
from django.db import models
from django.utils import timezone

NAME = RegexValidator(r"^[a-z][a-z0-9_]{0,63}$", "Use lower-case letters, digits and underscores.")


class Feature(models.Model):
    """
    A row means: this feature is on for `percentage` per cent of all users and for those in `allowed`.

    It is off for users in `denied`, whatever else applies.
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

    def __str__(self) -> str:
        return f"{self.name}: {self.percentage} %"


class FeatureChange(models.Model):
    """
    A row means: from `changed_at` on the feature had these settings. Rows are only added.
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

    def __str__(self) -> str:
        return f"{self.feature_id} at {self.percentage} %"

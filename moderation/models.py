"""
Reports of users, and the audit trail of moderators.
"""

from django.conf import settings
from django.db import models
from django.utils import timezone

from moderation.constants import MAX_REASON_LENGTH, ReportStatus, Verb


class Report(models.Model):
    """
    A row means: `reporter` says that the tweet, comment or user `object_id` breaks the rules.
    """

    reporter = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    content_type = models.CharField(max_length=16, help_text="tweet, comment or user")
    object_id = models.BigIntegerField()
    reason = models.CharField(max_length=MAX_REASON_LENGTH)
    status = models.CharField(max_length=16, choices=ReportStatus.choices, default=ReportStatus.OPEN)
    created_at = models.DateTimeField(default=timezone.now)
    handled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        db_constraint=False,
        db_index=False,
        null=True,
        blank=True,
    )
    handled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["reporter", "content_type", "object_id"], name="report_once")]
        indexes = [
            # Moderators read the open reports, oldest first, and all reports of one target.
            models.Index(fields=["status", "id"], name="report_queue"),
            models.Index(fields=["content_type", "object_id"], name="report_of_thing"),
        ]

    def __str__(self) -> str:
        return f"report of {self.content_type} {self.object_id}"


class AuditEntry(models.Model):
    """
    A row means: this moderator has done this to this target, for this reason. Rows are only added, never changed.
    """

    moderator = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    verb = models.CharField(max_length=32, choices=Verb.choices)
    target_type = models.CharField(max_length=16)
    target_id = models.BigIntegerField()
    reason = models.CharField(max_length=MAX_REASON_LENGTH, blank=True)
    request_id = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "audit entries"
        permissions = [("moderate", "Can moderate: review photos, suspend users, handle reports")]
        indexes = [
            models.Index(fields=["target_type", "target_id", "id"], name="audit_of_target"),
            models.Index(fields=["moderator", "id"], name="audit_by_moderator"),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.target_type} {self.target_id}"

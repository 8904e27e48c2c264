"""
Names of moderation.
"""

from django.db.models import TextChoices

MODERATORS = "moderators"
REASON_MAX = 500


class ReportStatus(TextChoices):
    """
    What has become of a report.
    """

    OPEN = "open"
    RESOLVED = "resolved"
    DISMISSED = "dismissed"


class Verb(TextChoices):
    """
    What moderators do, as the audit trail names it.
    """

    SUSPEND = "suspend"
    RESTORE = "restore"
    APPROVE_PHOTO = "approve photo"
    REJECT_PHOTO = "reject photo"
    DELETE_TWEET = "delete tweet"
    DELETE_COMMENT = "delete comment"
    RESOLVE_REPORT = "resolve report"
    DISMISS_REPORT = "dismiss report"

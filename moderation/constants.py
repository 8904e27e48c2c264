"""
Names of moderation.
"""

from django.db.models import TextChoices

MODERATORS = "moderators"
# App and model of the rows that moderators may view in the admin. Their actions need one permission, "moderate".
VIEWABLE_MODELS = (
    ("accounts", "user"),
    ("accounts", "userprofile"),
    ("tweets", "tweet"),
    ("tweets", "tweetphoto"),
    ("comments", "comment"),
    ("likes", "like"),
    ("friendships", "friendship"),
    ("moderation", "report"),
    ("moderation", "auditentry"),
)
MAX_REASON_LENGTH = 500


class ReportStatus(TextChoices):
    """
    The state of a report.
    """

    OPEN = "open"
    RESOLVED = "resolved"
    DISMISSED = "dismissed"


class Verb(TextChoices):
    """
    The actions of moderators, as the audit trail names them.
    """

    SUSPEND = "suspend"
    RESTORE = "restore"
    APPROVE_PHOTO = "approve photo"
    REJECT_PHOTO = "reject photo"
    DELETE_TWEET = "delete tweet"
    DELETE_COMMENT = "delete comment"
    RESOLVE_REPORT = "resolve report"
    DISMISS_REPORT = "dismiss report"

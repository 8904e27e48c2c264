"""
Names of moderation.
"""

from django.db.models import TextChoices

MODERATORS = "moderators"
# App and model of what moderators may look at in the admin; what they may do there is one permission, "moderate".
LOOK_AT = (
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

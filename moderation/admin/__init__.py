"""
The admin screens of moderators: users, tweets and photos, comments, reports, the audit trail.

They are here and not in the apps whose rows they show, because their actions call `ModerationService`, and no app
below may import moderation.
"""

from moderation.admin import comments, people, reports, tweets

__all__ = ["comments", "people", "reports", "tweets"]

"""
Moderators' screens: people, tweets and photos, comments, reports, the audit trail.

They live here and not in the apps whose rows they show: their actions call `ModerationService`, and no app below
imports moderation.
"""

from moderation.admin import comments, people, reports, tweets

__all__ = ["comments", "people", "reports", "tweets"]

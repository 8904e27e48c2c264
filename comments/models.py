"""
Comments on tweets.
"""

from datetime import datetime

from django.conf import settings
from django.db import models

from accounts.models import Viewer
from comments.constants import MAX_CONTENT_LENGTH
from likes.models import Likeable
from utils.database.prepared import VisibleQuerySet
from utils.database.time_ids import id_to_datetime


class CommentQuerySet(VisibleQuerySet["Comment"]):
    def not_deleted(self) -> "CommentQuerySet":
        """
        Return all comments, because the row of a deleted comment is gone.
        """
        return self.all()

    def visible_to(self, viewer: Viewer) -> "CommentQuerySet":
        """
        Return the comments that `viewer` may see: their author, their tweet and its author are all visible.
        """
        comments = self.filter(
            user__deleted_at__isnull=True, tweet__deleted_at__isnull=True, tweet__user__deleted_at__isnull=True
        )
        if viewer.is_staff:
            return comments
        return comments.filter(user__suspended_at__isnull=True, tweet__user__suspended_at__isnull=True)


class Comment(Likeable):
    """
    A row means: `user` commented `content` on `tweet`. The id is the microsecond at which they did.
    """

    id = models.BigIntegerField(primary_key=True)
    tweet = models.ForeignKey("tweets.Tweet", models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    content = models.CharField(max_length=MAX_CONTENT_LENGTH)
    updated_at = models.DateTimeField(auto_now=True)

    objects = CommentQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["tweet", "id"], name="comment_of_tweet"),
            models.Index(fields=["user", "id"], name="comment_by_user"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} on {self.tweet_id}: {self.content[:40]}"

    @property
    def created_at(self) -> datetime:
        return id_to_datetime(self.id)

"""
Who likes what.
"""

from datetime import datetime

from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.contrib.contenttypes.models import ContentType
from django.db import models

from utils.database.time_ids import id_to_datetime


class Likeable(models.Model):
    """
    What can be liked inherits this: the counter, and the relation. Likes know no more about it.

    A subclass has a `user` (its author) and a manager whose `visible_to(viewer)` says who may see it.
    `revision` grows with every change of the row, counters too, and tells caches which of two
    states is the newer one.
    """

    likes_count = models.PositiveBigIntegerField(default=0)
    revision = models.PositiveBigIntegerField(default=1)
    likes = GenericRelation("likes.Like")

    class Meta:
        abstract = True

    @classmethod
    def kind(cls) -> str:
        """
        Return what the API calls this kind of thing: `tweet`, `comment`.
        """
        return str(cls._meta.model_name)


class Like(models.Model):
    """
    A row means: `user` likes the thing of kind `content_type` with id `object_id`.

    The id is the microsecond at which they said so. No foreign key constraint on the user:
    inserting would lock the user's row.
    """

    id = models.BigIntegerField(primary_key=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    content_type = models.ForeignKey(ContentType, models.PROTECT, related_name="+", db_index=False)
    object_id = models.BigIntegerField()
    thing = GenericForeignKey("content_type", "object_id")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "content_type", "object_id"], name="like_once")]
        indexes = [models.Index(fields=["content_type", "object_id", "id"], name="like_of_thing")]

    def __str__(self) -> str:
        return f"{self.user_id} likes {self.content_type_id}:{self.object_id}"

    @property
    def created_at(self) -> datetime:
        return id_to_datetime(self.id)

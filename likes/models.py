"""
Who likes what.
"""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.contrib.contenttypes.models import ContentType
from django.db import models

from utils.database.time_ids import id_to_datetime


class Likeable(models.Model):
    """
    The base of everything that can be liked: a counter and the relation to its likes.

    A subclass has a `user` (its author) and a manager with `not_deleted()` and `visible_to(viewer)`.
    `revision` grows with every change of the row, counters included, so that caches can tell which of
    two states is newer.
    """

    likes_count = models.PositiveBigIntegerField(default=0)
    revision = models.PositiveBigIntegerField(default=1)
    likes = GenericRelation("likes.Like")

    id: int
    user_id: int
    # `Any`: each subclass has a manager of its own.
    objects: Any

    class Meta:
        abstract = True

    @classmethod
    def content_type_name(cls) -> str:
        """
        Return the API's name of this content type: `tweet` or `comment`.
        """
        return str(cls._meta.model_name)


class Like(models.Model):
    """
    A row means: `user` likes the target, the object of type `content_type` with id `object_id`.

    The id is the microsecond at which they liked it. There is no foreign key constraint on the user,
    because inserting would lock the user's row.
    """

    id = models.BigIntegerField(primary_key=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    content_type = models.ForeignKey(ContentType, models.PROTECT, related_name="+", db_index=False)
    object_id = models.BigIntegerField()
    target = GenericForeignKey("content_type", "object_id")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "content_type", "object_id"], name="like_once")]
        indexes = [models.Index(fields=["content_type", "object_id", "id"], name="like_of_thing")]

    def __str__(self) -> str:
        return f"{self.user_id} likes {self.content_type_id}:{self.object_id}"

    @property
    def created_at(self) -> datetime:
        return id_to_datetime(self.id)

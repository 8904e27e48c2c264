"""
Tweets and their photos.
"""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone

from accounts.models import Viewer
from likes.models import Likeable
from tweets.constants import MAX_CONTENT_LENGTH, WALK_SIZE, PhotoKind, PhotoStatus
from utils.database.prepared import VisibleQuerySet
from utils.database.time_ids import id_to_datetime


class TweetQuerySet(VisibleQuerySet["Tweet"]):
    def not_deleted(self) -> "TweetQuerySet":
        """
        Return the tweets that are not deleted.
        """
        return self.filter(deleted_at__isnull=True)

    def visible_to(self, viewer: Viewer) -> "TweetQuerySet":
        """
        Return the tweets that `viewer` may see: not deleted, and by an author whom the viewer may see.
        """
        tweets = self.not_deleted().filter(user__deleted_at__isnull=True)
        return tweets if viewer.is_staff else tweets.filter(user__suspended_at__isnull=True)

    def walk_ids(self) -> Iterator[list[int]]:
        """
        Yield the ids, oldest first, in lists of up to 1,000; one query per list.
        """
        after, is_full = 0, True
        while is_full:
            ids = list(self.filter(id__gt=after).order_by("id").values_list("id", flat=True)[:WALK_SIZE])
            is_full = len(ids) == WALK_SIZE
            if ids:
                yield ids
                after = ids[-1]


class Tweet(Likeable):
    """
    A row means: `user` posted `content`. The id is the microsecond at which they did.

    `version` grows when the record that readers see changes (photos, deletion) and is part of its
    cache key. The row of a deleted tweet stays, with `deleted_at`.
    """

    id = models.BigIntegerField(primary_key=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    content = models.CharField(max_length=MAX_CONTENT_LENGTH)
    created_at = models.DateTimeField(help_text="The moment the id stands for.")
    deleted_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)
    comments_count = models.PositiveBigIntegerField(default=0)

    objects = TweetQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["user", "id"], name="tweet_timeline")]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.content[:40]}"

    # `Any`: whatever Django's own `save` takes.
    def save(self, *args: Any, **kwargs: Any) -> None:
        """
        Derive the time from the id, so that the two cannot differ.
        """
        self.created_at = id_to_datetime(self.id)
        super().save(*args, **kwargs)


class TweetPhoto(models.Model):
    """
    A row means: `user` uploaded this photo, and it is number `position` of `tweet`, counted from 0.

    The row is created before the file and before the tweet. Until the tweet is committed, `tweet` is
    empty, which is how an upload whose tweet never came is found and removed.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    tweet = models.ForeignKey(
        Tweet, models.PROTECT, related_name="+", db_constraint=False, db_index=False, null=True, blank=True
    )
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=16, choices=PhotoKind.choices, default=PhotoKind.IMAGE)
    status = models.CharField(max_length=16, choices=PhotoStatus.choices, default=PhotoStatus.PENDING)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    alt_text = models.CharField(max_length=200, blank=True)
    key = models.CharField(max_length=120, blank=True, db_index=True, help_text="Of the file in the media storage.")
    thumbnail_key = models.CharField(max_length=120, blank=True, db_index=True, help_text="Empty until a task made it.")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [
            models.Index(fields=["tweet", "position"], name="photo_of_tweet"),
            # Moderators look at pending ones, oldest first.
            models.Index(fields=["status", "id"], name="photo_review"),
            models.Index(fields=["user", "id"], name="photo_by_user"),
        ]

    def __str__(self) -> str:
        return f"photo {self.position} of tweet {self.tweet_id}"

    @property
    def description(self) -> str:
        """
        Return the text for people who cannot see the photo.
        """
        return self.alt_text or f"Photo {self.position + 1} of the tweet"

"""
The verbs of photos: storing, attaching, reviewing and showing them.
"""

from collections.abc import Collection, Sequence
from datetime import timedelta
from functools import partial
from typing import cast

from django.conf import settings
from django.core.files.storage import default_storage
from django.db.models import F
from django.utils import timezone

from accounts.models import User, Viewer
from outbox.services import OutboxService
from tweets import cache
from tweets.constants import ORPHAN_SECONDS, THUMBNAIL_PIXELS, PhotoStatus
from tweets.events import PhotoReviewed, PhotosAttached
from tweets.models import Tweet, TweetPhoto
from utils.database.transactions import after_commit, retried_transaction
from utils.errors import Missing
from utils.images import CleanImage, make_thumbnail
from utils.images.media import delete_files, move, new_key, remove_files, save_image


class PhotoGone(Missing):
    """
    The photo does not exist, or the viewer may not see it.
    """


class PhotoService:
    """
    Everything the rest of the project may ask of photos.
    """

    @classmethod
    def store(cls, *, owner: User, images: Sequence[CleanImage]) -> list[TweetPhoto]:
        """
        Store pictures before their tweet exists, and return their rows in the order given.

        Rows are committed before files are written, so that every file has a row that leads to it.
        Call it outside the transaction of the tweet, and `discard` the photos if that fails.
        """
        status = PhotoStatus.APPROVED if settings.PHOTO_REVIEW == "off" else PhotoStatus.PENDING
        cls._remove_orphans()
        photos = TweetPhoto.objects.bulk_create(
            TweetPhoto(
                user_id=owner.id,
                position=position,
                status=status,
                width=image.width,
                height=image.height,
                key=new_key("photos", image, is_private=cls.is_hidden(status=status)),
            )
            for position, image in enumerate(images)
        )
        try:
            for photo, image in zip(photos, images):
                save_image(photo.key, image)
        except BaseException:
            cls.discard(photos=photos)
            raise
        return photos

    @classmethod
    def attach(cls, *, photos: Sequence[TweetPhoto], tweet: Tweet) -> None:
        """
        Attach photos to their tweet, inside its transaction. A task makes thumbnails (event `photos_attached`).
        """
        if photos:
            TweetPhoto.objects.filter(id__in=[photo.id for photo in photos]).update(tweet_id=tweet.id)
            OutboxService.record(event=PhotosAttached(tweet_id=tweet.id))

    @classmethod
    def discard(cls, *, photos: Sequence[TweetPhoto]) -> None:
        """
        Remove the files and rows of photos that belong to no tweet.
        """
        loose = TweetPhoto.objects.filter(id__in=[photo.id for photo in photos], tweet__isnull=True)
        delete_files([key for photo in photos for key in (photo.key, photo.thumbnail_key)])
        loose.delete()

    @classmethod
    def _remove_orphans(cls) -> None:
        """
        Remove a few uploads whose process died before it could create their tweet.
        """
        long_ago = timezone.now() - timedelta(seconds=ORPHAN_SECONDS)
        orphans = list(TweetPhoto.objects.filter(tweet__isnull=True, created_at__lt=long_ago)[:20])
        if orphans:
            cls.discard(photos=orphans)

    @classmethod
    def make_thumbnails(cls, *, tweet_id: int) -> int:
        """
        Make the missing thumbnails of a tweet's photos; return how many were made. Repeats safely.
        """
        bare, count = TweetPhoto.objects.filter(tweet_id=tweet_id, thumbnail_key="").exclude(key=""), 0
        while photo := bare.first():
            with default_storage.open(photo.key) as file:
                small = make_thumbnail(file.read(), max_pixels=THUMBNAIL_PIXELS)
            key = new_key("photos/thumbnails", small, is_private=cls.is_hidden(status=photo.status))
            save_image(key, small)
            # A photo that was reviewed or removed meanwhile may need its thumbnail elsewhere: the loop tries it again.
            if bare.filter(id=photo.id, key=photo.key, status=photo.status).update(thumbnail_key=key):
                count += 1
            else:
                delete_files([key])
        return count

    @classmethod
    def remove_files_of_deleted(cls, *, tweet_id: int) -> int:
        """
        Remove the files of a deleted tweet's photos; return the number of photos. Repeats safely.

        The rows stay, without keys, because the audit trail refers to them. The text of the tweet stays too.
        """
        photos, count = TweetPhoto.objects.filter(tweet_id=tweet_id, tweet__deleted_at__isnull=False), 0
        while photo := photos.exclude(key="", thumbnail_key="").first():
            remove_files([photo.key, photo.thumbnail_key])
            # A photo that got its thumbnail or was moved meanwhile does not match: the loop tries it again.
            same = TweetPhoto.objects.filter(id=photo.id, key=photo.key, thumbnail_key=photo.thumbnail_key)
            count += same.update(key="", thumbnail_key="")
        return count

    @classmethod
    def is_hidden(cls, *, status: str) -> bool:
        """
        Return whether photos of this status are hidden from everyone but their owner and staff.
        """
        return status == PhotoStatus.REJECTED or (status == PhotoStatus.PENDING and settings.PHOTO_REVIEW == "pre")

    @classmethod
    def approve(cls, *, photo: TweetPhoto) -> bool:
        """
        Let everyone see a photo; return whether its status changed. Repeats safely.

        :raises PhotoGone: its tweet is deleted.
        """
        return cls._review(photo, PhotoStatus.APPROVED)

    @classmethod
    def reject(cls, *, photo: TweetPhoto) -> bool:
        """
        Hide a photo from everyone at once: no tweet shows it, and its address is 404 for everyone but staff.

        Returns whether its status changed. Repeats safely.

        :raises PhotoGone: its tweet is deleted.
        """
        return cls._review(photo, PhotoStatus.REJECTED)

    @classmethod
    def _review(cls, photo: TweetPhoto, status: PhotoStatus) -> bool:
        # Files first: with S3 this is network traffic, and no transaction should wait for that.
        hidden = cls.is_hidden(status=status)
        keys = {
            name: move(getattr(photo, name), to_private=hidden)
            for name in ("key", "thumbnail_key")
            if getattr(photo, name)
        }
        try:
            return cls._set_status(photo, status, keys)
        except PhotoGone:
            # The task that removes the files may have missed these, because they were being moved.
            delete_files(keys.values())
            raise

    @classmethod
    @retried_transaction
    def _set_status(cls, photo: TweetPhoto, status: PhotoStatus, keys: dict[str, str]) -> bool:
        """
        Set a photo's status and keys, and give its tweet a new version, so that the cached old one is not read again.
        """
        tweet_id = photo.tweet_id
        changes = {"version": F("version") + 1, "revision": F("revision") + 1}
        if tweet_id is None or not Tweet.objects.not_deleted().filter(id=tweet_id).update(**changes):
            raise PhotoGone
        is_new = TweetPhoto.objects.filter(id=photo.id).exclude(status=status).exists()
        TweetPhoto.objects.filter(id=photo.id).update(status=status, **keys)
        OutboxService.record(event=PhotoReviewed(tweet_id=tweet_id))
        after_commit(partial(cls.refresh, tweet_id=tweet_id))
        return is_new

    @classmethod
    def refresh(cls, *, tweet_id: int) -> bool:
        """
        Make readers see the new version of a tweet; return whether a cache confirmed it. Repeats safely.
        """
        tweet = Tweet.objects.filter(id=tweet_id).first()
        return tweet is None or cache.replace_versions(tweet)

    @classmethod
    def get_by_tweet(cls, *, tweet_ids: Collection[int]) -> dict[int, list[TweetPhoto]]:
        """
        Return {tweet id: [photo]} in the order of their positions, hidden ones too; one query.
        """
        photos: dict[int, list[TweetPhoto]] = {}
        for photo in TweetPhoto.objects.filter(tweet_id__in=tweet_ids).exclude(key="").order_by("tweet_id", "position"):
            # `cast`: the filter leaves out photos without a tweet.
            photos.setdefault(cast("int", photo.tweet_id), []).append(photo)
        return photos

    @classmethod
    def get_visible(cls, *, key: str, viewer: Viewer) -> TweetPhoto:
        """
        Return the photo whose file or thumbnail has this key.

        :raises PhotoGone: there is none, `viewer` may not see it, or its tweet is deleted (for staff too).
        """
        photo = TweetPhoto.objects.filter(key=key).first() or TweetPhoto.objects.filter(thumbnail_key=key).first()
        if photo is None or photo.tweet_id is None:
            raise PhotoGone
        if not Tweet.objects.visible_to(viewer).filter(id=photo.tweet_id).exists():
            raise PhotoGone
        own_pending = photo.status == PhotoStatus.PENDING and photo.user_id == viewer.id
        if cls.is_hidden(status=photo.status) and not own_pending and not viewer.is_staff:
            raise PhotoGone
        return photo

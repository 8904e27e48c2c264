"""
The verbs of photos: keeping, attaching, reviewing and showing them.
"""

from datetime import timedelta

from django.conf import settings
from django.core.files.storage import default_storage
from django.db.models import F
from django.utils import timezone

from outbox.services import OutboxService
from tweets import cache
from tweets.constants import ORPHAN_SECONDS, THUMBNAIL_PIXELS, PhotoStatus
from tweets.events import PhotoReviewed, PhotosAttached
from tweets.models import Tweet, TweetPhoto
from utils.database.transactions import after_commit, retried_transaction
from utils.errors import Missing
from utils.images import make_thumbnail
from utils.images.media import delete_files, move, new_key, remove_files, save_image


class PhotoGone(Missing):
    """
    There is no such photo, or it may not be seen.
    """


class PhotoService:
    """
    Everything the rest of the project may ask of photos.
    """

    @classmethod
    def keep(cls, *, owner, images):
        """
        Store pictures whose tweet is still to come and return their rows, in the order given.

        Rows are committed before files, so that no file is ever without a row that leads to it.
        Call it outside the transaction of the tweet, and `discard` what came to nothing.
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
                key=new_key("photos", image, is_private=cls.is_hidden(status)),
            )
            for position, image in enumerate(images)
        )
        try:
            for photo, image in zip(photos, images):
                save_image(photo.key, image)
        except BaseException:
            cls.discard(photos)
            raise
        return photos

    @classmethod
    def attach(cls, photos, tweet):
        """
        Give photos to their tweet, inside its transaction. Thumbnails come by a task (event `photos_attached`).
        """
        if photos:
            TweetPhoto.objects.filter(id__in=[photo.id for photo in photos]).update(tweet_id=tweet.id)
            OutboxService.record(PhotosAttached(tweet_id=tweet.id))

    @classmethod
    def discard(cls, photos):
        """
        Remove photos that belong to no tweet, files and rows.
        """
        loose = TweetPhoto.objects.filter(id__in=[photo.id for photo in photos], tweet__isnull=True)
        delete_files([key for photo in photos for key in (photo.key, photo.thumbnail_key)])
        loose.delete()

    @classmethod
    def _remove_orphans(cls):
        """
        Remove a few uploads whose process died before their tweet was there.
        """
        long_ago = timezone.now() - timedelta(seconds=ORPHAN_SECONDS)
        orphans = list(TweetPhoto.objects.filter(tweet__isnull=True, created_at__lt=long_ago)[:20])
        if orphans:
            cls.discard(orphans)

    @classmethod
    def make_thumbnails(cls, tweet_id):
        """
        Make the thumbnails that a tweet's photos lack; return how many. Repeats safely.
        """
        bare, count = TweetPhoto.objects.filter(tweet_id=tweet_id, thumbnail_key="").exclude(key=""), 0
        while photo := bare.first():
            with default_storage.open(photo.key) as file:
                small = make_thumbnail(file.read(), max_pixels=THUMBNAIL_PIXELS)
            key = new_key("photos/thumbnails", small, is_private=cls.is_hidden(photo.status))
            save_image(key, small)
            # A photo that was reviewed or removed meanwhile may have to lie elsewhere: it is looked at again.
            if bare.filter(id=photo.id, key=photo.key, status=photo.status).update(thumbnail_key=key):
                count += 1
            else:
                delete_files([key])
        return count

    @classmethod
    def remove_of_deleted(cls, tweet_id):
        """
        Remove the files of a deleted tweet's photos; return of how many. Repeats safely.

        Their rows stay, without keys: the audit trail names them, as it names the tweet, whose words stay too.
        """
        photos, count = TweetPhoto.objects.filter(tweet_id=tweet_id, tweet__deleted_at__isnull=False), 0
        while photo := photos.exclude(key="", thumbnail_key="").first():
            remove_files([photo.key, photo.thumbnail_key])
            # A photo that got its thumbnail or was moved meanwhile is looked at again.
            same = TweetPhoto.objects.filter(id=photo.id, key=photo.key, thumbnail_key=photo.thumbnail_key)
            count += same.update(key="", thumbnail_key="")
        return count

    @classmethod
    def is_hidden(cls, status):
        """
        Say whether strangers may not see a photo of this status.
        """
        return status == PhotoStatus.REJECTED or (status == PhotoStatus.PENDING and settings.PHOTO_REVIEW == "pre")

    @classmethod
    def approve(cls, *, photo):
        """
        Let everyone see a photo; return whether that is new. Repeats safely.

        :raises PhotoGone: its tweet was deleted.
        """
        return cls._review(photo, PhotoStatus.APPROVED)

    @classmethod
    def reject(cls, *, photo):
        """
        Let nobody see a photo, at once: it is in no tweet, and its address is 404 for all but staff.

        Returns whether that is new. Repeats safely.

        :raises PhotoGone: its tweet was deleted.
        """
        return cls._review(photo, PhotoStatus.REJECTED)

    @classmethod
    def _review(cls, photo, status):
        # Files first: on S3 this is traffic, which no transaction should wait for.
        hidden = cls.is_hidden(status)
        keys = {
            name: move(getattr(photo, name), to_private=hidden)
            for name in ("key", "thumbnail_key")
            if getattr(photo, name)
        }
        try:
            return cls._set_status(photo, status, keys)
        except PhotoGone:
            # What was just being moved may have escaped those who remove it.
            delete_files(keys.values())
            raise

    @classmethod
    @retried_transaction
    def _set_status(cls, photo, status, keys):
        """
        What a tweet shows has changed, so it gets a new version: what is cached of the old one is never read again.
        """
        changes = {"version": F("version") + 1, "revision": F("revision") + 1}
        if not Tweet.objects.there().filter(id=photo.tweet_id).update(**changes):
            raise PhotoGone
        is_new = TweetPhoto.objects.filter(id=photo.id).exclude(status=status).exists()
        TweetPhoto.objects.filter(id=photo.id).update(status=status, **keys)
        OutboxService.record(PhotoReviewed(tweet_id=photo.tweet_id))
        after_commit(cls.refresh, photo.tweet_id)
        return is_new

    @classmethod
    def refresh(cls, tweet_id):
        """
        Make readers see the new version of a tweet; say whether the caches confirmed it. Repeats safely.
        """
        tweet = Tweet.objects.filter(id=tweet_id).first()
        return tweet is None or cache.replace_versions(tweet)

    @classmethod
    def get_all_of(cls, tweet_ids):
        """
        Return {tweet id: [photo]} in the order of their positions, whoever may see them; one query.
        """
        photos = {}
        for photo in TweetPhoto.objects.filter(tweet_id__in=tweet_ids).exclude(key="").order_by("tweet_id", "position"):
            photos.setdefault(photo.tweet_id, []).append(photo)
        return photos

    @classmethod
    def get_visible(cls, key, viewer):
        """
        Return the photo whose file or thumbnail has this key; with its tweet it is gone for staff too.

        :raises PhotoGone: there is none, or `viewer` may not see it.
        """
        photo = TweetPhoto.objects.filter(key=key).first() or TweetPhoto.objects.filter(thumbnail_key=key).first()
        if photo is None or not Tweet.objects.visible_to(viewer).filter(id=photo.tweet_id).exists():
            raise PhotoGone
        own_pending = photo.status == PhotoStatus.PENDING and photo.user_id == viewer.id
        if cls.is_hidden(photo.status) and not own_pending and not viewer.is_staff:
            raise PhotoGone
        return photo

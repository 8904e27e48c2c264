"""
Limits of tweets and their photos.
"""

from django.db.models import TextChoices

# Code points, counted after trimming.
MIN_CONTENT_LENGTH, MAX_CONTENT_LENGTH = 6, 140
# A cached tweet never changes: its key contains the tweet's version.
TWEET_CACHE_SECONDS = 3600
# How long the state (version, counters, deleted) of a tweet stays in Redis.
STATE_SECONDS = 86_400
# How many ids one query reads when all tweets of a user are walked through.
WALK_SIZE = 1000

MAX_PHOTOS = 9
# The size to which a photo and its thumbnail are shrunk. By area, so that a long screenshot stays readable.
PHOTO_PIXELS, THUMBNAIL_PIXELS = 2048 * 2048, 320 * 320
# An upload without a tweet is removed after this time.
ORPHAN_SECONDS = 3600


class PhotoStatus(TextChoices):
    """
    What moderators decided about a photo. settings.PHOTO_REVIEW says whether a PENDING one is visible.
    """

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"


class PhotoKind(TextChoices):
    """
    The type of an upload. There is only one so far.
    """

    IMAGE = "image"

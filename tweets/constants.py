"""
Limits of tweets and their photos.
"""

from django.db.models import TextChoices

# Code points, counted after trimming.
CONTENT_MIN, CONTENT_MAX = 6, 140
# What a cached tweet says does not change: its key holds the tweet's version.
TWEET_CACHE_SECONDS = 3600
# The state (version, counters, deleted) of a tweet in Redis.
STATE_SECONDS = 86_400
# How many tweets one run of a purge deletes, so that a task stays short.
PURGE_SIZE = 300
# Ids read at once by whoever walks through all tweets of a user.
WALK_SIZE = 1000

MOST_PHOTOS = 9
# What a photo is shrunk to, and its thumbnail. By area, so that a long screenshot stays as readable as any photo.
PHOTO_PIXELS, THUMBNAIL_PIXELS = 2048 * 2048, 320 * 320
# An upload whose tweet never came is removed after this long.
ORPHAN_SECONDS = 3600


class PhotoStatus(TextChoices):
    """
    What moderators have said about a photo. Whether PENDING may be seen, settings.PHOTO_REVIEW decides.
    """

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"


class PhotoKind(TextChoices):
    """
    What an upload is; videos may come.
    """

    IMAGE = "image"

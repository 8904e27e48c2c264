"""
The events that tweets announce.
"""

from dataclasses import dataclass
from typing import ClassVar

from outbox.events import Event


@dataclass(frozen=True, kw_only=True)
class TweetDeleted(Event):
    """
    A tweet was deleted.
    """

    name: ClassVar[str] = "tweet_deleted"

    tweet_id: int
    author_id: int


@dataclass(frozen=True, kw_only=True)
class TweetRecounted(Event):
    """
    A counter of a tweet was repaired.
    """

    name: ClassVar[str] = "tweet_recounted"

    tweet_id: int


@dataclass(frozen=True, kw_only=True)
class PhotosAttached(Event):
    """
    A tweet was posted with photos.
    """

    name: ClassVar[str] = "photos_attached"

    tweet_id: int


@dataclass(frozen=True, kw_only=True)
class PhotoReviewed(Event):
    """
    A moderator approved or rejected a photo of a tweet.
    """

    name: ClassVar[str] = "photo_reviewed"

    tweet_id: int


@dataclass(frozen=True, kw_only=True)
class TweetsPurgeContinued(Event):
    """
    A closed account may have more tweets to delete.
    """

    name: ClassVar[str] = "tweets_purge_continued"
    # To be removed on 1 March 2027: the name in rows of earlier releases.
    aliases: ClassVar[tuple[str, ...]] = ("tweets_purge_goes_on",)

    user_id: int

"""
Event handlers of tweets.
"""

from collections.abc import Sequence

from accounts.events import AccountDeleted
from comments.events import CommentEvent
from likes.events import LikeEvent
from outbox.handling import event_handler
from tweets.events import PhotoReviewed, PhotosAttached, TweetDeleted, TweetRecounted, TweetsPurgeContinued
from tweets.services import DeletionUnconfirmed, PhotoService, TweetService
from utils.errors import Unavailable


class StateUnconfirmed(Unavailable):
    """
    Redis did not confirm the counters of a tweet.
    """


@event_handler()
def forget_tweet(events: Sequence[TweetDeleted]) -> str:
    """
    Mark deleted tweets in the caches once more.

    Safe to run twice: an older or equal state changes nothing.
    """
    for event in events:
        if not TweetService.invalidate_deleted(tweet_id=event.tweet_id):
            raise DeletionUnconfirmed
    return f"{len(events)} deleted tweets are marked in the caches"


@event_handler(
    aliases=[
        "tweets.tasks.refresh_liked_tweet",
        "tweets.tasks.refresh_commented_tweet",
        "tweets.tasks.refresh_recounted_tweet",
    ]
)
def refresh_counters(events: Sequence[CommentEvent | LikeEvent | TweetRecounted]) -> str:
    """
    Write to Redis the counters of tweets whose likes or comments changed.

    Safe to run twice: an older or equal state changes nothing.
    """
    tweet_ids = {tweet_id for event in events if (tweet_id := _counted_tweet_id(event))}
    if not TweetService.refresh_states(tweet_ids=tweet_ids):
        raise StateUnconfirmed
    return f"counters of {len(tweet_ids)} tweets are refreshed"


def _counted_tweet_id(event: CommentEvent | LikeEvent | TweetRecounted) -> int | None:
    if isinstance(event, LikeEvent):
        return event.object_id if event.content_type == "tweet" else None
    return event.tweet_id


@event_handler(batch_size=1)
def purge_tweets(events: Sequence[AccountDeleted | TweetsPurgeContinued]) -> str:
    """
    Delete the tweets of people whose accounts are closed.

    Safe to run twice: a deleted tweet is not deleted or counted again.
    """
    for event in events:
        TweetService.purge_some(user_id=event.user_id)
    return f"tweets of {len(events)} closed accounts are deleted"


@event_handler(batch_size=1)
def make_thumbnails(events: Sequence[PhotosAttached]) -> str:
    """
    Make the thumbnails of tweets' photos.

    Safe to run twice: a photo that has a thumbnail is left alone.
    """
    made = [PhotoService.make_thumbnails(tweet_id=event.tweet_id) for event in events]
    return f"{sum(made)} thumbnails of {len(events)} tweets are made"


@event_handler()
def refresh_reviewed_tweet(events: Sequence[PhotoReviewed]) -> str:
    """
    Make readers see tweets as they are after their photos were reviewed.

    Safe to run twice: an older or equal state changes nothing.
    """
    for tweet_id in {event.tweet_id for event in events}:
        if not PhotoService.refresh(tweet_id=tweet_id):
            raise StateUnconfirmed
    return f"{len(events)} tweets are refreshed after a review of their photos"


@event_handler(batch_size=10)
def remove_photos(events: Sequence[TweetDeleted]) -> str:
    """
    Remove the files of deleted tweets' photos.

    Safe to run twice: a photo without files has no keys, and removing a missing file is no error.
    """
    removed = [PhotoService.remove_files_of_deleted(tweet_id=event.tweet_id) for event in events]
    return f"files of {sum(removed)} photos of {len(events)} deleted tweets are removed"

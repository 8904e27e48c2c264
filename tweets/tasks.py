"""
Handlers of events: tweets.
"""

from collections.abc import Sequence

from outbox.handling import event_handler
from outbox.models import Message
from tweets.services import DeletionUnconfirmed, PhotoService, TweetService
from utils.errors import Unavailable


class StateUnconfirmed(Unavailable):
    """
    Redis did not confirm the counters of a tweet.
    """


@event_handler()
def forget_tweet(messages: Sequence[Message]) -> str:
    """
    Mark deleted tweets in the caches once more.

    Safe to run twice: an older or equal state changes nothing.
    """
    for message in messages:
        if not TweetService.forget(message.payload["tweet_id"]):
            raise DeletionUnconfirmed
    return f"{len(messages)} tweets are forgotten"


@event_handler(
    aliases=[
        "tweets.tasks.refresh_liked_tweet",
        "tweets.tasks.refresh_commented_tweet",
        "tweets.tasks.refresh_recounted_tweet",
    ]
)
def refresh_counters(messages: Sequence[Message]) -> str:
    """
    Tell Redis the counters of tweets that were liked or commented on, or no longer are.

    Safe to run twice: an older or equal state changes nothing.
    """
    tweet_ids = {tweet_id for message in messages if (tweet_id := _counted_tweet_id(message.payload))}
    if not TweetService.refresh_states(tweet_ids):
        raise StateUnconfirmed
    return f"{len(tweet_ids)} tweets are counted"


def _counted_tweet_id(payload: dict) -> int | None:
    if "tweet_id" in payload:
        return payload["tweet_id"]
    return payload["object_id"] if payload["content_type"] == "tweet" else None


@event_handler(batch_size=1)
def purge_tweets(messages: Sequence[Message]) -> str:
    """
    Delete the tweets of people whose accounts are closed.

    Safe to run twice: what is deleted is gone, and counted once.
    """
    for message in messages:
        TweetService.purge_some_of(user_id=message.payload["user_id"])
    return f"tweets of {len(messages)} closed accounts are deleted"


@event_handler(batch_size=1)
def make_thumbnails(messages: Sequence[Message]) -> str:
    """
    Make the thumbnails of tweets' photos.

    Safe to run twice: a photo that has its thumbnail is left alone.
    """
    made = [PhotoService.make_thumbnails(message.payload["tweet_id"]) for message in messages]
    return f"{sum(made)} thumbnails of {len(messages)} tweets are made"


@event_handler()
def refresh_reviewed_tweet(messages: Sequence[Message]) -> str:
    """
    Make readers see tweets as they are after a review of their photos.

    Safe to run twice: an older or equal state changes nothing.
    """
    for tweet_id in {message.payload["tweet_id"] for message in messages}:
        if not PhotoService.refresh(tweet_id):
            raise StateUnconfirmed
    return f"{len(messages)} tweets are seen with their photos as reviewed"


@event_handler(batch_size=10)
def remove_photos(messages: Sequence[Message]) -> str:
    """
    Remove the files of deleted tweets' photos.

    Safe to run twice: what is removed has no key any more, and removing a file that is gone is no error.
    """
    removed = [PhotoService.remove_of_deleted(message.payload["tweet_id"]) for message in messages]
    return f"files of {sum(removed)} photos of {len(messages)} deleted tweets are removed"

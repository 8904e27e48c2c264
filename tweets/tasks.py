"""
Tasks of tweets.
"""

from outbox.handling import outbox_task
from tweets.services import DeletionUnconfirmed, TweetService


@outbox_task()
def forget_tweet(message_id, tweet_id, author_id):
    """
    Mark a deleted tweet in the caches once more.

    Safe to run twice: an older or equal state changes nothing.
    """
    if not TweetService.forget(tweet_id):
        raise DeletionUnconfirmed
    TweetService.remove_from_author(tweet_id, author_id)
    return f"tweet {tweet_id} is forgotten"

"""
Tasks of tweets.
"""

from accounts.models import User
from outbox.handling import outbox_task
from outbox.services import OutboxService
from tweets.services import DeletionUnconfirmed, PhotoService, TweetService
from utils.errors import Unavailable


class StateUnconfirmed(Unavailable):
    """
    Redis did not confirm the counters of a tweet.
    """


@outbox_task()
def forget_tweet(message_id, tweet_id, author_id):
    """
    Mark a deleted tweet in the caches once more.

    Safe to run twice: an older or equal state changes nothing.
    """
    if not TweetService.forget(tweet_id):
        raise DeletionUnconfirmed
    return f"tweet {tweet_id} is forgotten"


@outbox_task()
def refresh_liked_tweet(message_id, content_type, object_id, user_id, owner_id):
    """
    Tell Redis the counters of a tweet that was liked, or no longer is.

    Safe to run twice: an older or equal state changes nothing.
    """
    if content_type == "tweet" and not TweetService.refresh_state(object_id):
        raise StateUnconfirmed
    return f"{content_type} {object_id} is counted"


@outbox_task()
def refresh_commented_tweet(message_id, comment_id, tweet_id, user_id, tweet_author_id):
    """
    Tell Redis the counters of a tweet that was commented on, or no longer is.

    Safe to run twice: an older or equal state changes nothing.
    """
    if not TweetService.refresh_state(tweet_id):
        raise StateUnconfirmed
    return f"tweet {tweet_id} is counted"


@outbox_task()
def refresh_recounted_tweet(message_id, tweet_id):
    """
    Tell Redis the counters of a tweet that were set right.

    Safe to run twice: an older or equal state changes nothing.
    """
    if not TweetService.refresh_state(tweet_id):
        raise StateUnconfirmed
    return f"tweet {tweet_id} is counted"


@outbox_task()
def purge_tweets(message_id, user_id):
    """
    Delete the tweets of somebody whose account is closed.

    Safe to run twice: what is deleted is gone, and counted once.
    """
    if TweetService.delete_some_of(User.objects.get(id=user_id)):
        OutboxService.record("tweets_purge_goes_on", user_id=user_id)
    return f"tweets of user {user_id} are deleted"


@outbox_task()
def make_thumbnails(message_id, tweet_id):
    """
    Make the thumbnails of a tweet's photos.

    Safe to run twice: a photo that has its thumbnail is left alone.
    """
    return f"{PhotoService.make_thumbnails(tweet_id)} thumbnails of tweet {tweet_id} are made"


@outbox_task()
def refresh_reviewed_tweet(message_id, tweet_id):
    """
    Make readers see a tweet as it is after a review of its photos.

    Safe to run twice: an older or equal state changes nothing.
    """
    if not PhotoService.refresh(tweet_id):
        raise StateUnconfirmed
    return f"tweet {tweet_id} is seen with its photos as reviewed"


@outbox_task()
def remove_photos(message_id, tweet_id, author_id):
    """
    Remove the files of a deleted tweet's photos.

    Safe to run twice: what is removed has no key any more, and removing a file that is gone is no error.
    """
    return f"files of {PhotoService.remove_of_deleted(tweet_id)} photos of tweet {tweet_id} are removed"

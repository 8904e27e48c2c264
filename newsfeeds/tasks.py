"""
Tasks of feeds: the fan-out of the push model and its undoing.
"""

from newsfeeds.services import NewsFeedService
from outbox.handling import outbox_task


@outbox_task()
def fan_out_tweet(message_id, tweet_id, author_id):
    """
    Cut the followers of a tweet's author into batches.

    Safe to run twice: the outbox row is swapped for the batches in one transaction, a second run finds it gone.
    """
    batches = NewsFeedService.fan_out(message_id, tweet_id, author_id)
    return f"tweet {tweet_id} goes out in {batches} batches"


@outbox_task()
def show_to_author(message_id, tweet_id, author_id):
    """
    See to it that a tweet is in its author's own feed and on their cached lists.

    Safe to run twice: a feed has each tweet once, and so has a list.
    """
    NewsFeedService.show_to_author(tweet_id, author_id)
    return f"tweet {tweet_id} is in the feed and on the lists of its author"


@outbox_task(queue="fanout")
def deliver_tweet(message_id, tweet_id, author_id, after, until):
    """
    Deliver a tweet to one batch of followers.

    Safe to run twice: a feed has each tweet once, by its primary key, and so has a cached list.
    """
    count = NewsFeedService.deliver(tweet_id, author_id, after, until)
    return f"tweet {tweet_id} is in {count} feeds of batch ({after}, {until}]"


@outbox_task()
def withdraw_tweet(message_id, tweet_id, author_id):
    """
    Cut the followers of a deleted tweet's author into batches.

    Safe to run twice: the outbox row is swapped for the batches in one transaction, a second run finds it gone.
    """
    batches = NewsFeedService.withdraw(message_id, tweet_id, author_id)
    return f"tweet {tweet_id} is withdrawn in {batches} batches"


@outbox_task()
def hide_from_author(message_id, tweet_id, author_id):
    """
    See to it that a deleted tweet is on none of its author's own cached lists.

    Safe to run twice: what is gone is gone.
    """
    NewsFeedService.hide_from_author(tweet_id, author_id)
    return f"tweet {tweet_id} is off the lists of its author"


@outbox_task(queue="fanout")
def remove_tweet(message_id, tweet_id, author_id, after, until):
    """
    Take a deleted tweet out of one batch of feeds.

    Safe to run twice: what is gone is gone.
    """
    count = NewsFeedService.remove(tweet_id, author_id, after, until)
    return f"tweet {tweet_id} has left {count} feeds of batch ({after}, {until}]"


@outbox_task()
def settle_feed(message_id, follower_id, followee_id, friendship_id=None):
    """
    Make a feed agree with a friendship that has begun or ended.

    Safe to run twice: it looks at the friendship as it is, not at the event.
    """
    follows = NewsFeedService.settle(follower_id, followee_id)
    return f"the feed of user {follower_id} {'has' if follows else 'has lost'} the tweets of user {followee_id}"


@outbox_task()
def write_missed_rows(message_id, puts, deletes, version):
    """
    Write to HBase the rows of feeds that it could not take.

    Safe to run twice: the version is as old as the change, so whatever was written since stays.
    """
    NewsFeedService.write_missed_rows(puts, deletes, version)
    return f"{len(puts) + len(deletes)} missed rows of feeds are in HBase"

"""
Handlers of events: the fan-out of the push model and its undoing.
"""

from collections.abc import Sequence

from celery import shared_task
from django.conf import settings

from accounts.events import AccountDeleted
from friendships.events import FriendshipEvent
from newsfeeds.events import (
    AuthorCrossed,
    FanOutBatchReady,
    FeedRowsMissed,
    FeedUpkeepDue,
    PulledFollowDue,
    PulledTweetsDue,
    ReaderReturned,
    RemovalBatchReady,
    TweetCreated,
)
from newsfeeds.services import (
    CrossingService,
    DeliveryService,
    EdgeService,
    FeedCheckService,
    FeedUpkeepService,
    NewsFeedService,
    ReaderService,
)
from outbox.handling import event_handler
from tweets.events import TweetDeleted


@event_handler(
    queue="fanout", batch_size=20, aliases=["newsfeeds.tasks.fan_out_tweet", "newsfeeds.tasks.show_to_author"]
)
def deliver_tweets(events: Sequence[TweetCreated]) -> str:
    """
    Deliver tweets to all followers of their authors; many followers are split into ranges.

    Safe to run twice: by its primary key a feed has each tweet once, and so has a cached list; the ranges
    are recorded in the outbox row and split only once.
    """
    return DeliveryService.deliver_all(events=events)


@event_handler(queue="fanout", batch_size=2, aliases=["newsfeeds.tasks.deliver_tweet"])
def deliver_to_range(events: Sequence[FanOutBatchReady]) -> str:
    """
    Deliver tweets to one range of followers each.

    Safe to run twice: a feed has each tweet once, by its primary key, and so has a cached list.
    """
    counts = [
        DeliveryService.deliver_to_range(
            tweet_id=event.tweet_id, author_id=event.author_id, after=event.after, until=event.until
        )
        for event in events
    ]
    return f"{len(events)} tweets are in {sum(counts)} feeds"


@event_handler(batch_size=20, aliases=["newsfeeds.tasks.withdraw_tweet", "newsfeeds.tasks.hide_from_author"])
def withdraw_tweets(events: Sequence[TweetDeleted]) -> str:
    """
    Remove deleted tweets from all feeds; many followers are split into ranges.

    Safe to run twice: a removed row is not found again, and the ranges are recorded in the
    outbox row and split only once.
    """
    return DeliveryService.withdraw_all(events=events)


@event_handler(queue="fanout", batch_size=2, aliases=["newsfeeds.tasks.remove_tweet"])
def remove_from_range(events: Sequence[RemovalBatchReady]) -> str:
    """
    Remove deleted tweets from the feeds of one range of followers each.

    Safe to run twice: a removed row is not found again.
    """
    counts = [
        DeliveryService.remove_from_range(
            tweet_id=event.tweet_id, author_id=event.author_id, after=event.after, until=event.until
        )
        for event in events
    ]
    return f"{len(events)} tweets have left {sum(counts)} feeds"


@event_handler(batch_size=25, aliases=["newsfeeds.tasks.settle_feed", "newsfeeds.tasks.settle_feeds"])
def reconcile_feeds(events: Sequence[FriendshipEvent]) -> str:
    """
    Make feeds agree with friendships that have begun or ended.

    Safe to run twice: it reads the present friendships and does not rely on the events.
    """
    changes = {(event.follower_id, event.followee_id, event.friendship_id) for event in events}
    NewsFeedService.reconcile(changes=sorted(changes))
    return f"{len(changes)} feeds agree with a friendship"


@event_handler(batch_size=20)
def reconcile_authors(events: Sequence[AuthorCrossed]) -> str:
    """
    Let authors cross from being pushed to being pulled, or back.

    Safe to run twice: it counts their followers now and does not rely on the events.
    """
    author_ids = {event.author_id for event in events}
    CrossingService.reconcile(author_ids=author_ids)
    return f"{len(author_ids)} authors are reconciled"


@event_handler(queue="fanout", batch_size=1)
def deliver_pulled_tweets(events: Sequence[PulledTweetsDue]) -> str:
    """
    Write the rows of tweets that were pulled, for some followers of an author who is pushed again.

    Safe to run twice: a feed has each tweet once, by its primary key, and the next event is recorded once.
    """
    counts = [CrossingService.deliver_some(event=event) for event in events]
    return f"{sum(counts)} feeds have the rows of an author who was pulled"


@event_handler(batch_size=1)
def look_after_feeds(events: Sequence[FeedUpkeepDue]) -> str:
    """
    Note who is idle, choose whom they pull, and remove old rows, for some readers.

    Safe to run twice: it goes by what is noted of readers, and the next event is recorded once. Only the counts of
    pages, which are statistics, are halved twice.
    """
    counts = [FeedUpkeepService.look_after_some(event=event) for event in events]
    return f"{sum(counts)} feeds are looked after"


@event_handler(batch_size=1)
def restore_feeds(events: Sequence[ReaderReturned]) -> str:
    """
    Write rows that readers lack who were idle and have returned.

    Safe to run twice: a feed has each tweet once, by its primary key, and the next event is recorded once.
    """
    counts = [FeedUpkeepService.restore_some(event=event) for event in events]
    return f"{sum(counts)} rows are written for readers who have returned"


@event_handler()
def forget_readers(events: Sequence[AccountDeleted]) -> str:
    """
    Forget how people read whose accounts are closed.

    Safe to run twice: what is forgotten is not found again.
    """
    ReaderService.forget(user_ids={event.user_id for event in events})
    return f"{len(events)} readers are forgotten"


@event_handler(batch_size=5)
def deliver_pulled_follows(events: Sequence[PulledFollowDue]) -> str:
    """
    Write the rows that follows lack whose tweets were pulled and are pushed again.

    Safe to run twice: a feed has each tweet once, by its primary key.
    """
    for event in events:
        EdgeService.deliver(follower_id=event.follower_id, followee_id=event.followee_id)
    return f"{len(events)} follows are pushed again"


@event_handler(batch_size=5)
def write_missed_rows(events: Sequence[FeedRowsMissed]) -> str:
    """
    Write the rows of feeds to HBase that it could not store when they were due.

    Safe to run twice: the rows have the version of the original change, so newer writes stay.
    """
    for event in events:
        puts, deletes = ([(user_id, tweet_id) for user_id, tweet_id in keys] for keys in (event.puts, event.deletes))
        NewsFeedService.write_missed_rows(puts=puts, deletes=deletes, version=event.version)
    return f"{len(events)} lots of missed rows of feeds are in HBase"


@shared_task
def check_crossings() -> str:
    """
    Find authors whose tweets are pulled and should not be any more, those who have stopped posting too.

    Safe to run twice: it only records events.
    """
    return f"{CrossingService.announce_returns()} authors are pulled"


@shared_task
def begin_feed_upkeep() -> str:
    """
    Begin the daily walk over all readers.

    Safe to run twice: two walks find the same, and each changes what the other has left.
    """
    return "a walk begins" if FeedUpkeepService.begin() else "everybody has every row"


@shared_task
def check_feeds() -> str:
    """
    Compare some feeds, from a random user on, with their definition, and count and log the differences.

    Safe to run twice: it changes nothing.
    """
    chunks = list(FeedCheckService.check_sample(size=settings.FEED_CHECK_SAMPLE))
    return (
        f"{sum(chunk.readers_count for chunk in chunks)} feeds, {sum(len(chunk.found) for chunk in chunks)} differences"
    )

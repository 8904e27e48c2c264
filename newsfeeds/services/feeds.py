"""
The verbs of feeds: reading the home feed, and keeping feeds in step with the graph.
"""

from collections.abc import Sequence

from django.conf import settings

from accounts.services import AccountService
from friendships.services import FriendshipService
from friendships.storage import mysql_store
from newsfeeds.cache import user_newsfeeds
from newsfeeds.storage import HBaseNewsFeedStore, store_to_read, store_to_write
from tweets.services import TweetService
from utils.database.pagination import fill_page
from utils.database.transactions import retried_transaction


class NewsFeedService:
    """
    Everything the rest of the project may ask of feeds.
    """

    @classmethod
    def load_feed(cls, viewer, window, limit):
        """
        Return a page of the viewer's home feed, newest first.

        No SQL and two round trips when warm: ids with their states from Redis, then tweets and
        authors from Memcached.

        :raises HBaseUnavailable: Redis has no list, HBase alone has the rows, and does not answer.
        """

        def get_ids(before, after, wanted):
            return store_to_read(viewer.id).get_tweet_ids(viewer.id, before=before, after=after, limit=wanted)

        def fetch(before, after, wanted):
            return user_newsfeeds.load(viewer.id, before=before, after=after, limit=wanted, fetch=get_ids)

        def keep(entries):
            return TweetService.load_entries(entries, viewer)

        return fill_page(window, limit, fetch=fetch, keep=keep, id_of=lambda tweet: tweet.id)

    @classmethod
    def reconcile(cls, pairs: Sequence[tuple[int, int]]) -> None:
        """
        Make feeds agree with whether their owners follow somebody: back-fill their newest tweets, or remove all.

        What counts is the friendship as it is now, not the event that woke this: follow, unfollow
        and follow again may be handled in any order.

        :param pairs: (follower id, followee id).
        :raises HBaseUnavailable: HBase alone has feeds, and some may not agree.
        :raises RedisUnavailable: the rows agree, cached lists may not.
        """
        for follower_id, followee_id in pairs:
            cls._reconcile_rows(follower_id, followee_id)
        user_newsfeeds.drop({follower_id for follower_id, _ in pairs})

    @classmethod
    @retried_transaction
    def _reconcile_rows(cls, follower_id: int, followee_id: int) -> None:
        AccountService.lock_profiles(follower_id)
        follows = FriendshipService.has_followed(follower_id=follower_id, followee_id=followee_id)
        # Of somebody who is followed again, what was deleted in between: its withdrawal knew of no follower here.
        leaving = TweetService.get_deleted_ids_by(followee_id) if follows else TweetService.get_all_ids_by(followee_id)
        with store_to_write() as store:
            for tweet_ids in leaving:
                store.remove_many(follower_id, tweet_ids)
            if follows:
                store.deliver_many(follower_id, TweetService.hold_newest(followee_id, settings.BACKFILL_TWEETS))

    @classmethod
    def write_missed_rows(cls, puts, deletes, version):
        """
        Write to HBase what it could not take when it was due. Repeats safely, in any order.

        Lists that were read from HBase meanwhile lack it, or still have it, and are dropped.

        :raises HBaseUnavailable: it is still away.
        :raises RedisUnavailable: the rows are there, cached lists may be older.
        """
        HBaseNewsFeedStore().write(puts=puts, deletes=deletes, version=version)
        user_newsfeeds.drop({user_id for user_id, _ in [*puts, *deletes]})

    @classmethod
    def count_feeds(cls, tweet_id, author_id):
        """
        Return (followers whose feed holds the tweet, followers, whether the author's own does).

        By the keys of the followers' feeds, because feeds have no index by tweet.
        """
        follower_ids = mysql_store().get_followers_between(author_id, after=0, until=2**63 - 1)
        store = store_to_read(author_id)
        own = store.count_feeds_with(tweet_id, [author_id])
        return store.count_feeds_with(tweet_id, follower_ids), len(follower_ids), bool(own)

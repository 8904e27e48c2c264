"""
The verbs of feeds: reading the home feed, and keeping feeds in step with the graph.
"""

from collections.abc import Iterable, Sequence

from django.conf import settings
from django.utils import timezone

from accounts.services import AccountService
from friendships.services import FriendshipService
from friendships.storage import mysql_store
from newsfeeds.cache import user_newsfeeds
from newsfeeds.models import FeedFollow
from newsfeeds.storage import HBaseNewsFeedStore, NewsFeedStore, store_to_read, store_to_write
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
            return TweetService.load_entries(entries=entries, viewer=viewer)

        return fill_page(window, limit, fetch=fetch, keep=keep, id_of=lambda tweet: tweet.id)

    @classmethod
    def reconcile(cls, changes: Sequence[tuple[int, int, int]]) -> None:
        """
        Make feeds agree with whether their owners follow somebody: back-fill their newest tweets, or remove all.

        What counts is the friendship as it is now, not the event that woke this: follow, unfollow
        and follow again may be handled in any order.

        :param changes: (follower id, followee id, id of the friendship that began or ended).
        :raises HBaseUnavailable: HBase alone has feeds, and some may not agree.
        :raises RedisUnavailable: the rows agree, cached lists may not.
        """
        for follower_id, followee_id, friendship_id in changes:
            cls._reconcile_rows(follower_id, followee_id, friendship_id)
        user_newsfeeds.drop({follower_id for follower_id, _, _ in changes})

    @classmethod
    @retried_transaction
    def _reconcile_rows(cls, follower_id: int, followee_id: int, changed_id: int) -> None:
        AccountService.lock_profiles(user_ids=[follower_id])
        friendship_id = FriendshipService.get_friendship_id(follower_id=follower_id, followee_id=followee_id)
        with store_to_write() as store:
            if friendship_id is None:
                cls._remove_all(store, follower_id, TweetService.get_all_ids_by(user_id=followee_id))
                FeedFollow.objects.filter(pk=(follower_id, followee_id)).update(ended_at=timezone.now())
                return
            newest = TweetService.lock_shared_newest(user_id=followee_id, count=settings.BACKFILL_TWEETS)
            oldest_id = cls._note_follow(follower_id, followee_id, friendship_id, newest)
            if changed_id != friendship_id:
                # Followed again before the end of the follow before was settled: what that one had brought.
                cls._remove_all(store, follower_id, TweetService.get_all_ids_by(user_id=followee_id, before=oldest_id))
            # What was deleted while nobody followed: its withdrawal knew of no follower here.
            cls._remove_all(store, follower_id, TweetService.get_deleted_ids_by(user_id=followee_id))
            store.deliver_many(follower_id, [tweet_id for tweet_id in newest if tweet_id >= oldest_id])

    @classmethod
    def _remove_all(cls, store: NewsFeedStore, follower_id: int, lists: Iterable[list[int]]) -> None:
        for tweet_ids in lists:
            store.remove_many(follower_id, tweet_ids)

    @classmethod
    def _note_follow(cls, follower_id: int, followee_id: int, friendship_id: int, newest: list[int]) -> int:
        """
        Note, at the first settling of a friendship, how far back the followee's tweets go; return that id.
        """
        noted = FeedFollow.objects.filter(pk=(follower_id, followee_id), friendship_id=friendship_id, ended_at=None)
        oldest_id = noted.values_list("oldest_id", flat=True).first()
        if oldest_id is None:
            is_all = len(newest) < settings.BACKFILL_TWEETS
            # Of somebody who has posted a hundred since, all of them are delivered.
            oldest_id = 0 if is_all else min(newest[-1], friendship_id)
            FeedFollow.objects.update_or_create(
                follower_id=follower_id,
                followee_id=followee_id,
                defaults={
                    "friendship_id": friendship_id,
                    "oldest_id": oldest_id,
                    "settled_at": timezone.now(),
                    "ended_at": None,
                },
            )
        return oldest_id

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

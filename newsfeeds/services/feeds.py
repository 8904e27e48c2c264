"""
The verbs of feeds: reading the home feed, and keeping feeds in step with the graph.
"""

from collections.abc import Collection, Iterable, Sequence

from django.conf import settings
from django.utils import timezone

from accounts.models import User
from accounts.services import AccountService
from friendships.services import FriendshipService
from friendships.storage import mysql_store
from newsfeeds.cache import drop_feeds, user_newsfeeds
from newsfeeds.models import FeedFollow, PulledAuthor
from newsfeeds.services.reads import ReadCountService
from newsfeeds.services.strategies import STRATEGIES, Entry, get_strategy, is_anything_pulled
from newsfeeds.storage import FeedKey, HBaseNewsFeedStore, NewsFeedStore, store_to_read, store_to_write
from tweets.services import LoadedTweet, TweetService
from utils.database.conditions import any_of
from utils.database.pagination import IdRange, Page, fill_page
from utils.database.time_ids import MAX_ID
from utils.database.transactions import lock_in_share_mode, retried_transaction

# (follower id, followee id).
Pair = tuple[int, int]


class NewsFeedService:
    """
    Everything the rest of the project may ask of feeds.
    """

    @classmethod
    def load_feed(cls, *, viewer: User, id_range: IdRange, limit: int) -> Page[LoadedTweet]:
        """
        Return a page of the viewer's home feed, newest first.

        No SQL and two round trips when warm and pushed: ids with their states from Redis, then tweets
        and authors from Memcached. What other strategies cost they say themselves.

        :raises HBaseUnavailable: feeds are pushed, Redis has no list, HBase alone has the rows, and does not answer.
        """
        strategy = get_strategy(viewer.id)
        if strategy.chooses_edges and id_range == IdRange():
            ReadCountService.count_read(user_id=viewer.id)

        def fetch(before: int | None, after: int | None, wanted: int) -> list[Entry]:
            return strategy.load_entries(viewer.id, before=before, after=after, limit=wanted)

        def filter_visible(entries: Sequence[Entry]) -> list[LoadedTweet]:
            return TweetService.load_entries(entries=entries, viewer=viewer)

        return fill_page(id_range, limit, fetch=fetch, filter_visible=filter_visible, get_id=lambda tweet: tweet.id)

    @classmethod
    def reads_lists(cls) -> bool:
        """
        Return whether most pages come from the readers' cached lists, so that it is worth reading one ahead.
        """
        return STRATEGIES[settings.FEED_STRATEGY].reads_list

    @classmethod
    def reconcile(cls, *, changes: Sequence[tuple[int, int, int]]) -> None:
        """
        Make feeds agree with whether their owners follow somebody: back-fill their newest tweets, or remove all.

        What counts is the friendship as it is now, not the event that woke this: follow, unfollow
        and follow again may be handled in any order.

        :param changes: (follower id, followee id, id of the friendship that began or ended).
        :raises HBaseUnavailable: HBase alone has feeds, and some may not agree.
        :raises RedisUnavailable: the rows agree, cached lists may not.
        """
        cls._reconcile_rows(changes)
        drop_feeds({follower_id for follower_id, _, _ in changes})

    @classmethod
    @retried_transaction
    def _reconcile_rows(cls, changes: Sequence[tuple[int, int, int]]) -> None:
        """
        Reconcile all pairs in one transaction: a commit each would cost more than the rows.
        """
        pairs = {(follower_id, followee_id) for follower_id, followee_id, _ in changes}
        AccountService.lock_profiles(user_ids={follower_id for follower_id, _ in pairs})
        friendship_ids = FriendshipService.get_friendship_ids(pairs=pairs)
        # Followed again before the end of the follow before was handled.
        restarted = {
            (follower_id, followee_id)
            for follower_id, followee_id, changed_id in changes
            if friendship_ids.get((follower_id, followee_id), changed_id) != changed_id
        }
        with store_to_write() as store:
            cls._end_follows(store, pairs - friendship_ids.keys())
            cls._begin_follows(store, friendship_ids, restarted)

    @classmethod
    def _end_follows(cls, store: NewsFeedStore, pairs: Collection[Pair]) -> None:
        if not pairs:
            return
        for followee_id, follower_ids in group_by_followee(pairs):
            cls._remove_all(store, follower_ids, TweetService.get_all_ids_by(user_id=followee_id))
        FeedFollow.objects.filter(any_of(("follower_id", "followee_id"), pairs)).update(ended_at=timezone.now())

    @classmethod
    def _begin_follows(cls, store: NewsFeedStore, friendship_ids: dict[Pair, int], restarted: Collection[Pair]) -> None:
        if not friendship_ids:
            return
        followees = group_by_followee(friendship_ids)
        newest = {
            followee_id: TweetService.lock_shared_newest(user_id=followee_id, count=settings.BACKFILL_TWEETS)
            for followee_id, _ in followees
        }
        oldest_ids = cls._note_follows(friendship_ids, newest)
        for follower_id, followee_id in sorted(restarted):
            # What the follow before had brought.
            before = oldest_ids[follower_id, followee_id]
            cls._remove_all(store, [follower_id], TweetService.get_all_ids_by(user_id=followee_id, before=before))
        for followee_id, follower_ids in followees:
            # What was deleted while nobody followed: its withdrawal knew of no follower here.
            cls._remove_all(store, follower_ids, TweetService.get_deleted_ids_by(user_id=followee_id))
        pulled_since = cls._lock_shared_pulled(newest)
        for (follower_id, followee_id), oldest_id in sorted(oldest_ids.items()):
            until = pulled_since.get(followee_id, MAX_ID)
            store.deliver_many(follower_id, [id for id in newest[followee_id] if oldest_id <= id < until])

    @classmethod
    def _lock_shared_pulled(cls, author_ids: Iterable[int]) -> dict[int, int]:
        """
        Return {author id: since when} of those who are pulled. Until commit none of them begins to be pushed again:
        then followers get what they had to pull.

        One query; none where FEED_STRATEGY is push.
        """
        if not is_anything_pulled():
            return {}
        pulled = PulledAuthor.objects.not_delivered().filter(author_id__in=author_ids)
        return dict(lock_in_share_mode(pulled.values_list("author_id", "pulled_since")))

    @classmethod
    @retried_transaction
    def deliver_pulled(cls, *, author_id: int, follower_ids: Sequence[int], tweet_ids: Collection[int]) -> None:
        """
        Write the rows of an author's tweets that these followers had to pull, as far as their feeds go back.

        Their follows are locked meanwhile, and tweets that are deleted by now are left out. A statement for each.

        :raises HBaseUnavailable: HBase alone has feeds, and some may lack the rows.
        """
        AccountService.lock_profiles(user_ids=follower_ids)
        pairs = {(follower_id, author_id) for follower_id in follower_ids}
        friendship_ids = FriendshipService.get_friendship_ids(pairs=pairs)
        newest = TweetService.lock_shared_newest(user_id=author_id, count=settings.BACKFILL_TWEETS)
        oldest_ids = cls._note_follows(friendship_ids, {author_id: newest})
        rows = TweetService.lock_shared_existing(tweet_ids=tweet_ids)
        with store_to_write() as store:
            for (follower_id, _), oldest_id in sorted(oldest_ids.items()):
                store.deliver_many(follower_id, [tweet_id for tweet_id in rows if tweet_id >= oldest_id])

    @classmethod
    def _remove_all(cls, store: NewsFeedStore, follower_ids: Sequence[int], lists: Iterable[list[int]]) -> None:
        for tweet_ids in lists:
            for follower_id in follower_ids:
                store.remove_many(follower_id, tweet_ids)

    @classmethod
    def _note_follows(cls, friendship_ids: dict[Pair, int], newest: dict[int, list[int]]) -> dict[Pair, int]:
        """
        Note, when friendships are first reconciled, how far back the followees' tweets go; return these ids by pair.

        One query, and two more for all that are new.
        """
        noted = FeedFollow.objects.filter(any_of(("follower_id", "followee_id"), friendship_ids), ended_at=None)
        oldest_ids = {
            (follower_id, followee_id): oldest_id
            for follower_id, followee_id, friendship_id, oldest_id in noted.values_list(
                "follower_id", "followee_id", "friendship_id", "oldest_id"
            )
            if friendship_ids[follower_id, followee_id] == friendship_id
        }
        new = {
            (follower_id, followee_id): FeedFollow(
                follower_id=follower_id,
                followee_id=followee_id,
                friendship_id=friendship_id,
                oldest_id=find_oldest_id(newest[followee_id], friendship_id),
                reconciled_at=timezone.now(),
            )
            for (follower_id, followee_id), friendship_id in sorted(friendship_ids.items())
            if (follower_id, followee_id) not in oldest_ids
        }
        if new:
            # What is noted of an earlier friendship; nobody else writes these rows while the profiles are locked.
            FeedFollow.objects.filter(any_of(("follower_id", "followee_id"), new)).delete()
            FeedFollow.objects.bulk_create(new.values())
        return oldest_ids | {pair: follow.oldest_id for pair, follow in new.items()}

    @classmethod
    def write_missed_rows(cls, *, puts: Sequence[FeedKey], deletes: Sequence[FeedKey], version: int) -> None:
        """
        Write to HBase what it could not take when it was due. Repeats safely, in any order.

        Lists that were read from HBase meanwhile lack it, or still have it, and are dropped.

        :raises HBaseUnavailable: it is still away.
        :raises RedisUnavailable: the rows are there, cached lists may be older.
        """
        HBaseNewsFeedStore().write(puts=puts, deletes=deletes, version=version)
        user_newsfeeds.drop({user_id for user_id, _ in [*puts, *deletes]})

    @classmethod
    def count_feeds(cls, *, tweet_id: int, author_id: int) -> tuple[int, int, bool]:
        """
        Return (followers whose feed holds the tweet, followers, whether the author's own does).

        By the keys of the followers' feeds, because feeds have no index by tweet.
        """
        follower_ids = mysql_store().get_followers_between(author_id, after=0, until=2**63 - 1)
        store = store_to_read(author_id)
        own = store.count_feeds_with(tweet_id, [author_id])
        return store.count_feeds_with(tweet_id, follower_ids), len(follower_ids), bool(own)


def group_by_followee(pairs: Iterable[Pair]) -> list[tuple[int, list[int]]]:
    """
    Return [(followee id, ids of their followers)], both in the order of ids, so that all writers lock in one order.
    """
    groups: dict[int, list[int]] = {}
    for followee_id, follower_id in sorted((followee_id, follower_id) for follower_id, followee_id in pairs):
        groups.setdefault(followee_id, []).append(follower_id)
    return list(groups.items())


def find_oldest_id(newest: Sequence[int], friendship_id: int) -> int:
    """
    Return from which id on a followee's tweets belong into a new follower's feed; 0 where that is all of them.

    :param newest: ids of the followee's newest tweets, newest first.
    """
    if len(newest) < settings.BACKFILL_TWEETS:
        return 0
    # Of somebody who has posted a hundred since, all of them are delivered.
    return min(newest[-1], friendship_id)

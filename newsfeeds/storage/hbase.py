"""
Feeds in HBase.
"""

from collections.abc import Collection, Sequence
from functools import partial

from django.db import transaction

from newsfeeds.hbase_models import Feed
from newsfeeds.storage.base import FeedKey, NewsFeedStore
from newsfeeds.storage.recipients import lock_recipients
from tweets.models import Tweet
from tweets.services import TweetService
from utils.database.time_ids import MAX_ID, next_id
from utils.hbase.pool import timeout

# Only tasks write, and for them waiting is better than failing.
WRITE_TIMEOUT_MS = 5_000


class HBaseNewsFeedStore(NewsFeedStore):
    """
    Feeds in HBase, written after the caller's transaction, so that no lock is held meanwhile.

    A write may arrive late, twice, or in any order: it has a version (utils/hbase/models.py)
    that is drawn inside the transaction, after the statements that lock the rows on which the
    write depends. A later change draws a larger version.
    """

    def get_tweet_ids(self, user_id: int, *, before: int | None, after: int | None, limit: int) -> list[int]:
        """
        Merges the reader's own tweets from MySQL: posting writes nothing here. One round trip and one query.
        """
        rows = Feed.filter(
            prefix=(user_id,),
            start=() if before is None else (before - 1,),
            stop=() if after is None else (after,),
            limit=limit,
        )
        own = TweetService.get_ids_by(user_id=user_id, before=before, after=after, limit=limit)
        return sorted({*own, *(row.tweet_id for row in rows)}, reverse=True)[:limit]

    def get_rows(self, user_ids: Collection[int]) -> dict[int, list[int]]:
        """
        Return {user id: tweet ids} of whole feeds as they are stored, without the merge; one scan for each.
        """
        return {user_id: [row.tweet_id for row in Feed.filter(prefix=(user_id,))] for user_id in user_ids}

    def count_feeds_with(self, tweet_id: int, user_ids: Sequence[int]) -> int:
        """
        Counts the author's own feed in MySQL, as `get_tweet_ids` reads it; one more query.
        """
        holders = {user_id for user_id, _ in Feed.get_many([(user_id, tweet_id) for user_id in user_ids])}
        author = Tweet.objects.not_deleted().filter(id=tweet_id).values_list("user_id", flat=True)
        return len(holders | (set(author) & set(user_ids)))

    def deliver_own(self, tweet_id: int, author_id: int) -> None:
        # Authors find their own tweets in MySQL, so posting does not wait for HBase.
        pass

    def complete_own(self, tweet_id: int, author_id: int) -> None:
        self.deliver(tweet_id, [author_id])

    def deliver_to_followers(self, tweet_ids: Sequence[int], *, after: int, until: int) -> None:
        self._put_after_commit(lock_recipients(tweet_ids, after=after, until=until))

    def deliver(self, tweet_id: int, user_ids: Collection[int]) -> None:
        self._put_after_commit([(user_id, tweet_id) for user_id in user_ids])

    def deliver_many(self, user_id: int, tweet_ids: Collection[int]) -> None:
        self._put_after_commit([(user_id, tweet_id) for tweet_id in tweet_ids])

    def _put_after_commit(self, keys: Sequence[FeedKey]) -> None:
        transaction.on_commit(partial(self.write, puts=keys, version=next_id()))

    def remove(self, tweet_id: int, user_ids: Collection[int]) -> None:
        # Permanently: a deleted tweet never comes back.
        self._delete_after_commit([(user_id, tweet_id) for user_id in user_ids], MAX_ID)

    def remove_many(self, user_id: int, tweet_ids: Collection[int]) -> None:
        self._delete_after_commit([(user_id, tweet_id) for tweet_id in tweet_ids], next_id())

    def trim(self, user_id: int, *, before: int, limit: int) -> int:
        rows = Feed.filter(prefix=(user_id,), start=(before - 1,), limit=limit)
        self.remove_many(user_id, [row.tweet_id for row in rows])
        return len(rows)

    def _delete_after_commit(self, keys: Sequence[FeedKey], version: int) -> None:
        transaction.on_commit(partial(self.write, deletes=keys, version=version))

    def write(self, *, puts: Sequence[FeedKey] = (), deletes: Sequence[FeedKey] = (), version: int) -> None:
        """
        Write and delete rows, keys of (user id, tweet id), now. One round trip for each thousand.

        :raises HBaseUnavailable: some may be written; repeat all of them with the same version.
        """
        with timeout(WRITE_TIMEOUT_MS):
            Feed.batch_create([Feed(user_id=user_id, tweet_id=tweet_id) for user_id, tweet_id in puts], version=version)
            Feed.batch_delete(deletes, version=version)

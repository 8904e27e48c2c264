"""
Feeds in both stores, during a migration and as long as it may be reversed.
"""

import logging
from collections.abc import Callable, Collection, Sequence
from typing import TypeVar

from newsfeeds.events import FeedRowsMissed
from newsfeeds.storage.base import FeedKey, NewsFeedStore
from newsfeeds.storage.hbase import HBaseNewsFeedStore
from newsfeeds.storage.mysql import CHUNK, MySQLNewsFeedStore
from outbox.services import OutboxService
from utils.hbase.exceptions import HBaseError, HBaseUnavailable
from utils.hbase.pool import get_pool

Result = TypeVar("Result")

logger = logging.getLogger(__name__)

# A missing or disabled table is an operator's mistake, but MySQL has the rows too.
ABSORBED_ERRORS = (HBaseUnavailable, HBaseError)
# A write waits for seconds, so that the failures of one worker are too far apart to open the breaker.
SPARED_SECONDS = 10


class Mirror(HBaseNewsFeedStore):
    """
    HBase as a replica of MySQL. Its failures are not errors: the event `feed_rows_missed`
    repeats what it could not store.

    After a failure no batch calls HBase for some seconds, so that of many batches one waits for a frozen one.
    """

    def write(self, *, puts: Sequence[FeedKey] = (), deletes: Sequence[FeedKey] = (), version: int) -> None:
        try:
            if get_pool().has_failed_within(SPARED_SECONDS):
                raise HBaseUnavailable("HBase has failed recently, so it is not called")
            super().write(puts=puts, deletes=deletes, version=version)
        except ABSORBED_ERRORS as error:
            logger.warning("%s rows of feeds are for later: %r", len(puts) + len(deletes), error)
            OutboxService.record_many(
                events=[
                    *(FeedRowsMissed(puts=keys, deletes=[], version=version) for keys in chunks(puts)),
                    *(FeedRowsMissed(puts=[], deletes=keys, version=version) for keys in chunks(deletes)),
                ]
            )

    def trim(self, user_id: int, *, before: int, limit: int) -> int:
        try:
            return super().trim(user_id, before=before, limit=limit)
        except ABSORBED_ERRORS as error:
            # Nothing needs to be repeated: the next day's upkeep finds these rows.
            logger.warning("the feed of user %s is trimmed later: %r", user_id, error)
            return 0


class DualNewsFeedStore(NewsFeedStore):
    """
    Writes to both; reads from HBase, and from MySQL while HBase is unavailable.
    """

    def __init__(self) -> None:
        self.mysql, self.hbase = MySQLNewsFeedStore(), Mirror()

    @property
    def both(self) -> tuple[MySQLNewsFeedStore, Mirror]:
        # MySQL first: a version may only be drawn once its statements have locked the rows.
        return self.mysql, self.hbase

    def get_tweet_ids(self, user_id: int, *, before: int | None, after: int | None, limit: int) -> list[int]:
        return self._read(lambda store: store.get_tweet_ids(user_id, before=before, after=after, limit=limit))

    def count_feeds_with(self, tweet_id: int, user_ids: Sequence[int]) -> int:
        return self._read(lambda store: store.count_feeds_with(tweet_id, user_ids))

    def _read(self, question: Callable[[NewsFeedStore], Result]) -> Result:
        try:
            return question(self.hbase)
        except ABSORBED_ERRORS as error:
            logger.warning("MySQL answers for HBase: %r", error)
            return question(self.mysql)

    def deliver_own(self, tweet_id: int, author_id: int) -> None:
        for store in self.both:
            store.deliver_own(tweet_id, author_id)

    def complete_own(self, tweet_id: int, author_id: int) -> None:
        for store in self.both:
            store.complete_own(tweet_id, author_id)

    def deliver_to_followers(self, tweet_ids: Sequence[int], *, after: int, until: int) -> None:
        for store in self.both:
            store.deliver_to_followers(tweet_ids, after=after, until=until)

    def deliver(self, tweet_id: int, user_ids: Collection[int]) -> None:
        for store in self.both:
            store.deliver(tweet_id, user_ids)

    def deliver_many(self, user_id: int, tweet_ids: Collection[int]) -> None:
        for store in self.both:
            store.deliver_many(user_id, tweet_ids)

    def remove(self, tweet_id: int, user_ids: Collection[int]) -> None:
        for store in self.both:
            store.remove(tweet_id, user_ids)

    def remove_many(self, user_id: int, tweet_ids: Collection[int]) -> None:
        for store in self.both:
            store.remove_many(user_id, tweet_ids)

    def trim(self, user_id: int, *, before: int, limit: int) -> int:
        return max(store.trim(user_id, before=before, limit=limit) for store in self.both)


def chunks(keys: Sequence[FeedKey]) -> list[Sequence[FeedKey]]:
    return [keys[start : start + CHUNK] for start in range(0, len(keys), CHUNK)]

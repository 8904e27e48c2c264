"""
How feeds come about: delivered when somebody posts (push), or gathered when somebody reads (pull).
"""

from collections.abc import Mapping
from typing import ClassVar

from django.conf import settings

from newsfeeds.cache import feed_followees, user_newsfeeds
from newsfeeds.services.definition import DefinedFeed, FeedDefinition
from newsfeeds.storage import store_to_read
from utils.database.replicas import read_from_replica

# An id of a page, and the state of its tweet where Redis has it.
Entry = tuple[int, bytes | None]


class FeedStrategy:
    """
    Where a page comes from, and which rows must be there for it. docs/feeds.md compares the strategies.

    All of them answer what `FeedDefinition` says. What they read may be more than they promise to
    write: that is what makes it safe to move from one to another under traffic.
    """

    # Whether tweets of others get rows in the feeds of followers.
    delivers: ClassVar[bool]

    def load_entries(self, user_id: int, *, before: int | None, after: int | None, limit: int) -> list[Entry]:
        """
        Return up to `limit` entries of a feed with after < id < before, newest first.

        :raises HBaseUnavailable: the rows are needed, HBase alone has them, and does not answer.
        """
        raise NotImplementedError

    def holds(self, user_id: int, tweet_id: int) -> bool:
        """
        Return whether a page of this reader's feed would have the tweet, whoever may see it.

        :raises HBaseUnavailable: the rows are needed, HBase alone has them, and does not answer.
        """
        raise NotImplementedError

    def get_promised_rows(self, feeds: Mapping[int, DefinedFeed]) -> dict[int, DefinedFeed]:
        """
        Return which rows of these readers' feeds must be there and which may: {user id: DefinedFeed}.
        """
        raise NotImplementedError


class PushStrategy(FeedStrategy):
    """
    A row for each follower, written by tasks. A page costs no SQL and one round trip when its list is cached.
    """

    delivers = True

    def load_entries(self, user_id: int, *, before: int | None, after: int | None, limit: int) -> list[Entry]:
        def get_ids(before: int | None, after: int | None, wanted: int) -> list[int]:
            return store_to_read(user_id).get_tweet_ids(user_id, before=before, after=after, limit=wanted)

        def get_older_ids(before: int | None, after: int | None, wanted: int) -> list[int]:
            # The store first: which one it is, is remembered, and so never read from a replica.
            get_ids = store_to_read(user_id).get_tweet_ids
            return read_from_replica(
                lambda: get_ids(user_id, before=before, after=after, limit=wanted), viewer_id=user_id
            )

        return user_newsfeeds.load(
            user_id, before=before, after=after, limit=limit, fetch=get_ids, fetch_beyond=get_older_ids
        )

    def holds(self, user_id: int, tweet_id: int) -> bool:
        return bool(store_to_read(user_id).count_feeds_with(tweet_id, [user_id]))

    def get_promised_rows(self, feeds: Mapping[int, DefinedFeed]) -> dict[int, DefinedFeed]:
        return dict(feeds)


class PullStrategy(FeedStrategy):
    """
    No rows for followers: a post costs the same for everybody. A page is one query, of all that the followees posted.
    """

    delivers = False

    def load_entries(self, user_id: int, *, before: int | None, after: int | None, limit: int) -> list[Entry]:
        tweet_ids = FeedDefinition.get_tweet_ids(user_id, before=before, after=after, limit=limit)
        return [(tweet_id, None) for tweet_id in tweet_ids]

    def holds(self, user_id: int, tweet_id: int) -> bool:
        return bool(FeedDefinition.get_tweet_ids(user_id, before=tweet_id + 1, after=tweet_id - 1, limit=1))

    def get_promised_rows(self, feeds: Mapping[int, DefinedFeed]) -> dict[int, DefinedFeed]:
        # Rows from before the move to pull are no fault; what does not belong there at all still is.
        return {user_id: DefinedFeed(set(), feed.required | feed.allowed) for user_id, feed in feeds.items()}


class CachedPullStrategy(PullStrategy):
    """
    Pulled from the cached timelines of the followees, which Redis merges. A page costs no SQL and two round trips
    to Redis when they are there.

    Somebody who follows more than MAX_MERGED_FOLLOWEES is served by `pull`, as everybody is without a Redis.
    """

    def load_entries(self, user_id: int, *, before: int | None, after: int | None, limit: int) -> list[Entry]:
        def get_ids(before: int | None, after: int | None, wanted: int) -> list[int]:
            return FeedDefinition.get_tweet_ids(user_id, before=before, after=after, limit=wanted)

        return feed_followees.load(
            user_id,
            before=before,
            after=after,
            limit=limit,
            max_sources=settings.MAX_MERGED_FOLLOWEES + 1,
            get_sources=FeedDefinition.get_sources,
            get_newest=FeedDefinition.get_timelines,
            fetch=get_ids,
        )

    def holds(self, user_id: int, tweet_id: int) -> bool:
        return bool(self.load_entries(user_id, before=tweet_id + 1, after=tweet_id - 1, limit=1))


STRATEGIES: dict[str, FeedStrategy] = {
    "push": PushStrategy(),
    "pull": PullStrategy(),
    "cached_pull": CachedPullStrategy(),
}


def feed_strategy() -> FeedStrategy:
    """
    Return the strategy of this process, by the setting FEED_STRATEGY.
    """
    return STRATEGIES[settings.FEED_STRATEGY]

"""
Pull: a page is gathered from the followees' tweets when somebody reads.
"""

from django.conf import settings

from newsfeeds.cache import feed_followees
from newsfeeds.services.definition import FeedDefinition
from newsfeeds.services.strategies.base import Entry, FeedStrategy


class PullStrategy(FeedStrategy):
    """
    No rows for followers: a post costs the same for everybody. A page is one query, of all that the followees posted.
    """

    reads_list = False

    def load_entries(self, user_id: int, *, before: int | None, after: int | None, limit: int) -> list[Entry]:
        tweet_ids = FeedDefinition.get_tweet_ids(user_id, before=before, after=after, limit=limit)
        return [(tweet_id, None) for tweet_id in tweet_ids]

    def has_tweet(self, user_id: int, tweet_id: int) -> bool:
        return bool(FeedDefinition.get_tweet_ids(user_id, before=tweet_id + 1, after=tweet_id - 1, limit=1))

    def is_pulled(self, user_id: int, author_id: int, tweet_id: int) -> bool:
        return user_id != author_id

    def wants_pulled(self, *, followers_count: int, is_pulled: bool) -> bool:
        return True


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

    def has_tweet(self, user_id: int, tweet_id: int) -> bool:
        return bool(self.load_entries(user_id, before=tweet_id + 1, after=tweet_id - 1, limit=1))

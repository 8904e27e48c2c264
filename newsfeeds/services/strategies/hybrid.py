"""
Hybrid: rows for most, and the timelines of some authors merged in when somebody reads.
"""

from collections.abc import Iterable
from heapq import merge

from django.conf import settings

from newsfeeds.cache import feed_pulled
from newsfeeds.services.definition import FeedDefinition
from newsfeeds.services.strategies.base import Entry
from newsfeeds.services.strategies.push import PushStrategy

# Of how many followers an author has to lose a part before the tweets are pushed again: nobody crosses twice a day.
HYSTERESIS = 0.8


class HybridStrategy(PushStrategy):
    """
    A pushed page, into which the cached timelines of those followees are merged whose tweets are pulled.

    One round trip to Redis more than `push`; a list of the pulled followees is read from the database once in
    PULLED_SOURCES_SECONDS. Of somebody with more than FEED_MAX_PULLED_AUTHORS of them two queries read theirs.

    As it is, it pulls nobody: for readers and authors who leave another strategy.
    """

    def load_entries(self, user_id: int, *, before: int | None, after: int | None, limit: int) -> list[Entry]:
        def get_pulled_ids(before: int | None, after: int | None, wanted: int) -> list[int]:
            return FeedDefinition.get_pulled_ids(user_id, before=before, after=after, limit=wanted)

        pulled = feed_pulled.load(
            user_id,
            before=before,
            after=after,
            limit=limit,
            max_sources=settings.FEED_MAX_PULLED_AUTHORS,
            get_sources=FeedDefinition.get_pulled_sources,
            get_newest=FeedDefinition.get_timelines,
            fetch=get_pulled_ids,
        )
        pushed = super().load_entries(user_id, before=before, after=after, limit=limit)
        return merge_entries(pushed, pulled, limit) if pulled else pushed

    def has_tweet(self, user_id: int, tweet_id: int) -> bool:
        pulled = FeedDefinition.get_pulled_ids(user_id, before=tweet_id + 1, after=tweet_id - 1, limit=1)
        return bool(pulled) or super().has_tweet(user_id, tweet_id)

    def is_pulled(self, user_id: int, author_id: int, tweet_id: int) -> bool:
        return bool(FeedDefinition.get_pulled_rows([user_id], tweet_id=tweet_id))


class ThresholdStrategy(HybridStrategy):
    """
    Authors with more than FEED_PULL_THRESHOLD followers are pulled, all others pushed.
    """

    def wants_pulled(self, *, followers_count: int, is_pulled: bool) -> bool:
        threshold: int = settings.FEED_PULL_THRESHOLD
        return followers_count > threshold * (HYSTERESIS if is_pulled else 1)


class EdgeStrategy(HybridStrategy):
    """
    Each follow is pushed or pulled, whichever is cheaper for how often the author posts and the follower reads.
    """

    chooses_edges = True


def merge_entries(pushed: Iterable[Entry], pulled: Iterable[Entry], limit: int) -> list[Entry]:
    """
    Return the newest `limit` of both, newest first, what is in both only once.
    """
    merged = dict[int, bytes | None]()
    for tweet_id, state in merge(pushed, pulled, key=lambda entry: entry[0], reverse=True):
        if len(merged) == limit and tweet_id not in merged:
            break
        merged[tweet_id] = merged.get(tweet_id) or state
    return list(merged.items())

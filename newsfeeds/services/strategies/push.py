"""
Push: a row for each follower.
"""

from newsfeeds.cache import user_newsfeeds
from newsfeeds.services.readers import ReaderService
from newsfeeds.services.strategies.base import Entry, FeedStrategy
from newsfeeds.storage import store_to_read
from utils.database.replicas import read_from_replica


class PushStrategy(FeedStrategy):
    """
    A row for each follower, written by tasks. A page costs no SQL and one round trip when its list is cached.
    """

    reads_list = True

    def load_entries(self, user_id: int, *, before: int | None, after: int | None, limit: int) -> list[Entry]:
        def get_ids(before: int | None, after: int | None, wanted: int) -> list[int]:
            ReaderService.note_seen(user_id=user_id)
            store = store_to_read(user_id)
            return ReaderService.get_tweet_ids(store=store, user_id=user_id, before=before, after=after, limit=wanted)

        def get_older_ids(before: int | None, after: int | None, wanted: int) -> list[int]:
            # The store first: which one it is, is remembered, and so never read from a replica.
            store = store_to_read(user_id)
            return read_from_replica(
                lambda: ReaderService.get_tweet_ids(
                    store=store, user_id=user_id, before=before, after=after, limit=wanted
                ),
                viewer_id=user_id,
            )

        return user_newsfeeds.load(
            user_id, before=before, after=after, limit=limit, fetch=get_ids, fetch_beyond=get_older_ids
        )

    def has_tweet(self, user_id: int, tweet_id: int) -> bool:
        store = store_to_read(user_id)
        bounds = {"before": tweet_id + 1, "after": tweet_id - 1, "limit": 1}
        return bool(ReaderService.get_tweet_ids(store=store, user_id=user_id, **bounds))

    def is_pulled(self, user_id: int, author_id: int, tweet_id: int) -> bool:
        return False

    def wants_pulled(self, *, followers_count: int, is_pulled: bool) -> bool:
        return False

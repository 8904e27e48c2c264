"""
What every store of feeds promises.
"""

from collections.abc import Collection, Sequence

# A row: (user id, tweet id).
FeedKey = tuple[int, int]


class NewsFeedStore:
    """
    Ids go in and come out, never QuerySets, so that a store without SQL can answer too.

    Every write repeats safely. It belongs into a block in which `store_to_write` gives the store,
    and has happened once the transaction has committed and its `on_commit` work is done.
    """

    def get_tweet_ids(self, user_id: int, *, before: int | None, after: int | None, limit: int) -> list[int]:
        """
        Return up to `limit` tweet ids of a feed, newest first, with after < id < before.

        :raises HBaseUnavailable: HBase alone has them, and does not answer.
        """
        raise NotImplementedError

    def count_feeds_with(self, tweet_id: int, user_ids: Sequence[int]) -> int:
        """
        Return how many of these feeds hold the tweet; one round trip per thousand.

        :raises HBaseUnavailable: HBase alone knows, and does not answer.
        """
        raise NotImplementedError

    def deliver_own(self, tweet_id: int, author_id: int) -> None:
        """
        Let an author find a tweet at once, in the transaction that posts it; it never asks HBase.
        """
        raise NotImplementedError

    def complete_own(self, tweet_id: int, author_id: int) -> None:
        """
        Do what `deliver_own` has left for a task.
        """
        raise NotImplementedError

    def deliver_to_followers(self, tweet_ids: Sequence[int], *, after: int, until: int) -> None:
        """
        Put tweets into the feeds of their authors' followers with ids in (after, until]; a deleted one into none.

        Locks the tweets and the friendships until commit: an unfollow or a deletion waits, and what
        it removes is removed after this.
        """
        raise NotImplementedError

    def deliver(self, tweet_id: int, user_ids: Collection[int]) -> None:
        """
        Put one tweet into many feeds.
        """
        raise NotImplementedError

    def deliver_many(self, user_id: int, tweet_ids: Collection[int]) -> None:
        """
        Put many tweets into one feed.
        """
        raise NotImplementedError

    def remove(self, tweet_id: int, user_ids: Collection[int]) -> None:
        """
        Take one tweet out of many feeds, for ever: only a deleted tweet leaves like this.
        """
        raise NotImplementedError

    def remove_many(self, user_id: int, tweet_ids: Collection[int]) -> None:
        """
        Take many tweets out of one feed, until they are delivered again.
        """
        raise NotImplementedError

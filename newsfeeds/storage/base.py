"""
What every store of feeds promises.
"""

from collections.abc import Collection, Sequence

# A row: (user id, tweet id).
FeedKey = tuple[int, int]


class NewsFeedStore:
    """
    Takes and returns ids, never QuerySets, so that a store without SQL can implement it.

    Every write repeats safely. Call it inside the block of `store_to_write`; it is complete when the transaction
    has committed and its `on_commit` callbacks have run.
    """

    def get_tweet_ids(self, user_id: int, *, before: int | None, after: int | None, limit: int) -> list[int]:
        """
        Return up to `limit` tweet ids of a feed, newest first, with after < id < before.

        :raises HBaseUnavailable: feeds are in HBase alone, and it does not respond.
        """
        raise NotImplementedError

    def count_feeds_with(self, tweet_id: int, user_ids: Sequence[int]) -> int:
        """
        Return how many of these feeds contain the tweet; one round trip per thousand.

        :raises HBaseUnavailable: feeds are in HBase alone, and it does not respond.
        """
        raise NotImplementedError

    def deliver_own(self, tweet_id: int, author_id: int) -> None:
        """
        Put a tweet into its author's feed, inside the transaction that posts it. Never waits for HBase.
        """
        raise NotImplementedError

    def complete_own(self, tweet_id: int, author_id: int) -> None:
        """
        Do the part of `deliver_own` that is left to a task.
        """
        raise NotImplementedError

    def deliver_to_followers(self, tweet_ids: Sequence[int], *, after: int, until: int) -> None:
        """
        Put tweets into the feeds of their authors' followers with ids in (after, until]. Deleted tweets are skipped.

        Locks the tweets and the friendships until commit, so a concurrent unfollow or
        deletion waits and removes the rows afterwards.
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
        Remove one tweet from many feeds, permanently: it must be deleted.
        """
        raise NotImplementedError

    def remove_many(self, user_id: int, tweet_ids: Collection[int]) -> None:
        """
        Remove many tweets from one feed; they may be delivered again later.
        """
        raise NotImplementedError

    def trim(self, user_id: int, *, before: int, limit: int) -> int:
        """
        Remove up to `limit` rows of tweets with smaller ids than `before` from one feed; return how many.

        :raises HBaseUnavailable: feeds are in HBase alone, and it does not respond.
        """
        raise NotImplementedError

"""
What every strategy promises.
"""

from typing import ClassVar

# An id of a page, and the state of its tweet where Redis has it.
Entry = tuple[int, bytes | None]


class FeedStrategy:
    """
    Where a page comes from, and which authors' tweets are pulled. docs/feeds.md compares the strategies.

    All of them show what `FeedDefinition` says. Which tweets have no rows is noted in tables, and a reader who needs
    rows pulls those tweets as well. So the strategy may change under traffic, for some or for all.
    """

    # Whether a page begins with the reader's cached list, which can be read ahead.
    reads_list: ClassVar[bool]
    # Whether each edge of the graph is pushed or pulled by how often both ends act.
    chooses_edges: ClassVar[bool] = False

    def load_entries(self, user_id: int, *, before: int | None, after: int | None, limit: int) -> list[Entry]:
        """
        Return up to `limit` entries of a feed with after < id < before, newest first.

        :raises HBaseUnavailable: the rows are needed, HBase alone has them, and does not respond.
        """
        raise NotImplementedError

    def has_tweet(self, user_id: int, tweet_id: int) -> bool:
        """
        Return whether a page of this reader's feed would have the tweet, whoever may see it.

        :raises HBaseUnavailable: the rows are needed, HBase alone has them, and does not respond.
        """
        raise NotImplementedError

    def is_pulled(self, user_id: int, author_id: int, tweet_id: int) -> bool:
        """
        Return whether this reader finds the tweet, if it belongs into the feed, without a row.
        """
        raise NotImplementedError

    def wants_pulled(self, *, followers_count: int, is_pulled: bool) -> bool:
        """
        Return whether the tweets of an author with so many followers are to be pulled.

        :param is_pulled: whether they are at present.
        """
        raise NotImplementedError

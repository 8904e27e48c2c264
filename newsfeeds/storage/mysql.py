"""
Feeds in the relational database.
"""

from collections.abc import Collection, Sequence

from django.db import connection

from newsfeeds.models import NewsFeed
from newsfeeds.storage.base import FeedKey, NewsFeedStore
from newsfeeds.storage.recipients import recipients_sql

CHUNK = 1000


class MySQLNewsFeedStore(NewsFeedStore):
    """
    Feeds in a table whose primary key is the feed and the tweet. One query for each thousand rows.

    Rows are always written in the order of their keys, so that two writers lock them in the
    same order and never deadlock.
    """

    def get_tweet_ids(self, user_id: int, *, before: int | None, after: int | None, limit: int) -> list[int]:
        rows = NewsFeed.objects.filter(user_id=user_id)
        if before is not None:
            rows = rows.filter(tweet_id__lt=before)
        if after is not None:
            rows = rows.filter(tweet_id__gt=after)
        return list(rows.order_by("-tweet_id").values_list("tweet_id", flat=True)[:limit])

    def get_rows(self, user_ids: Collection[int]) -> dict[int, list[int]]:
        """
        Return {user id: tweet ids} of whole feeds as they are stored; one query.
        """
        feeds: dict[int, list[int]] = {}
        rows = NewsFeed.objects.filter(user_id__in=user_ids).values_list("user_id", "tweet_id")
        for user_id, tweet_id in rows.iterator(chunk_size=10_000):
            feeds.setdefault(user_id, []).append(tweet_id)
        return feeds

    def count_feeds_with(self, tweet_id: int, user_ids: Sequence[int]) -> int:
        return sum(
            NewsFeed.objects.filter(user_id__in=user_ids[start : start + CHUNK], tweet_id=tweet_id).count()
            for start in range(0, len(user_ids), CHUNK)
        )

    def deliver_own(self, tweet_id: int, author_id: int) -> None:
        self.deliver(tweet_id, [author_id])

    def complete_own(self, tweet_id: int, author_id: int) -> None:
        # The row was inserted with the tweet. Inserting it again might be after the tweet's deletion.
        pass

    def deliver_to_followers(self, tweet_ids: Sequence[int], *, after: int, until: int) -> None:
        # One statement; the ids are not sent to this process.
        with connection.cursor() as cursor:
            cursor.execute(f"{self._insert_sql} {recipients_sql(len(tweet_ids))}", [*tweet_ids, after, until])

    def deliver(self, tweet_id: int, user_ids: Collection[int]) -> None:
        self._insert([(user_id, tweet_id) for user_id in sorted(user_ids)])

    def deliver_many(self, user_id: int, tweet_ids: Collection[int]) -> None:
        self._insert([(user_id, tweet_id) for tweet_id in sorted(tweet_ids)])

    def _insert(self, rows: Sequence[FeedKey]) -> None:
        """
        Insert rows that may exist already.

        Plain SQL: the two numbers need no escaping, and a thousand model instances would cost
        more than the insert itself.
        """
        with connection.cursor() as cursor:
            for start in range(0, len(rows), CHUNK):
                values = ",".join(
                    f"({int(user_id)},{int(tweet_id)})" for user_id, tweet_id in rows[start : start + CHUNK]
                )
                cursor.execute(f"{self._insert_sql} VALUES {values}")

    @property
    def _insert_sql(self) -> str:
        ignore = "IGNORE" if connection.vendor == "mysql" else "OR IGNORE"
        return f"INSERT {ignore} INTO {connection.ops.quote_name(NewsFeed._meta.db_table)} (user_id, tweet_id)"

    def remove(self, tweet_id: int, user_ids: Collection[int]) -> None:
        user_ids = sorted(user_ids)
        for start in range(0, len(user_ids), CHUNK):
            NewsFeed.objects.filter(user_id__in=user_ids[start : start + CHUNK], tweet_id=tweet_id).delete()

    def remove_many(self, user_id: int, tweet_ids: Collection[int]) -> None:
        tweet_ids = sorted(tweet_ids)
        for start in range(0, len(tweet_ids), CHUNK):
            NewsFeed.objects.filter(user_id=user_id, tweet_id__in=tweet_ids[start : start + CHUNK]).delete()

    def trim(self, user_id: int, *, before: int, limit: int) -> int:
        tweet_ids = self.get_tweet_ids(user_id, before=before, after=None, limit=limit)
        self.remove_many(user_id, tweet_ids)
        return len(tweet_ids)

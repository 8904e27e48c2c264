"""
Where feeds live. Ids come out, never QuerySets, so that a store without SQL can answer too.

Every write here repeats safely.
"""

from django.db import connection
from django.utils.functional import cached_property

from friendships.models import Friendship
from friendships.storage import fan_out_hint
from newsfeeds.models import NewsFeed
from tweets.models import Tweet

CHUNK = 1000


class MySQLNewsFeedStore:
    """
    Feeds in the relational database.
    """

    def get_tweet_ids(self, user_id, *, before, after, limit):
        """
        Return up to `limit` tweet ids of a feed, newest first, with after < id < before; one query.
        """
        rows = NewsFeed.objects.filter(user_id=user_id)
        if before is not None:
            rows = rows.filter(tweet_id__lt=before)
        if after is not None:
            rows = rows.filter(tweet_id__gt=after)
        return list(rows.order_by("-tweet_id").values_list("tweet_id", flat=True)[:limit])

    def deliver_to_followers(self, tweet_id, *, after, until):
        """
        Put a tweet into the feeds of its author's followers with ids in (after, until]; a deleted one into none.

        One statement, and no id leaves the server. It holds the tweet and the friendships until it
        commits: an unfollow or a deletion waits, and so finds these rows and removes them. In the
        order of user ids, so that two deliveries lock rows in one order and never deadlock.
        """
        with connection.cursor() as cursor:
            cursor.execute(self._delivery_sql, [tweet_id, after, until])

    @cached_property
    def _delivery_sql(self):
        feeds, tweets, friendships = (
            connection.ops.quote_name(model._meta.db_table) for model in (NewsFeed, Tweet, Friendship)
        )
        return (
            f"INSERT {self._ignore} INTO {feeds} (user_id, tweet_id) "
            f"SELECT friendship.from_user_id, tweet.id FROM {tweets} tweet "
            f"JOIN {friendships} friendship {fan_out_hint()} ON friendship.to_user_id = tweet.user_id "
            "WHERE tweet.id = %s AND tweet.deleted_at IS NULL "
            "AND friendship.from_user_id > %s AND friendship.from_user_id <= %s "
            f"ORDER BY friendship.from_user_id {'LOCK IN SHARE MODE' if connection.vendor == 'mysql' else ''}"
        )

    @property
    def _ignore(self):
        return "IGNORE" if connection.vendor == "mysql" else "OR IGNORE"

    def deliver(self, tweet_id, user_ids):
        """
        Put one tweet into many feeds; one statement per thousand.

        In the order of user ids, so that two deliveries lock rows in one order and never deadlock.
        """
        self._insert([(user_id, tweet_id) for user_id in sorted(user_ids)])

    def deliver_many(self, user_id, tweet_ids):
        """
        Put many tweets into one feed; one statement per thousand.
        """
        self._insert([(user_id, tweet_id) for tweet_id in sorted(tweet_ids)])

    def _insert(self, rows):
        """
        Insert rows that may be there already.

        Plain SQL: the two numbers need no escaping, and a thousand model instances would cost
        more than the insert itself.
        """
        table = connection.ops.quote_name(NewsFeed._meta.db_table)
        with connection.cursor() as cursor:
            for start in range(0, len(rows), CHUNK):
                values = ",".join(
                    f"({int(user_id)},{int(tweet_id)})" for user_id, tweet_id in rows[start : start + CHUNK]
                )
                cursor.execute(f"INSERT {self._ignore} INTO {table} (user_id, tweet_id) VALUES {values}")

    def remove(self, tweet_id, user_ids):
        """
        Take one tweet out of many feeds, by their keys; one statement per thousand.
        """
        user_ids = sorted(user_ids)
        for start in range(0, len(user_ids), CHUNK):
            NewsFeed.objects.filter(user_id__in=user_ids[start : start + CHUNK], tweet_id=tweet_id).delete()

    def remove_many(self, user_id, tweet_ids):
        """
        Take many tweets out of one feed; one statement per thousand.
        """
        tweet_ids = sorted(tweet_ids)
        for start in range(0, len(tweet_ids), CHUNK):
            NewsFeed.objects.filter(user_id=user_id, tweet_id__in=tweet_ids[start : start + CHUNK]).delete()

    def count_feeds_with(self, tweet_id, user_ids):
        """
        Return how many of these feeds hold the tweet; one query per thousand.
        """
        return sum(
            NewsFeed.objects.filter(user_id__in=user_ids[start : start + CHUNK], tweet_id=tweet_id).count()
            for start in range(0, len(user_ids), CHUNK)
        )


def store():
    """
    Return the store that answers; there is one until HBase takes part.
    """
    return MySQLNewsFeedStore()

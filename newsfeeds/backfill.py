"""
Copies the rows of feeds from MySQL to HBase, and compares them.
"""

from collections.abc import Iterable, Sequence

from django.db.models import Q, QuerySet

from newsfeeds.hbase_models import Feed
from newsfeeds.models import NewsFeed
from stores.backfill import TableMigration
from stores.comparison import Decision, Key, Replica
from stores.constants import FEEDS
from stores.dual_write import lock_both
from tweets.models import Tweet
from utils.database.time_ids import next_id
from utils.database.transactions import lock_in_share_mode, retried_transaction
from utils.hbase.models import HBaseModel


class FeedReplica(Replica):
    """
    The table `feeds` of HBase, as a replica of MySQL.
    """

    model = Feed

    def count(self) -> int:
        return NewsFeed.objects.count()

    def get_chunk(self, after: Key | None, size: int) -> tuple[list[Feed], Key | None]:
        rows = [feed_row(key) for key in rows_after(after).values_list("user_id", "tweet_id")[:size]]
        return rows, rows[-1].key if rows else after

    def get_expected(self, keys: Sequence[Key]) -> dict[Key, HBaseModel]:
        found = NewsFeed.objects.filter(pk__in=keys).values_list("user_id", "tweet_id")
        return {key: feed_row(key) for key in found}

    def get_leaving(self, keys: Sequence[Key]) -> set[Key]:
        """
        Return the rows of deleted tweets: a task removes them from MySQL, and may have removed them from HBase first.
        """
        tweet_ids = {tweet_id for _, tweet_id in keys}
        deleted = set(Tweet.objects.filter(id__in=tweet_ids, deleted_at__isnull=False).values_list("id", flat=True))
        return {key for key in keys if key[1] in deleted}

    @retried_transaction
    def decide(self, keys: Sequence[Key]) -> Decision:
        """
        Read MySQL's rows while they cannot be added or removed, and draw the version then.

        An existing row is locked, so it can only be removed later, with a larger version. A missing row cannot
        be locked. But everything that adds one (a delivery, the back-fill of a follow) locks its tweet before
        it draws its version and until it commits, or has just created it (the author's post), and here the
        tweets are locked against all of these. So a delivery has committed before, and its row is read and
        stays; or it begins later and writes the row with a larger version than that of the deletion here.
        Deliveries of these tweets wait for some milliseconds.
        """
        lock_both(FEEDS)
        lock_tweets({tweet_id for _, tweet_id in keys})
        rows = NewsFeed.objects.filter(pk__in=keys).order_by("user_id", "tweet_id").values_list("user_id", "tweet_id")
        locked = lock_in_share_mode(rows)
        version = next_id()
        return Decision({key: feed_row(key) for key in locked}, version, version)


class FeedsMigration(TableMigration):
    """
    Feeds: one row in MySQL, one row in HBase.
    """

    table = FEEDS
    replicas = (FeedReplica(),)

    def count_after(self, cursor: list[int] | None) -> int:
        return rows_after(cursor).count()

    def copy_chunk(self, cursor: list[int] | None, size: int) -> tuple[int, list[int] | None]:
        """
        Copy one chunk of rows from MySQL to HBase.

        They are locked while the version is drawn. Whoever takes one of them out of a feed does so
        later, draws a larger version, and so wins, however late these rows arrive; a tweet's
        deletion wins against every version. Whoever adds rows writes them to both stores.
        """
        keys, version = self._lock_chunk(cursor, size)
        Feed.batch_create([feed_row(key) for key in keys], version=version)
        return len(keys), list(keys[-1]) if keys else cursor

    @retried_transaction
    def _lock_chunk(self, cursor: list[int] | None, size: int) -> tuple[list[Key], int]:
        lock_both(FEEDS)
        keys = lock_in_share_mode(rows_after(cursor).values_list("user_id", "tweet_id")[:size])
        return keys, next_id()


def rows_after(key: Sequence[int] | None) -> QuerySet[NewsFeed]:
    """
    Return a QuerySet of MySQL's rows after a key (user id, tweet id), in the order of their keys.

    :param key: None starts at the first row.
    """
    rows = NewsFeed.objects.order_by("user_id", "tweet_id")
    if key is None:
        return rows
    user_id, tweet_id = key
    # Not a single comparison of pairs, for which MySQL would read the index from its beginning.
    return rows.filter(Q(user_id=user_id, tweet_id__gt=tweet_id) | Q(user_id__gt=user_id))


def lock_tweets(tweet_ids: Iterable[int]) -> None:
    """
    Lock tweets until commit, so that none of them can be delivered or deleted; one query.
    """
    tweets = Tweet.objects.select_for_update().filter(id__in=tweet_ids).order_by("id")
    list(tweets.values_list("id", flat=True))


def feed_row(key: Key) -> Feed:
    user_id, tweet_id = key
    return Feed(user_id=user_id, tweet_id=tweet_id)

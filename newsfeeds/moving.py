"""
Feeds on their way from MySQL to HBase.
"""

from django.db.models import Q

from gatekeeper.constants import FEEDS
from gatekeeper.moving import Move, hold_both
from newsfeeds.hbase_models import Feed
from newsfeeds.models import NewsFeed
from tweets.models import Tweet
from utils.hbase.comparing import Copy, Decision
from utils.time_ids import next_id
from utils.transactions import lock_in_share_mode, retried_transaction


class FeedCopy(Copy):
    """
    The table `feeds` of HBase, as it should be by MySQL's.
    """

    model = Feed

    def count(self):
        return NewsFeed.objects.count()

    def get_chunk(self, after, size):
        rows = [feed_row(key) for key in rows_behind(after).values_list("user_id", "tweet_id")[:size]]
        return rows, rows[-1].key if rows else after

    def get_expected(self, keys):
        keys = NewsFeed.objects.filter(pk__in=keys).values_list("user_id", "tweet_id")
        return {key: feed_row(key) for key in keys}

    def get_leaving(self, keys):
        """
        Those of deleted tweets: they leave MySQL by a task, which may have been in HBase first.
        """
        tweet_ids = {tweet_id for _, tweet_id in keys}
        deleted = set(Tweet.objects.filter(id__in=tweet_ids, deleted_at__isnull=False).values_list("id", flat=True))
        return {key for key in keys if key[1] in deleted}

    @retried_transaction
    def decide(self, keys):
        """
        Look at MySQL's rows while nobody can add or remove one of them, and draw the version then.

        A row that is there is held, so whoever removes it does so later and draws a larger version.
        A row that is absent cannot be held. But whoever adds one holds its tweet from before they
        draw their version until they commit (a delivery, a follow's back-fill; the author's post has
        made it), and here the tweets are held against all of these. So a delivery has committed
        before, then its row is seen and stays; or it begins later and puts the row with a larger
        version than it is deleted with now. Deliveries of these tweets wait for some milliseconds.
        """
        hold_both(FEEDS)
        hold_tweets({tweet_id for _, tweet_id in keys})
        held = NewsFeed.objects.filter(pk__in=keys).order_by("user_id", "tweet_id").values_list("user_id", "tweet_id")
        there = lock_in_share_mode(held)
        version = next_id()
        return Decision({key: feed_row(key) for key in there}, version, version)


class FeedsMove(Move):
    """
    Feeds: one row of MySQL, one row of HBase.
    """

    table = FEEDS
    copies = (FeedCopy(),)

    def count_behind(self, cursor):
        return rows_behind(cursor).count()

    def copy_chunk(self, cursor, size):
        """
        Put the rows of one chunk of MySQL into HBase.

        They are held while the version is drawn. Whoever takes one of them out of a feed does so
        later, draws a larger version, and so wins, however late these rows arrive; a tweet's
        deletion wins against every version. Whoever adds rows writes them to both stores.
        """
        keys, version = self._hold_chunk(cursor, size)
        Feed.batch_create([feed_row(key) for key in keys], version=version)
        return len(keys), list(keys[-1]) if keys else cursor

    @retried_transaction
    def _hold_chunk(self, cursor, size):
        hold_both(FEEDS)
        keys = lock_in_share_mode(rows_behind(cursor).values_list("user_id", "tweet_id")[:size])
        return keys, next_id()


def rows_behind(key):
    """
    Return MySQL's rows behind a key (user id, tweet id), in the order of their keys. A QuerySet.

    :param key: None is in front of all.
    """
    rows = NewsFeed.objects.order_by("user_id", "tweet_id")
    if key is None:
        return rows
    user_id, tweet_id = key
    # Not one comparison of pairs: MySQL would read the index from its beginning for that.
    return rows.filter(Q(user_id=user_id, tweet_id__gt=tweet_id) | Q(user_id__gt=user_id))


def hold_tweets(tweet_ids):
    """
    Hold tweets until commit, against everybody who would deliver or delete one of them; one query.
    """
    tweets = Tweet.objects.select_for_update().filter(id__in=tweet_ids).order_by("id")
    return list(tweets.values_list("id", flat=True))


def feed_row(key):
    user_id, tweet_id = key
    return Feed(user_id=user_id, tweet_id=tweet_id)

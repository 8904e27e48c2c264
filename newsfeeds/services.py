"""
The verbs of feeds: posting, reading the home feed, and keeping feeds in step with the graph.
"""

from django.conf import settings

from accounts.services import AccountService
from friendships.services import FriendshipService
from friendships.storage import ledger
from newsfeeds.cache import user_newsfeeds
from newsfeeds.storage import HBaseNewsFeedStore, store_to_read, store_to_write
from outbox.services import OutboxService
from tweets.services import PhotoService, TweetService
from utils.idempotency.services import IdempotencyService
from utils.pagination import fill_page
from utils.transactions import after_commit, retried_transaction


class PostingService:
    """
    Posting: the tweet, its place in the author's own feed, and the promise to everybody else's.
    """

    @classmethod
    def post_tweet(cls, *, author, content, images=()):
        """
        Post a tweet with its pictures and return it.

        One transaction: the counter, the tweet, its photos, the author's feed row and the event
        that wakes the fan-out. It costs the same with no follower as with a million.

        :param images: CleanImages, in the order in which they are shown.
        """
        photos = PhotoService.keep(owner=author, images=images) if images else []
        try:
            return cls._post(author, content, photos)
        except BaseException:
            PhotoService.discard(photos)
            raise

    @classmethod
    @retried_transaction
    def _post(cls, author, content, photos):
        tweet = TweetService.create_tweet(author=author, content=content)
        PhotoService.attach(photos, tweet)
        store_to_write().deliver_own(tweet.id, author.id)
        OutboxService.record("tweet_created", tweet_id=tweet.id, author_id=author.id)
        IdempotencyService.complete(tweet.id)
        after_commit(user_newsfeeds.push, [author.id], tweet.id)
        return tweet


class NewsFeedService:
    """
    Everything the rest of the project may ask of feeds.
    """

    @classmethod
    def load_feed(cls, viewer, window, limit):
        """
        Return a page of the viewer's home feed, newest first.

        No SQL and two round trips when warm: ids with their states from Redis, then tweets and
        authors from Memcached.

        :raises HBaseUnavailable: Redis has no list, HBase alone has the rows, and does not answer.
        """

        def get_ids(before, after, wanted):
            return store_to_read(viewer.id).get_tweet_ids(viewer.id, before=before, after=after, limit=wanted)

        def fetch(before, after, wanted):
            return user_newsfeeds.load(viewer.id, before=before, after=after, limit=wanted, fetch=get_ids)

        def keep(entries):
            return TweetService.load_entries(entries, viewer)

        return fill_page(window, limit, fetch=fetch, keep=keep, id_of=lambda tweet: tweet.id)

    @classmethod
    def fan_out(cls, message_id, tweet_id, author_id):
        """
        Swap the promise to all followers for one promise a batch; return how many batches.
        """
        return cls._split(message_id, "tweet_batch_cut", tweet_id, author_id)

    @classmethod
    def show_to_author(cls, tweet_id, author_id):
        """
        Do for its author's own feed and cached lists what the request that posted a tweet could not. Repeats safely.

        :raises HBaseUnavailable: HBase alone has feeds, and the author's may lack it.
        :raises RedisUnavailable: the lists may lack it.
        """
        cls._complete_own_row(tweet_id, author_id)
        TweetService.push_to_author(tweet_id, author_id)
        user_newsfeeds.push([author_id], tweet_id)

    @classmethod
    @retried_transaction
    def _complete_own_row(cls, tweet_id, author_id):
        store_to_write().complete_own(tweet_id, author_id)

    @classmethod
    def withdraw(cls, message_id, tweet_id, author_id):
        """
        Take a deleted tweet out of its author's feed, and promise the same for each batch of followers.

        :raises HBaseUnavailable: HBase alone has feeds; nothing is promised yet.
        """
        cls._remove_rows(tweet_id, [author_id])
        return cls._split(message_id, "removal_batch_cut", tweet_id, author_id)

    @classmethod
    def hide_from_author(cls, tweet_id, author_id):
        """
        Take a deleted tweet off its author's own cached lists. Repeats safely.

        :raises RedisUnavailable: the lists may still hold it.
        """
        TweetService.remove_from_author(tweet_id, author_id)
        user_newsfeeds.remove([author_id], tweet_id)

    @classmethod
    def _split(cls, message_id, event, tweet_id, author_id):
        ranges = ledger().get_follower_ranges(author_id, size=settings.FAN_OUT_BATCH_SIZE)
        batches = [
            {"tweet_id": tweet_id, "author_id": author_id, "after": after, "until": until} for after, until in ranges
        ]
        OutboxService.split(message_id, event, batches)
        return len(batches)

    @classmethod
    def deliver(cls, tweet_id, author_id, after, until):
        """
        Deliver a tweet to the followers with ids in (after, until]; return how many they are.

        Rows first, then cached lists, then a second look: somebody who unfollowed between the
        commit and the push has had their list dropped *before* the push, and would keep the tweet.

        :raises HBaseUnavailable: HBase alone has feeds, and some may lack the tweet.
        :raises RedisUnavailable: the rows are there, cached lists may lack the tweet.
        """
        cls._deliver_rows(tweet_id, after, until)
        delivered = ledger().get_followers_between(author_id, after=after, until=until)
        user_newsfeeds.push(delivered, tweet_id)
        still = set(ledger().get_followers_between(author_id, after=after, until=until))
        user_newsfeeds.drop([user_id for user_id in delivered if user_id not in still])
        if not TweetService.is_there(tweet_id):
            user_newsfeeds.remove(delivered, tweet_id)
        return len(delivered)

    @classmethod
    @retried_transaction
    def _deliver_rows(cls, tweet_id, after, until):
        store_to_write().deliver_to_followers(tweet_id, after=after, until=until)

    @classmethod
    def remove(cls, tweet_id, author_id, after, until):
        """
        Take a deleted tweet out of the feeds of followers with ids in (after, until]; return how many they are.

        :raises HBaseUnavailable: HBase alone has feeds, and some may still hold it.
        :raises RedisUnavailable: cached lists may still hold it.
        """
        follower_ids = ledger().get_followers_between(author_id, after=after, until=until)
        cls._remove_rows(tweet_id, follower_ids)
        user_newsfeeds.remove(follower_ids, tweet_id)
        return len(follower_ids)

    @classmethod
    @retried_transaction
    def _remove_rows(cls, tweet_id, user_ids):
        store_to_write().remove(tweet_id, user_ids)

    @classmethod
    def settle(cls, follower_id, followee_id):
        """
        Make a feed agree with whether its owner follows `followee`: back-fill their newest tweets, or remove all.

        What counts is the friendship as it is now, not the event that woke this: follow, unfollow
        and follow again may be settled in any order. Returns whether they follow.

        :raises HBaseUnavailable: HBase alone has feeds, and this one may not agree.
        :raises RedisUnavailable: the rows agree, the cached list may not.
        """
        follows = cls._settle_rows(follower_id, followee_id)
        user_newsfeeds.drop([follower_id])
        return follows

    @classmethod
    @retried_transaction
    def _settle_rows(cls, follower_id, followee_id):
        AccountService.lock_profiles(follower_id)
        follows = FriendshipService.has_followed(follower_id=follower_id, followee_id=followee_id)
        store = store_to_write()
        # Of somebody who is followed again, what was deleted in between: its withdrawal knew of no follower here.
        leaving = TweetService.get_deleted_ids_by(followee_id) if follows else TweetService.get_all_ids_by(followee_id)
        for tweet_ids in leaving:
            store.remove_many(follower_id, tweet_ids)
        if follows:
            store.deliver_many(follower_id, TweetService.hold_newest(followee_id, settings.BACKFILL_TWEETS))
        return follows

    @classmethod
    def write_missed_rows(cls, puts, deletes, version):
        """
        Write to HBase what it could not take when it was due. Repeats safely, in any order.

        Lists that were read from HBase meanwhile lack it, or still have it, and are dropped.

        :raises HBaseUnavailable: it is still away.
        :raises RedisUnavailable: the rows are there, cached lists may be older.
        """
        HBaseNewsFeedStore().write(puts=puts, deletes=deletes, version=version)
        user_newsfeeds.drop({user_id for user_id, _ in [*puts, *deletes]})

    @classmethod
    def count_feeds(cls, tweet_id, author_id):
        """
        Return (followers whose feed holds the tweet, followers, whether the author's own does).

        By the keys of the followers' feeds, because feeds have no index by tweet.
        """
        follower_ids = ledger().get_followers_between(author_id, after=0, until=2**63 - 1)
        store = store_to_read(author_id)
        own = store.count_feeds_with(tweet_id, [author_id])
        return store.count_feeds_with(tweet_id, follower_ids), len(follower_ids), bool(own)

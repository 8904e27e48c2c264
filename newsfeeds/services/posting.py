"""
Posting: the tweet, its place in the author's own feed, and the promise to everybody else's.
"""

from newsfeeds.cache import user_newsfeeds
from newsfeeds.events import TweetCreated
from newsfeeds.storage import store_to_write
from outbox.services import OutboxService
from tweets.services import PhotoService, TweetService
from utils.idempotency.services import IdempotencyService
from utils.redis.lists import push_entries
from utils.transactions import after_commit, retried_transaction


class PostingService:
    """
    The verb of posting.
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
        with store_to_write() as store:
            store.deliver_own(tweet.id, author.id)
        OutboxService.record(TweetCreated(tweet_id=tweet.id, author_id=author.id))
        IdempotencyService.complete(tweet.id)
        # Both of the author's lists in one round trip.
        own_lists = [TweetService.list_entry(tweet.id, author.id), *user_newsfeeds.entries([author.id], tweet.id)]
        after_commit(push_entries, own_lists)
        return tweet

"""
Posting: the tweet, its row in the author's own feed, and the event that delivers it to all others.
"""

from collections.abc import Sequence

from accounts.models import User
from newsfeeds.cache import push_posted, user_newsfeeds
from newsfeeds.events import TweetCreated
from newsfeeds.storage import store_to_write
from outbox.services import OutboxService
from tweets.models import Tweet, TweetPhoto
from tweets.services import LoadedTweet, PhotoService, TweetService
from utils.database.transactions import after_commit, retried_transaction
from utils.idempotency.services import IdempotencyService
from utils.images import CleanImage


class PostingService:
    """
    The verb of posting.
    """

    @classmethod
    def post_tweet(cls, *, author: User, content: str, images: Sequence[CleanImage] = ()) -> LoadedTweet:
        """
        Post a tweet with its pictures and return it as a page shows it, without reading it back.

        One transaction: the counter, the tweet, its photos, the author's feed row and the event
        that wakes the fan-out. It costs the same with no follower as with a million.

        :param images: in the order in which they are shown.
        """
        photos = PhotoService.store(owner=author, images=images) if images else []
        try:
            tweet = cls._post(author, content, photos)
        except BaseException:
            PhotoService.discard(photos=photos)
            raise
        return TweetService.load_posted(tweet=tweet, photos=photos)

    @classmethod
    @retried_transaction
    def _post(cls, author: User, content: str, photos: Sequence[TweetPhoto]) -> Tweet:
        tweet = TweetService.create_tweet(author=author, content=content)
        PhotoService.attach(photos=photos, tweet=tweet)
        with store_to_write() as store:
            store.deliver_own(tweet.id, author.id)
        OutboxService.record(event=TweetCreated(tweet_id=tweet.id, author_id=author.id))
        IdempotencyService.complete(object_id=tweet.id)
        own_lists = [
            TweetService.list_entry(tweet_id=tweet.id, author_id=author.id),
            *user_newsfeeds.entries([author.id], tweet.id),
        ]
        after_commit(push_posted, tweet, own_lists)
        return tweet

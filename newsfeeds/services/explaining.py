"""
Why a tweet is in a feed or not.
"""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import AnonymousUser

from accounts.models import User
from friendships.events import Followed
from friendships.services import FriendshipService
from newsfeeds.constants import LATE_COMMIT, Reason
from newsfeeds.models import DeliveryBatch, FeedFollow
from newsfeeds.services.readers import ReaderService
from newsfeeds.services.strategies import get_strategy
from outbox.models import Message
from tweets.constants import PhotoStatus
from tweets.models import Tweet, TweetPhoto
from tweets.services import TweetGone
from utils.database.time_ids import id_to_datetime
from utils.errors import Forbidden, Missing

# By these a feed has, or would have, the tweet.
BELONGS = (Reason.OWN, Reason.DELIVERED, Reason.BACK_FILLED, Reason.PULLED)


class NotOnesOwnFeed(Forbidden):
    code = "not_ones_own_feed"
    message = "Only staff may ask about the feed of somebody else."


class ReaderGone(Missing):
    """
    There is no such reader, or the account is closed.
    """


@dataclass(frozen=True, slots=True)
class Explanation:
    """
    Whether a tweet is in a feed, and what explains it; None where nothing is known or nothing fits.

    `batch` is (after, until]: the ids of the followers whom the delivery served together.
    """

    tweet_id: int
    user_id: int
    author_id: int
    in_feed: bool
    reason: Reason
    followed_at: datetime | None = None
    back_filled_at: datetime | None = None
    delivered_at: datetime | None = None
    batch: tuple[int, int] | None = None
    not_followed_since: datetime | None = None
    pending_photos: int | None = None


class ExplanationService:
    """
    Compares what one feed holds with what its definition says of one tweet.
    """

    @classmethod
    def explain_to(cls, *, viewer: User | AnonymousUser, tweet_id: int, user_id: int | None = None) -> Explanation:
        """
        Explain one tweet in the viewer's feed, for staff in anybody's. At most eight queries.

        :raises NotOnesOwnFeed: it is somebody else's feed.
        :raises ReaderGone: staff asks for somebody who is not there.
        :raises TweetGone: there is no such tweet, or the viewer may not know of it.
        """
        reader_id = viewer.pk if user_id is None else user_id
        if reader_id != viewer.pk and not viewer.is_staff:
            raise NotOnesOwnFeed
        reader = User.objects.visible_to(viewer).filter(id=reader_id).first()
        if reader is None:
            raise ReaderGone
        tweet = cls._get_tweet(tweet_id)
        is_own, is_visible = tweet.user_id == viewer.pk, cls._hidden_by(tweet, viewer) is None
        if not (viewer.is_staff or is_own or is_visible):
            raise TweetGone
        return cls._explain(reader, tweet, may_know_photos=viewer.is_staff or is_own)

    @classmethod
    def explain(cls, *, reader: User, tweet_id: int) -> Explanation:
        """
        Explain to an operator, who may know everything. At most six queries.

        :raises TweetGone: there is no such tweet.
        """
        return cls._explain(reader, cls._get_tweet(tweet_id), may_know_photos=True)

    @classmethod
    def _get_tweet(cls, tweet_id: int) -> Tweet:
        tweet = Tweet.objects.select_related("user").filter(id=tweet_id).first()
        if tweet is None:
            raise TweetGone
        return tweet

    @classmethod
    def _hidden_by(cls, tweet: Tweet, viewer: User | AnonymousUser) -> Reason | None:
        """
        Return what hides a tweet from whoever looks, wherever it is stored.
        """
        if tweet.deleted_at:
            return Reason.DELETED
        if tweet.user.deleted_at:
            return Reason.AUTHOR_CLOSED
        if tweet.user.suspended_at and not viewer.is_staff:
            return Reason.AUTHOR_SUSPENDED
        return None

    @classmethod
    def _explain(cls, reader: User, tweet: Tweet, *, may_know_photos: bool) -> Explanation:
        strategy = get_strategy(reader.id)
        is_held = strategy.has_tweet(reader.id, tweet.id)
        friendship_id = FriendshipService.get_friendship_id(follower_id=reader.id, followee_id=tweet.user_id)
        follow = FeedFollow.objects.filter(pk=(reader.id, tweet.user_id)).first()
        noted = follow if follow and follow.friendship_id == friendship_id else None
        hidden_by = cls._hidden_by(tweet, reader)
        reason = hidden_by or cls._defined(reader.id, tweet, friendship_id, noted, is_held)
        in_feed = is_held and hidden_by is None
        is_pulled = is_held and reason in (Reason.DELIVERED, Reason.BACK_FILLED)
        if is_pulled and strategy.is_pulled(reader.id, tweet.user_id, tweet.id):
            reason = Reason.PULLED
        elif is_held and reason == Reason.DELIVERED and ReaderService.was_skipped(user_id=reader.id, tweet_id=tweet.id):
            reason = Reason.READER_WAS_IDLE
        batch = cls._get_batch(tweet.id, reader.id) if reason == Reason.DELIVERED and is_held else None
        return Explanation(
            tweet_id=tweet.id,
            user_id=reader.id,
            author_id=tweet.user_id,
            in_feed=in_feed,
            reason=cls._under_way(reason, is_held),
            followed_at=id_to_datetime(friendship_id) if friendship_id else None,
            back_filled_at=noted.reconciled_at if noted and reason == Reason.BACK_FILLED else None,
            delivered_at=batch.delivered_at if batch else None,
            batch=(batch.after_id, batch.until_id) if batch else None,
            not_followed_since=follow.ended_at if follow and friendship_id is None else None,
            pending_photos=cls._count_pending_photos(tweet) if may_know_photos else None,
        )

    @classmethod
    def _defined(
        cls, reader_id: int, tweet: Tweet, friendship_id: int | None, noted: FeedFollow | None, is_held: bool
    ) -> Reason:
        """
        Return what the definition of feeds (FeedDefinition) says of a tweet that nothing hides.
        """
        if tweet.user_id == reader_id:
            return Reason.OWN
        if friendship_id is None:
            return Reason.NOT_FOLLOWED
        if tweet.id > friendship_id:
            return Reason.DELIVERED
        if noted and tweet.id >= noted.oldest_id:
            return Reason.BACK_FILLED
        if noted:
            is_late = is_held and tweet.id >= friendship_id - LATE_COMMIT
            return Reason.DELIVERED if is_late else Reason.OLDER_THAN_BACK_FILL
        # Nobody has noted how far back it goes: the feed itself says, unless that is about to be settled.
        if is_held or cls._is_settling(reader_id, tweet.user_id):
            return Reason.BACK_FILLED
        return Reason.OLDER_THAN_BACK_FILL

    @classmethod
    def _under_way(cls, reason: Reason, is_held: bool) -> Reason:
        if reason in BELONGS and not is_held:
            return Reason.DELIVERY_UNDER_WAY
        if reason in (Reason.NOT_FOLLOWED, Reason.OLDER_THAN_BACK_FILL) and is_held:
            return Reason.REMOVAL_UNDER_WAY
        return reason

    @classmethod
    def _is_settling(cls, follower_id: int, followee_id: int) -> bool:
        waiting = Message.objects.filter(event=Followed.name, due_at__isnull=False)
        return waiting.filter(payload__follower_id=follower_id, payload__followee_id=followee_id).exists()

    @classmethod
    def _get_batch(cls, tweet_id: int, follower_id: int) -> DeliveryBatch | None:
        batches = DeliveryBatch.objects.filter(tweet_id=tweet_id, after_id__lt=follower_id, until_id__gte=follower_id)
        return batches.order_by("until_id").first()

    @classmethod
    def _count_pending_photos(cls, tweet: Tweet) -> int:
        return TweetPhoto.objects.filter(tweet_id=tweet.id, status=PhotoStatus.PENDING).count()

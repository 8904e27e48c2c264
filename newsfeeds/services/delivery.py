"""
Delivering: the fan-out of the push model, and its undoing.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from django.conf import settings
from django.utils import timezone

from accounts.services import AccountService
from friendships.storage import mysql_store
from newsfeeds.cache import user_newsfeeds
from newsfeeds.events import FanOutBatchReady, FollowerRange, RemovalBatchReady, TweetCreated
from newsfeeds.models import DeliveryBatch
from newsfeeds.services.crossing import CrossingService
from newsfeeds.services.edges import EdgeService
from newsfeeds.storage import store_to_write
from outbox.events import Event
from outbox.services import OutboxService
from tweets.events import TweetDeleted
from tweets.services import TweetService
from utils.caching.redis.lists import push_entries, remove_entries
from utils.database.time_ids import MAX_ID
from utils.database.transactions import retried_transaction

# Returns {author id: ids of the followers who get their tweets}, as it is now.
Followers = Callable[[], dict[int, list[int]]]


class Delivery(NamedTuple):
    """
    A tweet on its way to its author's followers.
    """

    tweet_id: int
    author_id: int


class DeliveryService:
    """
    What the handlers of events do for feeds when tweets come and go. Everything repeats safely.

    Up to FAN_OUT_BATCH_SIZE followers are served at once, the tweets of several authors in one
    transaction. More followers are cut into ranges of their ids, one event a range.
    """

    @classmethod
    def deliver_all(cls, *, events: Sequence[TweetCreated]) -> str:
        """
        Deliver tweets to all followers of their authors, or record an event for each range of them.

        Rows first, then cached lists, the author's own included: what the request that posted a
        tweet could not do for them is done here. Tweets that are pulled reach nobody else.

        :raises HBaseUnavailable: HBase alone has feeds, and some may lack the tweets.
        :raises RedisUnavailable: the rows are there, cached lists may lack the tweets.
        """
        small, large = cls._by_size(events)
        posted = [Delivery(event.tweet_id, event.author_id) for event in events]
        cls._deliver_rows(posted, [delivery for _, delivery in small])
        for event, delivery in large:
            cls._split(event, FanOutBatchReady, delivery)
        cls._push([delivery for _, delivery in small], cls._all_followers(small), posted)
        return cls._describe("delivered", events, small, large)

    @classmethod
    def withdraw_all(cls, *, events: Sequence[TweetDeleted]) -> str:
        """
        Take deleted tweets out of all feeds, or record an event for each range of followers.

        :raises HBaseUnavailable: HBase alone has feeds, and some may still hold the tweets.
        :raises RedisUnavailable: the rows are gone, cached lists may still hold the tweets.
        """
        small, large = cls._by_size(events)
        followers = cls._all_followers(small)()
        delivered = {delivery.tweet_id for _, delivery in small}
        for event in events:
            others = followers.get(event.author_id, ()) if event.tweet_id in delivered else ()
            cls._remove_rows(event.tweet_id, [event.author_id, *others])
        for large_event, delivery in large:
            cls._split(large_event, RemovalBatchReady, delivery)
        own_entries = cls._own_entries([Delivery(event.tweet_id, event.author_id) for event in events])
        remove_entries([*own_entries, *cls._entries([delivery for _, delivery in small], followers)])
        return cls._describe("withdrawn", events, small, large)

    @classmethod
    def _describe(cls, verb: str, events: Sequence[Event], small: Sequence[object], large: Sequence[object]) -> str:
        pulled_count = len(events) - len(small) - len(large)
        return f"{len(small)} tweets are {verb}, the followers of {len(large)} are cut into ranges, {pulled_count} are pulled"

    @classmethod
    def deliver_to_range(cls, *, tweet_id: int, author_id: int, after: int, until: int) -> int:
        """
        Deliver a tweet to the followers with ids in (after, until]; return how many they are.

        :raises HBaseUnavailable: HBase alone has feeds, and some may lack the tweet.
        :raises RedisUnavailable: the rows are there, cached lists may lack the tweet.
        """
        cls._deliver_rows_of_range(tweet_id, after, until)
        followers = cls._followers_in_range(author_id, after, until)
        return cls._push([Delivery(tweet_id, author_id)], followers)

    @classmethod
    def remove_from_range(cls, *, tweet_id: int, author_id: int, after: int, until: int) -> int:
        """
        Take a deleted tweet out of the feeds of followers with ids in (after, until]; return how many they are.

        :raises HBaseUnavailable: HBase alone has feeds, and some may still hold it.
        :raises RedisUnavailable: cached lists may still hold it.
        """
        follower_ids = cls._followers_in_range(author_id, after, until)()[author_id]
        cls._remove_rows(tweet_id, follower_ids)
        user_newsfeeds.remove(follower_ids, tweet_id)
        return len(follower_ids)

    @classmethod
    def _by_size(
        cls, events: Sequence[TweetCreated] | Sequence[TweetDeleted]
    ) -> tuple[list[tuple[Event, Delivery]], list[tuple[Event, Delivery]]]:
        """
        Part the tweets whose authors have few followers from those that must be cut; one query. Pulled ones are neither.
        """
        pairs = [(event, Delivery(event.tweet_id, event.author_id)) for event in events]
        counts = AccountService.get_followers_counts(user_ids={delivery.author_id for _, delivery in pairs})
        pulled_since = CrossingService.get_pulled_since(followers_counts=counts)
        small: list[tuple[Event, Delivery]] = []
        large: list[tuple[Event, Delivery]] = []
        for event, delivery in pairs:
            if delivery.tweet_id >= pulled_since.get(delivery.author_id, delivery.tweet_id + 1):
                continue
            is_small = counts.get(delivery.author_id, 0) <= settings.FAN_OUT_BATCH_SIZE
            (small if is_small else large).append((event, delivery))
        return small, large

    @classmethod
    def _split(cls, event: Event, part_type: type[FollowerRange], delivery: Delivery) -> None:
        ranges = mysql_store().get_follower_ranges(delivery.author_id, size=settings.FAN_OUT_BATCH_SIZE)
        parts = [part_type(**delivery._asdict(), after=after, until=until) for after, until in ranges]
        OutboxService.split(event=event, parts=parts)

    @classmethod
    def _all_followers(cls, small: Sequence[tuple[Event, Delivery]]) -> Followers:
        author_ids = {delivery.author_id for _, delivery in small}
        return lambda: mysql_store().get_follower_ids(author_ids)

    @classmethod
    def _followers_in_range(cls, author_id: int, after: int, until: int) -> Followers:
        return lambda: {author_id: mysql_store().get_followers_between(author_id, after=after, until=until)}

    @classmethod
    def _push(cls, deliveries: Sequence[Delivery], followers: Followers, posted: Sequence[Delivery] = ()) -> int:
        """
        Push tweets onto the cached lists of followers, and return on how many.

        Then look again: whoever unfollowed between the commit and the push has had their list
        dropped *before* the push, and would keep the tweet; so would everybody of whom a deleted one
        was taken before.

        :param posted: the tweets to push onto their authors' own lists too.
        """
        delivered = cls._without_pulled(deliveries, followers())
        entries = cls._entries(deliveries, delivered)
        push_entries([*cls._own_entries(posted), *entries])
        still = {author_id: set(follower_ids) for author_id, follower_ids in followers().items()}
        user_newsfeeds.drop(
            {
                follower_id
                for author_id, follower_ids in delivered.items()
                for follower_id in follower_ids
                if follower_id not in still.get(author_id, ())
            }
        )
        existing = TweetService.get_existing_ids(tweet_ids={delivery.tweet_id for delivery in [*deliveries, *posted]})
        gone, own_gone = ([one for one in some if one.tweet_id not in existing] for some in (deliveries, posted))
        remove_entries([*cls._own_entries(own_gone), *cls._entries(gone, delivered)])
        return len(entries)

    @classmethod
    def _without_pulled(cls, deliveries: Sequence[Delivery], followers: dict[int, list[int]]) -> dict[int, list[int]]:
        """
        Return the followers without those who pull these tweets. A query for each author, where single follows are pulled.
        """
        if not EdgeService.are_chosen():
            return followers
        oldest_ids = {author_id: tweet_id for tweet_id, author_id in sorted(deliveries, reverse=True)}
        pulled = {
            author_id: EdgeService.get_pulling(author_id=author_id, follower_ids=ids, tweet_id=oldest_ids[author_id])
            for author_id, ids in followers.items()
        }
        return {author_id: [id for id in ids if id not in pulled[author_id]] for author_id, ids in followers.items()}

    @classmethod
    def _entries(cls, deliveries: Sequence[Delivery], followers: dict[int, list[int]]) -> list[tuple[str, int]]:
        return [
            entry
            for tweet_id, author_id in deliveries
            for entry in user_newsfeeds.entries(followers.get(author_id, ()), tweet_id)
        ]

    @classmethod
    def _own_entries(cls, deliveries: Sequence[Delivery]) -> list[tuple[str, int]]:
        return [
            entry
            for tweet_id, author_id in deliveries
            for entry in (
                TweetService.list_entry(tweet_id=tweet_id, author_id=author_id),
                *user_newsfeeds.entries([author_id], tweet_id),
            )
        ]

    @classmethod
    @retried_transaction
    def _deliver_rows(cls, all_deliveries: Sequence[Delivery], small: Sequence[Delivery]) -> None:
        with store_to_write() as store:
            for tweet_id, author_id in all_deliveries:
                store.complete_own(tweet_id, author_id)
            if small:
                tweet_ids = [tweet_id for tweet_id, _ in small]
                store.deliver_to_followers(tweet_ids, after=0, until=MAX_ID)
                cls._note_batch(tweet_ids, 0, MAX_ID)

    @classmethod
    @retried_transaction
    def _deliver_rows_of_range(cls, tweet_id: int, after: int, until: int) -> None:
        with store_to_write() as store:
            store.deliver_to_followers([tweet_id], after=after, until=until)
        cls._note_batch([tweet_id], after, until)

    @classmethod
    def _note_batch(cls, tweet_ids: Sequence[int], after: int, until: int) -> None:
        """
        Note when these were first delivered to that range of followers; one query.
        """
        now = timezone.now()
        DeliveryBatch.objects.bulk_create(
            [DeliveryBatch(tweet_id=id, until_id=until, after_id=after, delivered_at=now) for id in tweet_ids],
            ignore_conflicts=True,
        )

    @classmethod
    @retried_transaction
    def _remove_rows(cls, tweet_id: int, user_ids: Sequence[int]) -> None:
        with store_to_write() as store:
            store.remove(tweet_id, user_ids)

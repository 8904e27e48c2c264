"""
Holding feeds, wherever they are stored or cached, against their definition.
"""

import logging
import random
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from django.conf import settings
from django.db.models import Q

from accounts.models import User
from accounts.services import AccountService
from friendships.events import Followed, Unfollowed
from newsfeeds.cache import drop_feeds, user_newsfeeds
from newsfeeds.constants import CHECK_READERS, CHECK_ROWS, LIST, DifferenceKind
from newsfeeds.events import FanOutBatchReady, FeedRowsMissed, RemovalBatchReady, TweetCreated
from newsfeeds.models import FeedCheck
from newsfeeds.services.definition import DefinedFeed, FeedDefinition
from newsfeeds.services.readers import ReaderService
from newsfeeds.services.strategies import is_anything_pulled
from newsfeeds.storage import store_to_write, stores_in_use
from outbox.models import Message
from tweets.events import TweetDeleted
from tweets.services import TweetService
from utils.database.transactions import retried_transaction
from utils.observability.metrics import FEED_DIFFERENCES, FEEDS_CHECKED

logger = logging.getLogger(__name__)

# As long as one of these waits, some feed may differ: by its tweet, by its reader, by its rows.
TWEET_EVENTS = (TweetCreated.name, FanOutBatchReady.name, TweetDeleted.name, RemovalBatchReady.name)
FOLLOW_EVENTS = (Followed.name, Unfollowed.name)
# Readers whose profiles are locked together for a second look.
LOCKED_READERS = 20


class Difference(NamedTuple):
    """
    What is wrong with one tweet in one feed, and in which store or list.
    """

    place: str
    kind: DifferenceKind
    user_id: int
    tweet_id: int


class CheckedChunk(NamedTuple):
    """
    What was found among the feeds of some readers, and what of it is there still.
    """

    readers_count: int
    last_user_id: int
    found: list[Difference]
    left: list[Difference]


class FeedCheckService:
    """
    Finds what is missing, does not belong there, is repeated or stands in the wrong order, and mends it.

    Safe under traffic: a difference counts when it outlasts a second look that holds the reader's
    follows, and when no event that could explain it is waiting. An event that was given up explains nothing.
    """

    @classmethod
    def check_all(cls, *, repair: bool = False) -> Iterator[CheckedChunk]:
        """
        Check every feed in the order of user ids, and yield after each chunk.

        Begins where the last run was interrupted, or from the start if that one finished.

        :raises HBaseUnavailable, RedisUnavailable: it does not answer; the next run goes on here.
        """
        progress, _ = FeedCheck.objects.get_or_create(id=1, defaults={"after_user_id": 0})
        while user_ids := cls._next_readers(progress.after_user_id, CHECK_READERS):
            chunk = cls.check(user_ids=user_ids, repair=repair)
            progress.after_user_id = chunk.last_user_id
            progress.differences_count += len(chunk.left)
            progress.save()
            yield chunk
        progress.delete()

    @classmethod
    def get_progress(cls) -> tuple[int, int]:
        """
        Return (user id, differences left so far) of an interrupted `check_all`, (0, 0) if there is none.
        """
        return FeedCheck.objects.values_list("after_user_id", "differences_count").first() or (0, 0)

    @classmethod
    def forget_progress(cls) -> None:
        """
        Let the next `check_all` begin from the start.
        """
        FeedCheck.objects.all().delete()

    @classmethod
    def check_sample(cls, *, size: int, repair: bool = False) -> Iterator[CheckedChunk]:
        """
        Check `size` feeds that follow each other from a random user on, and yield after each chunk.

        :raises HBaseUnavailable, RedisUnavailable: it does not answer.
        """
        newest = User.objects.order_by("-id").values_list("id", flat=True).first() or 0
        start = random.randint(0, newest)
        user_ids = cls._next_readers(start, size)
        if len(user_ids) < size:
            user_ids += [id for id in cls._next_readers(0, size - len(user_ids)) if id <= start]
        for position in range(0, len(user_ids), CHECK_READERS):
            yield cls.check(user_ids=user_ids[position : position + CHECK_READERS], repair=repair)

    @classmethod
    def check(cls, *, user_ids: Sequence[int], repair: bool = False) -> CheckedChunk:
        """
        Check the feeds of these readers. Without a difference: two queries, a scan of HBase each, a few round trips to Redis.

        :raises HBaseUnavailable, RedisUnavailable: it does not answer.
        """
        suspects = sorted(cls._compare(user_ids))
        found = cls._look_again(suspects, repair=False)
        left = found
        if repair and found:
            cls._look_again(found, repair=True)
            drop_feeds({difference.user_id for difference in found})
            left = cls._look_again(found, repair=False)
        FEEDS_CHECKED.inc(len(user_ids))
        for difference in found:
            FEED_DIFFERENCES.labels(difference.place, difference.kind.value).inc()
        if found:
            logger.warning("%s differences in %s feeds, %s are left", len(found), len(user_ids), len(left))
        return CheckedChunk(len(user_ids), user_ids[-1] if user_ids else 0, found, left)

    @classmethod
    def _next_readers(cls, after: int, size: int) -> list[int]:
        return list(User.objects.filter(id__gt=after).order_by("id").values_list("id", flat=True)[:size])

    @classmethod
    def _compare(cls, user_ids: Sequence[int]) -> set[Difference]:
        """
        Return what differs now, feeds that are delivered to at this moment included.
        """
        feeds = FeedDefinition.get_feeds(user_ids, limit=CHECK_ROWS if len(user_ids) > 1 else None)
        if feeds is None:
            half = len(user_ids) // 2
            return cls._compare(user_ids[:half]) | cls._compare(user_ids[half:])
        feeds = FeedDefinition.without_pulled(feeds) if is_anything_pulled() else feeds
        # Lists are whole, whichever rows are left out.
        stored_feeds = ReaderService.exempt(feeds=feeds)
        differences: set[Difference] = set()
        for place, store in stores_in_use().items():
            stored = store.get_rows(user_ids)
            for user_id, feed in stored_feeds.items():
                tweet_ids = set(stored.get(user_id, ()))
                if tweet_ids != feed.required:
                    differences |= cls._differ(place, user_id, feed, tweet_ids)
        for user_id, listed in user_newsfeeds.read_all(user_ids).items():
            differences |= cls._differ_in_list(user_id, feeds[user_id], listed)
        return differences

    @classmethod
    def _differ(cls, place: str, user_id: int, feed: DefinedFeed, tweet_ids: set[int]) -> set[Difference]:
        missing = ((DifferenceKind.MISSING, tweet_id) for tweet_id in feed.required - tweet_ids)
        ghosts = ((DifferenceKind.GHOST, tweet_id) for tweet_id in tweet_ids - feed.required - feed.allowed)
        return {Difference(place, kind, user_id, tweet_id) for kind, tweet_id in (*missing, *ghosts)}

    @classmethod
    def _differ_in_list(cls, user_id: int, feed: DefinedFeed, listed: list[int] | None) -> set[Difference]:
        """
        Hold a cached list against the newest of a feed: a list that is not full says that it is whole.
        """
        if listed is None:
            # Not ids at all: as wrong as any order.
            return {Difference(LIST, DifferenceKind.MISORDERED, user_id, 0)}
        oldest = min(listed) if len(listed) >= settings.MAX_CACHED_IDS else 0
        newest = DefinedFeed({id for id in feed.required if id >= oldest}, feed.allowed)
        differences = cls._differ(LIST, user_id, newest, set(listed))
        for newer, older in pairwise(listed):
            if older > newer:
                differences.add(Difference(LIST, DifferenceKind.MISORDERED, user_id, newer))
        if len(set(listed)) < len(listed):
            repeated = {id for id in listed if listed.count(id) > 1}
            differences |= {Difference(LIST, DifferenceKind.REPEATED, user_id, id) for id in repeated}
        return differences

    @classmethod
    def _look_again(cls, suspects: Sequence[Difference], *, repair: bool) -> list[Difference]:
        """
        Return those suspects that are still there and that nothing under way explains; repair their rows if asked to.
        """
        by_reader: dict[int, set[Difference]] = {}
        for suspect in suspects:
            by_reader.setdefault(suspect.user_id, set()).add(suspect)
        user_ids, confirmed = list(by_reader), list[Difference]()
        for start in range(0, len(user_ids), LOCKED_READERS):
            piece = user_ids[start : start + LOCKED_READERS]
            wanted = set[Difference]().union(*(by_reader[user_id] for user_id in piece))
            confirmed += cls._confirm(piece, wanted, repair)
        return confirmed

    @classmethod
    @retried_transaction
    def _confirm(cls, user_ids: Sequence[int], suspects: set[Difference], repair: bool) -> list[Difference]:
        # Nobody follows or unfollows on behalf of these readers, and nobody settles it, until commit.
        AccountService.lock_profiles(user_ids=user_ids)
        # Asked before and after: whatever began or ended in between is seen by one of the two.
        under_way = cls._under_way(suspects)
        still = suspects & cls._compare(user_ids)
        under_way |= cls._under_way(still)
        confirmed = sorted(difference for difference in still if difference not in under_way)
        if repair:
            cls._repair_rows(confirmed)
        return confirmed

    @classmethod
    def _under_way(cls, suspects: set[Difference]) -> set[Difference]:
        """
        Return those that an event which waits will change; one query, of the events that wait.
        """
        if not suspects:
            return set()
        tweet_ids, user_ids = {each.tweet_id for each in suspects}, {each.user_id for each in suspects}
        events = Message.objects.filter(
            Q(event__in=TWEET_EVENTS, payload__tweet_id__in=tweet_ids)
            | Q(event__in=FOLLOW_EVENTS, payload__follower_id__in=user_ids)
            | Q(event=FeedRowsMissed.name),
            due_at__isnull=False,
        )
        tweets, readers = set[int](), set[int]()
        for event, payload in events.values_list("event", "payload"):
            if event in TWEET_EVENTS:
                tweets.add(payload["tweet_id"])
            elif event in FOLLOW_EVENTS:
                readers.add(payload["follower_id"])
            else:
                readers |= {user_id for user_id, _ in (*payload["puts"], *payload["deletes"])}
        return {each for each in suspects if each.tweet_id in tweets or each.user_id in readers}

    @classmethod
    def _repair_rows(cls, confirmed: Sequence[Difference]) -> None:
        """
        Put and remove the rows of stores; lists are dropped by who calls this, after the commit.
        """
        rows = [each for each in confirmed if each.place != LIST]
        missing = [each for each in rows if each.kind == DifferenceKind.MISSING]
        existing = set(TweetService.lock_shared_existing(tweet_ids={each.tweet_id for each in missing}))
        with store_to_write() as store:
            for user_id in sorted({each.user_id for each in rows}):
                own = [each for each in rows if each.user_id == user_id]
                store.deliver_many(
                    user_id, {each.tweet_id for each in own if each in missing and each.tweet_id in existing}
                )
                store.remove_many(user_id, {each.tweet_id for each in own if each.kind == DifferenceKind.GHOST})

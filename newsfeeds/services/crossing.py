"""
Which authors' tweets are pulled, and how an author crosses from being pushed to being pulled and back.
"""

from collections.abc import Collection, Mapping
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from accounts.services import AccountService
from friendships.storage import mysql_store
from newsfeeds.cache import drop_feeds
from newsfeeds.events import AuthorCrossed, PulledTweetsDue
from newsfeeds.models import PulledAuthor
from newsfeeds.services.feeds import NewsFeedService
from newsfeeds.services.strategies import get_strategy, is_anything_pulled
from outbox.services import OutboxService
from tweets.services import TweetService
from utils.database.time_ids import datetime_to_id, next_id
from utils.database.transactions import retried_transaction

# Rows that one event writes for an author who returns, so that it holds its locks for some ten milliseconds.
RETURNED_ROWS = 5_000


class CrossingService:
    """
    Notes whose tweets have no rows, so that nothing is lost or doubled when that changes in the middle of a fan-out.

    To be pulled: the note begins at an id that is FEED_CROSSING_SECONDS away. Tweets before it are pushed however late
    that happens; until the first after it is posted, every reader pulls the author already.
    To be pushed again: from a moment on tweets are pushed; then the rows of those between are written, follower by
    follower, and when all are there the note goes. Until then readers pull the author too.
    """

    @classmethod
    def get_pulled_since(cls, *, followers_counts: Mapping[int, int]) -> dict[int, int]:
        """
        Return {author id: from which id on tweets are not delivered} of those who are pulled, and record who crosses.

        No query where FEED_STRATEGY is push; one otherwise, and one more when somebody crosses.

        :param followers_counts: the authors, and how many followers each has.
        """
        if not is_anything_pulled():
            return {}
        pulled = dict(
            PulledAuthor.objects.not_delivered()
            .filter(author_id__in=followers_counts)
            .values_list("author_id", "pulled_since")
        )
        cls._announce(followers_counts, pulled)
        return pulled

    @classmethod
    def announce_returns(cls) -> int:
        """
        Record who of all that are pulled should not be any more; return how many are pulled.

        Who does not post is not looked at otherwise. Two queries.
        """
        pulled = set(PulledAuthor.objects.not_delivered().values_list("author_id", flat=True))
        cls._announce(AccountService.get_followers_counts(user_ids=pulled), pulled)
        return len(pulled)

    @classmethod
    def reconcile(cls, *, author_ids: Collection[int]) -> None:
        """
        Let these authors cross if they should, as their followers are counted now. Repeats safely.
        """
        counts = AccountService.get_followers_counts(user_ids=author_ids)
        for author_id in sorted(counts):
            cls._reconcile(author_id, counts[author_id])

    @classmethod
    def deliver_some(cls, *, event: PulledTweetsDue) -> int:
        """
        Write the rows of tweets that were pulled for the next followers of an author, drop their cached lists, and
        record the event for those after them, or remove the note where there are none. Return how many these were.

        :raises HBaseUnavailable: HBase alone has feeds, and some may lack the rows.
        :raises RedisUnavailable: the rows are there, cached lists may lack the tweets.
        """
        # Not that of a later return, whose events begin with the first follower.
        note = PulledAuthor.objects.filter(author_id=event.author_id, pulled_until=event.pulled_until).first()
        if note is None:
            return 0
        tweet_ids = TweetService.get_ids_by(
            user_id=note.author_id, before=None, after=note.pulled_since - 1, limit=None
        )
        size = max(1, RETURNED_ROWS // (len(tweet_ids) + settings.BACKFILL_TWEETS))
        follower_ids = mysql_store().get_followers_after(note.author_id, after=event.after, limit=size)
        NewsFeedService.deliver_pulled(author_id=note.author_id, follower_ids=follower_ids, tweet_ids=tweet_ids)
        drop_feeds(follower_ids)
        if follower_ids:
            rest = PulledTweetsDue(author_id=note.author_id, pulled_until=event.pulled_until, after=follower_ids[-1])
            OutboxService.split(event=event, parts=[rest])
        else:
            note.delete()
        return len(follower_ids)

    @classmethod
    def _announce(cls, followers_counts: Mapping[int, int], pulled: Collection[int]) -> None:
        crossing = [
            AuthorCrossed(author_id=author_id)
            for author_id, count in sorted(followers_counts.items())
            if cls._wants_pulled(author_id, count, author_id in pulled) != (author_id in pulled)
        ]
        if crossing:
            OutboxService.record_many(events=crossing)

    @classmethod
    def _wants_pulled(cls, author_id: int, followers_count: int, is_pulled: bool) -> bool:
        return get_strategy(author_id).wants_pulled(followers_count=followers_count, is_pulled=is_pulled)

    @classmethod
    @retried_transaction
    def _reconcile(cls, author_id: int, followers_count: int) -> None:
        # Nobody else reconciles this author until commit.
        AccountService.lock_profiles(user_ids=[author_id])
        note = PulledAuthor.objects.filter(author_id=author_id).first()
        wants_pulled = cls._wants_pulled(author_id, followers_count, note is not None)
        if note is None and wants_pulled:
            begins = timezone.now() + timedelta(seconds=settings.FEED_CROSSING_SECONDS)
            PulledAuthor.objects.create(author_id=author_id, pulled_since=datetime_to_id(begins))
        elif note and note.pulled_until is None and not wants_pulled:
            note.pulled_until = next_id()
            note.save()
            due = PulledTweetsDue(author_id=author_id, pulled_until=note.pulled_until, after=0)
            OutboxService.record(event=due)

"""
Readers whose feeds lack rows: those who stay away for long get none, and the oldest rows of others are removed.

What is missing is pulled when it is read, so every page is as defined. docs/feeds.md, "Idle readers".
"""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS
from django.utils import timezone

from newsfeeds.constants import SEEN_EVERY
from newsfeeds.events import ReaderReturned
from newsfeeds.models import FeedReader
from newsfeeds.services.definition import DefinedFeed, FeedDefinition
from newsfeeds.storage import NewsFeedStore
from outbox.services import OutboxService
from utils.database.time_ids import MAX_ID, next_id
from utils.database.transactions import retried_transaction


class ReaderCounts(NamedTuple):
    """
    How many readers are known, and how many of them lack which rows.
    """

    known: int
    idle: int
    returning: int
    trimmed: int


class ReaderService:
    """
    Everything that may be asked of rows that are left out. With FEED_SKIP_IDLE_DAYS and FEED_TRIM off, no query.
    """

    @classmethod
    def are_rows_left_out(cls) -> bool:
        """
        Return whether feeds may lack rows, so that what is noted of readers has to be read.
        """
        return bool(settings.FEED_SKIP_IDLE_DAYS or settings.FEED_TRIM)

    @classmethod
    def note_seen(cls, *, user_id: int) -> None:
        """
        Note that somebody reads their feed; from then on an idle reader gets rows again, and an event brings the others.

        Call it before rows are read. One query, and once a day a transaction.
        """
        if not settings.FEED_SKIP_IDLE_DAYS:
            return
        reader = FeedReader.objects.filter(user_id=user_id).first()
        if reader is None or reader.is_idle or reader.seen_at < timezone.now() - SEEN_EVERY:
            cls._note_seen(user_id)

    @classmethod
    @retried_transaction
    def _note_seen(cls, user_id: int) -> None:
        now = timezone.now()
        reader, _ = FeedReader.objects.select_for_update().get_or_create(user_id=user_id, defaults={"seen_at": now})
        reader.seen_at = now
        cls.bring_back(readers=[reader])
        reader.save(update_fields=["seen_at"])

    @classmethod
    def bring_back(cls, *, readers: Sequence[FeedReader]) -> None:
        """
        Let those of these readers who are idle get rows again, and record the events that bring the missing ones.

        Call it in a transaction that has locked their rows. Two queries, none if nobody is idle.
        """
        idle = [reader for reader in readers if reader.is_idle]
        if idle:
            now_id = next_id()
            FeedReader.objects.filter(user_id__in=[reader.user_id for reader in idle]).update(pulled_until=now_id)
            OutboxService.record_many(
                events=[ReaderReturned(user_id=reader.user_id, pulled_until=now_id) for reader in idle]
            )

    @classmethod
    def get_tweet_ids(
        cls, *, store: NewsFeedStore, user_id: int, before: int | None, after: int | None, limit: int
    ) -> list[int]:
        """
        Return what `store.get_tweet_ids` would return if no row had been left out. Two queries more.

        :raises HBaseUnavailable: feeds are in HBase alone, and it does not respond.
        """
        if not cls.are_rows_left_out():
            return store.get_tweet_ids(user_id, before=before, after=after, limit=limit)
        # Asked before the rows are read: this is forgotten only when all rows are there.
        if FeedReader.objects.filter(user_id=user_id, pulled_since__isnull=False).exists():
            return FeedDefinition.get_pushed_ids(user_id, before=before, after=after, limit=limit)
        tweet_ids = store.get_tweet_ids(user_id, before=before, after=after, limit=limit)
        # Asked after the rows are read: this is noted before any row is removed.
        trimmed_before = cls._get_trimmed_before(user_id)
        if trimmed_before <= (after or 0) + 1:
            return tweet_ids
        kept = [id for id in tweet_ids if id >= trimmed_before]
        if len(kept) < limit:
            older = min(before or MAX_ID, trimmed_before)
            kept += FeedDefinition.get_pushed_ids(user_id, before=older, after=after, limit=limit - len(kept))
        return kept

    @classmethod
    def _get_trimmed_before(cls, user_id: int) -> int:
        # Never from a replica, which may not know of rows that are gone already.
        noted = FeedReader.objects.using(DEFAULT_DB_ALIAS).filter(user_id=user_id)
        return noted.values_list("trimmed_before", flat=True).first() or 0

    @classmethod
    def forget(cls, *, user_ids: Collection[int]) -> None:
        """
        Forget how these people read, because their accounts are closed. One query.
        """
        FeedReader.objects.filter(user_id__in=user_ids).delete()

    @classmethod
    def was_skipped(cls, *, user_id: int, tweet_id: int) -> bool:
        """
        Return whether a tweet has no row, or may have none, because the reader was idle when it was delivered.
        """
        readers = FeedReader.objects.filter(user_id=user_id, pulled_since__lte=tweet_id)
        return cls.are_rows_left_out() and readers.exists()

    @classmethod
    def exempt(cls, *, feeds: Mapping[int, DefinedFeed]) -> dict[int, DefinedFeed]:
        """
        Return which rows of these feeds must be there and which may, where rows are left out; one query.
        """
        if not cls.are_rows_left_out():
            return dict(feeds)
        lacking = FeedReader.objects.filter(user_id__in=list(feeds)).exclude(pulled_since=None, trimmed_before=0)
        exempted = dict(feeds)
        for reader in lacking:
            feed = feeds[reader.user_id]
            pulled_since = MAX_ID if reader.pulled_since is None else reader.pulled_since
            required = {id for id in feed.required if reader.trimmed_before <= id < pulled_since}
            exempted[reader.user_id] = DefinedFeed(required, feed.allowed | feed.required)
        return exempted

    @classmethod
    def count(cls) -> ReaderCounts:
        """
        Count readers by which of their rows may be missing. Four queries that read the whole table.
        """
        readers = FeedReader.objects.all()
        return ReaderCounts(
            known=readers.count(),
            idle=readers.idle().count(),
            returning=readers.returning().count(),
            trimmed=readers.filter(trimmed_before__gt=0).count(),
        )

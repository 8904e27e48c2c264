"""
Once a day: finding readers who stay away, choosing which follows are pulled, removing the oldest rows of feeds. And
the rows of those who return.
"""

from collections.abc import Sequence
from datetime import timedelta

from django.conf import settings
from django.db.models import F
from django.utils import timezone

from accounts.models import User
from accounts.services import AccountService
from newsfeeds.constants import RETURNED_AT_ONCE, TRIMMED_AT_ONCE, UPKEEP_READERS
from newsfeeds.events import FeedUpkeepDue, ReaderReturned
from newsfeeds.models import FeedReader
from newsfeeds.services.definition import FeedDefinition
from newsfeeds.services.edges import EdgeService
from newsfeeds.services.readers import ReaderService
from newsfeeds.storage import store_to_read, store_to_write
from outbox.services import OutboxService
from tweets.services import TweetService
from utils.database.time_ids import next_id
from utils.database.transactions import retried_transaction


class FeedUpkeepService:
    """
    What tasks do for feeds that lack rows. Everything repeats safely.
    """

    @classmethod
    def begin(cls) -> bool:
        """
        Record the event that begins a walk over all readers, and return True; False where everybody has every row.
        """
        is_due = ReaderService.are_rows_left_out() or EdgeService.is_any_pulled()
        if is_due:
            OutboxService.record(event=FeedUpkeepDue(after_user_id=0))
        return is_due

    @classmethod
    def look_after_some(cls, *, event: FeedUpkeepDue) -> int:
        """
        Look after the feeds of the next UPKEEP_READERS readers, record the event for those after them, return how many.

        :raises HBaseUnavailable: HBase alone has feeds, and does not respond.
        """
        following = User.objects.filter(id__gt=event.after_user_id).order_by("id")
        user_ids = list(following.values_list("id", flat=True)[:UPKEEP_READERS])
        known = cls._note_readers(user_ids)
        EdgeService.choose(user_ids=known)
        FeedReader.objects.filter(user_id__in=known, reads_count__gt=0).update(reads_count=F("reads_count") / 2)
        for user_id in user_ids if settings.FEED_TRIM else ():
            cls._trim(user_id)
        if user_ids:
            OutboxService.split(event=event, parts=[FeedUpkeepDue(after_user_id=user_ids[-1])])
        return len(user_ids)

    @classmethod
    @retried_transaction
    def _note_readers(cls, user_ids: Sequence[int]) -> list[int]:
        """
        Note who of these readers is idle, and bring back whom FEED_SKIP_IDLE_DAYS no longer calls idle.

        Returns those of whom something was known. It is noted that the others were seen now and have read nothing:
        nobody is idle from the first day on.
        """
        readers = list(FeedReader.objects.select_for_update().filter(user_id__in=user_ids).order_by("user_id"))
        known, now = [reader.user_id for reader in readers], timezone.now()
        FeedReader.objects.bulk_create(
            [FeedReader(user_id=user_id, seen_at=now) for user_id in user_ids if user_id not in known],
            ignore_conflicts=True,
        )
        days = settings.FEED_SKIP_IDLE_DAYS
        away = {reader.user_id for reader in readers if days and reader.seen_at < now - timedelta(days=days)}
        FeedReader.objects.filter(user_id__in=away, pulled_since=None).update(pulled_since=next_id())
        ReaderService.bring_back(readers=[reader for reader in readers if reader.user_id not in away])
        return known

    @classmethod
    def _trim(cls, user_id: int) -> None:
        """
        Remove some of the rows beyond the newest FEED_TRIM of one feed.
        """
        newest = store_to_read(user_id).get_tweet_ids(user_id, before=None, after=None, limit=settings.FEED_TRIM + 1)
        if len(newest) > settings.FEED_TRIM:
            cls._remove_before(user_id, newest[settings.FEED_TRIM - 1])

    @classmethod
    @retried_transaction
    def _remove_before(cls, user_id: int, tweet_id: int) -> None:
        # `feed_fsck` compares while it holds the profile: it finds both the note and the rows, or neither.
        AccountService.lock_profiles(user_ids=[user_id])
        readers = FeedReader.objects.select_for_update()
        reader, _ = readers.get_or_create(user_id=user_id, defaults={"seen_at": timezone.now()})
        reader.trimmed_before = max(reader.trimmed_before, tweet_id)
        reader.save(update_fields=["trimmed_before"])
        with store_to_write() as store:
            store.trim(user_id, before=reader.trimmed_before, limit=TRIMMED_AT_ONCE)

    @classmethod
    def restore_some(cls, *, event: ReaderReturned) -> int:
        """
        Write the newest rows that a reader lacks, and record the event for the older ones; return how many.

        With FEED_TRIM no more than that are written. When all are there, the reader's pages come from rows again.

        :raises HBaseUnavailable: HBase alone has feeds, and some may lack the rows.
        """
        tweet_ids = cls._write_rows(event)
        # Here the transaction has ended, and HBase has the rows too.
        written_count = event.written_count + len(tweet_ids)
        is_trimmed = bool(settings.FEED_TRIM) and written_count >= settings.FEED_TRIM
        if len(tweet_ids) == RETURNED_AT_ONCE and not is_trimmed:
            rest = ReaderReturned(
                user_id=event.user_id,
                pulled_until=event.pulled_until,
                before=tweet_ids[-1],
                written_count=written_count,
            )
            OutboxService.split(event=event, parts=[rest])
        else:
            cls._end_return(event, trimmed_before=min(tweet_ids, default=0) if is_trimmed else 0)
        return len(tweet_ids)

    @classmethod
    @retried_transaction
    def _write_rows(cls, event: ReaderReturned) -> list[int]:
        # Nobody follows or unfollows on behalf of this reader until commit.
        AccountService.lock_profiles(user_ids=[event.user_id])
        reader = FeedReader.objects.filter(user_id=event.user_id, pulled_until=event.pulled_until).first()
        if reader is None or reader.pulled_since is None:
            return []
        tweet_ids = FeedDefinition.get_pushed_ids(
            event.user_id, before=event.before or None, after=reader.pulled_since - 1, limit=RETURNED_AT_ONCE
        )
        existing = TweetService.lock_shared_existing(tweet_ids=tweet_ids)
        with store_to_write() as store:
            store.deliver_many(event.user_id, existing)
        return tweet_ids

    @classmethod
    @retried_transaction
    def _end_return(cls, event: ReaderReturned, *, trimmed_before: int) -> None:
        """
        Note that the rows from `trimmed_before` on are all there, unless the reader has left and returned meanwhile.
        """
        same = FeedReader.objects.select_for_update().filter(user_id=event.user_id, pulled_until=event.pulled_until)
        for reader in same:
            reader.pulled_since = reader.pulled_until = None
            reader.trimmed_before = max(reader.trimmed_before, trimmed_before)
            reader.save(update_fields=["pulled_since", "pulled_until", "trimmed_before"])

"""
How often readers read: counted in memory, and written once in a while.
"""

import logging
import threading
import time
from collections import Counter

from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone

from newsfeeds.models import FeedReader
from utils.caching.recording import note_unrecorded
from utils.database.counters import add_to_counters
from utils.database.transactions import retried_transaction

logger = logging.getLogger(__name__)

# Readers whose pages are written at once; one statement names them all.
MAX_PENDING = 500


class PendingReads:
    """
    Pages that were read in this process and are not written yet.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.forget()

    def forget(self) -> None:
        """
        Begin anew, with nothing counted.
        """
        self._counts = Counter[int]()
        self._begun_at = time.monotonic()

    def add(self, user_id: int) -> dict[int, int]:
        """
        Count a page, and return {user id: pages} of all that are to be written now; mostly {}.
        """
        with self._lock:
            self._counts[user_id] += 1
            is_recent = time.monotonic() - self._begun_at < settings.FEED_READS_FLUSH_SECONDS
            if is_recent and len(self._counts) < MAX_PENDING:
                return {}
            counts = dict(self._counts)
            self.forget()
            return counts


pending = PendingReads()


class ReadCountService:
    """
    Statistics, by which `hybrid_edge` chooses. They may miss a minute of a process that dies.
    """

    @classmethod
    def count_read(cls, *, user_id: int) -> None:
        """
        Count that somebody has read the first page of their feed. No query, but two once in FEED_READS_FLUSH_SECONDS.
        """
        # A response that is repeated without a view would not be counted.
        note_unrecorded()
        counts = pending.add(user_id)
        if counts:
            try:
                cls._write(counts)
            except DatabaseError as error:
                logger.warning("the pages that %s readers have read are not counted: %r", len(counts), error)

    @classmethod
    @retried_transaction
    def _write(cls, counts: dict[int, int]) -> None:
        now = timezone.now()
        FeedReader.objects.bulk_create(
            [FeedReader(user_id=user_id, seen_at=now) for user_id in sorted(counts)], ignore_conflicts=True
        )
        add_to_counters(
            FeedReader, key="user_id", deltas={user_id: {"reads_count": count} for user_id, count in counts.items()}
        )

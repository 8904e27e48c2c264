"""
Deletes expired rows: a table of what expires, and one loop for all of it.

Never purged: the audit trail, reports, and the histories of features and store phases, which people read later.
Each store phase is one row; the checkpoint of a back-fill is a column of it, emptied when the back-fill has finished.
"""

import logging
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import DatabaseError
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import AccessToken
from inbox.models import Notification
from newsfeeds.constants import REMEMBERED as FEEDS_REMEMBERED
from newsfeeds.models import DeliveryBatch, FeedFollow
from utils.database.time_ids import datetime_to_id
from utils.idempotency.constants import REMEMBERED
from utils.idempotency.models import IdempotentRequest
from utils.observability.metrics import PURGED

logger = logging.getLogger(__name__)

# One statement deletes this many rows, so that it holds locks for about ten milliseconds.
BATCH_ROWS = 1000
# A run deletes at most this many batches of each table, so that the worker is free again within seconds; the next run
# continues. With a run every ten minutes that is seven million rows a day.
BATCHES_PER_RUN = 50

# {name in the log and metrics: the rows that have expired at a moment}. Each filter has an index.
PURGES: Mapping[str, Callable[[datetime], QuerySet]] = {
    "sessions": lambda now: Session.objects.filter(expire_date__lt=now),
    "access tokens": lambda now: AccessToken.objects.filter(expires_at__lt=now),
    "idempotent requests": lambda now: IdempotentRequest.objects.filter(created_at__lt=now - REMEMBERED),
    "read notifications": lambda now: Notification.objects.filter(
        unread=False, timestamp__lt=now - timedelta(days=settings.NOTIFICATION_DAYS)
    ),
    "delivery batches": lambda now: DeliveryBatch.objects.filter(tweet_id__lt=datetime_to_id(now - FEEDS_REMEMBERED)),
    "ended follows of feeds": lambda now: FeedFollow.objects.filter(ended_at__lt=now - FEEDS_REMEMBERED),
}


def purge_all() -> dict[str, int]:
    """
    Delete expired rows of every table of PURGES, within bounds; return and log how many of each.

    A table that cannot be purged now (the database is unavailable, or the rows are locked) is left for the next run.
    """
    now, started = timezone.now(), time.monotonic()
    counts = {name: purge(name, now) for name in PURGES}
    words = ", ".join(f"{count} {name}" for name, count in counts.items())
    logger.info("purged in %.1f s: %s", time.monotonic() - started, words)
    return counts


def expired_rows(name: str, now: datetime) -> QuerySet:
    """
    Return the expired rows of one table of PURGES, in the order of the index.
    """
    return PURGES[name](now).order_by()


def purge(name: str, now: datetime) -> int:
    """
    Delete up to BATCHES_PER_RUN batches of a table of PURGES; return how many rows. Two queries for each batch.
    """
    expired, deleted = expired_rows(name, now), 0
    try:
        for _ in range(BATCHES_PER_RUN):
            keys = list(expired.values_list("pk", flat=True)[:BATCH_ROWS])
            if keys:
                # Filtered again: a session may have been extended meanwhile.
                deleted += expired.filter(pk__in=keys).delete()[0]
            if len(keys) < BATCH_ROWS:
                break
    except DatabaseError as error:
        logger.warning("%s are purged later: %r", name, error)
    PURGED.labels(name).inc(deleted)
    return deleted

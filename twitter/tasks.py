"""
Periodic tasks; their schedule is settings.CELERY_BEAT_SCHEDULE.
"""

from celery import shared_task

from twitter import purging


@shared_task
def purge_expired() -> str:
    """
    Delete expired rows: sessions, access tokens, idempotency keys and old notifications.

    Safe to run twice: deleted rows are not found again, and of two concurrent runs one deletes each row.
    """
    counts = purging.purge_all()
    return f"{sum(counts.values())} rows are purged"

"""
Tasks that beat sends; the schedule is settings.CELERY_BEAT_SCHEDULE.
"""

from celery import shared_task

from twitter import purging


@shared_task
def purge_expired() -> str:
    """
    Delete what is over: sessions, tokens, idempotency keys and the like.

    Safe to run twice: what is gone is gone, and of two runs at once the later one finds nothing.
    """
    counts = purging.purge_all()
    return f"{sum(counts.values())} rows are purged"

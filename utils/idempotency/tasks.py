"""
Tasks of idempotency.
"""

from celery import shared_task

from utils.idempotency.constants import PURGED_BY_A_TASK
from utils.idempotency.services import IdempotencyService


@shared_task
def purge_idempotent_requests():
    """
    Forget requests that are older than a day.

    Safe to run twice: what is gone is gone.
    """
    purged = 0
    while batch := IdempotencyService.purge(PURGED_BY_A_TASK):
        purged += batch
    return f"{purged} idempotent requests are forgotten"

"""
What is the same in every task that an event wakes.
"""

import logging
import random
import time
from functools import wraps

from celery import shared_task
from django.db import InterfaceError, OperationalError, close_old_connections, connection
from redis.exceptions import RedisError

from outbox.services import OutboxService
from utils.errors import Unavailable
from utils.redis.client import RedisUnavailable

logger = logging.getLogger(__name__)

PASSING = (OperationalError, InterfaceError, RedisError, RedisUnavailable, Unavailable)
QUICK_TRIES = 3


def outbox_task(*, queue="default"):
    """
    Decorate a function (message_id, **ids) as a Celery task that finishes its outbox row when it is done.

    The row goes last, after the database and the caches have what it stands for: whatever dies
    before that runs again. Passing trouble (a deadlock, a cache that is away) is tried three
    times at once, then left to the relay, so that the worker is free and no message counts
    towards the broker's delivery limit. Any other exception is logged and tried again as often.
    """

    def decorate(function):
        @shared_task(name=f"{function.__module__}.{function.__name__}", outbox_queue=queue)
        @wraps(function)
        def task(message_id, **ids):
            if not connection.in_atomic_block:
                close_old_connections()
            for attempt in range(1, QUICK_TRIES + 1):
                try:
                    sentence = function(message_id, **ids)
                    OutboxService.finish(message_id)
                    return sentence
                except PASSING as error:
                    if attempt == QUICK_TRIES or connection.in_atomic_block:
                        logger.warning("%s %s waits: %r", function.__name__, ids, error)
                    else:
                        time.sleep(random.uniform(0.05, 0.3) * attempt)
                except Exception:
                    logger.exception("%s %s failed", function.__name__, ids)
                    break
            OutboxService.retry_soon(message_id)
            return "left for later"

        return task

    return decorate

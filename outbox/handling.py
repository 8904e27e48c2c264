"""
What is the same in every task that an event wakes.
"""

import logging
import random
import time
from functools import wraps

from celery import shared_task
from celery.signals import task_postrun, task_prerun
from django.db import InterfaceError, OperationalError, close_old_connections, connection

from outbox.services import OutboxService
from utils.errors import Unavailable
from utils.hbase.exceptions import HBaseUnavailable
from utils.middleware import current_request_id
from utils.redis.client import RedisUnavailable

logger = logging.getLogger(__name__)

PASSING = (OperationalError, InterfaceError, RedisUnavailable, HBaseUnavailable, Unavailable)
QUICK_TRIES = 3
# What a task says that has met trouble and left its message to the relay.
LEFT_FOR_LATER = "left for later"


def outbox_task(*, queue="default"):
    """
    Decorate a function (message_id, **ids) as a Celery task that finishes its outbox row when it is done.

    The row goes last, after the database and the caches have what it stands for: whatever dies
    before that runs again. Passing trouble (a deadlock, a cache or HBase that is away) is tried three
    times at once, then left to the relay for as long as it lasts, so that the worker is free and no
    message counts towards the broker's delivery limit. Any other exception is logged and tried
    again until the message is given up.
    """

    def decorate(function):
        @shared_task(name=f"{function.__module__}.{function.__name__}", outbox_queue=queue)
        @wraps(function)
        def task(message_id, **ids):
            return carry_out(function, message_id, ids)

        return task

    return decorate


def carry_out(function, message_id, ids):
    """
    Do what a message asks for and finish the message, or leave it for later; return a sentence about it.
    """
    if not connection.in_atomic_block:
        close_old_connections()
    passing = True
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
            passing = False
            break
    OutboxService.retry_soon(message_id, passing=passing)
    return LEFT_FOR_LATER


@task_prerun.connect
def adopt_request_id(task, **kwargs):
    """
    Give the running task the id of the request that set it going, for its logs and for what it sets going in turn.
    """
    # A worker finds the relay's header on the request itself, a task that runs eagerly among its headers.
    causing = task.request.get("request_id") or (task.request.headers or {}).get("request_id") or "-"
    task.request.outer_request_id = current_request_id.set(causing)


@task_postrun.connect
def drop_request_id(task, **kwargs):
    """
    Take the id away again, after Celery's own line about the task and before the worker's next one.
    """
    current_request_id.reset(task.request.outer_request_id)

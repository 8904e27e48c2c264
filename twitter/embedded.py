"""
The embedded profile's worker, relay and beat: three threads in the web process, on Celery's memory transport.

A task in memory is lost with the process, but its outbox row is not, and is published again at the next start.
"""

import atexit
import logging
import threading
from typing import Any

from celery.beat import EmbeddedService
from django.db import DatabaseError, close_old_connections

from outbox import relay
from outbox.services import OutboxService
from twitter.celery import app
from utils.beat.scheduler import LeasedScheduler

logger = logging.getLogger(__name__)

stopping = threading.Event()


def start() -> None:
    """
    Start the threads, which end with the process.
    """
    threading.Thread(target=run_worker, name="embedded-worker", daemon=True).start()
    threading.Thread(target=run_relay, name="embedded-relay", daemon=True).start()
    beat = EmbeddedService(app, thread=True, scheduler_cls=LeasedScheduler)
    beat.start()
    # Gives up the lease of beat, so that the next process gets it at once.
    atexit.register(beat.service.sync)
    atexit.register(stopping.set)


def run_worker() -> None:
    """
    Consume every queue, one task at a time.
    """
    worker: Any = app.WorkController(
        pool_cls="solo", without_mingle=True, without_gossip=True, without_heartbeat=True, quiet=True
    )
    atexit.register(worker.terminate)
    worker.start()


def run_relay() -> None:
    try:
        OutboxService.make_all_due()
    except DatabaseError:
        logger.exception("the outbox could not be read; has `manage.py migrate` run?")
    close_old_connections()
    relay.run(stopping)

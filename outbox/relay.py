"""
The relay: takes messages that are due from the table to the broker.
"""

import logging
import time

from amqp.exceptions import MessageNacked
from celery import current_app
from django.conf import settings
from django.db import close_old_connections
from kombu.exceptions import OperationalError

from outbox.constants import BROKER_PAUSE
from outbox.services import OutboxService
from utils.metrics import RELAYED, note_alive

logger = logging.getLogger(__name__)

IDLE_SECONDS = 0.1


def relay_once():
    """
    Publish what is due, and return how many messages the broker confirmed.

    A broker that does not answer is asked once a round, not once a message.
    """
    messages = OutboxService.claim()
    if not messages:
        return 0
    published, refused = [], []
    for position, message in enumerate(messages):
        try:
            publish(message)
            published.append(message)
        except (OperationalError, OSError) as error:
            logger.warning("the broker did not take message %s: %r", message.id, error)
            refused += messages[position:]
            break
        except MessageNacked:
            logger.warning("the broker sent message %s back", message.id)
            refused.append(message)
        except Exception:
            # The others must not wait for this one, whose task may be gone; it keeps its claim of two minutes.
            logger.exception("message %s cannot be published", message.id)
    OutboxService.mark_published(published)
    RELAYED.labels("confirmed").inc(len(published))
    RELAYED.labels("refused").inc(len(refused))
    if refused:
        OutboxService.postpone([message.id for message in refused], BROKER_PAUSE)
    return len(published)


def publish(message):
    """
    Hand one message to the broker and wait for its confirmation.

    `.delay()` that returns proves nothing: without confirms a frozen broker says OK.
    """
    task = current_app.tasks[message.task]
    # In-memory transport knows no confirms and takes no time-out for them.
    confirm = {} if settings.EMBEDDED else {"confirm_timeout": 2}
    task.apply_async(
        args=[message.id],
        kwargs=message.payload,
        queue=task.outbox_queue,
        headers={"request_id": message.request_id},
        **confirm,
    )


def run(stopping):
    """
    Relay until `stopping` (a threading.Event) is set; survives the database being away.
    """
    while not stopping.is_set():
        close_old_connections()
        note_alive("relay")
        try:
            count = relay_once()
        except Exception:
            logger.exception("the relay stumbled; it goes on in a second")
            count = 0
            time.sleep(1)
        if count == 0:
            stopping.wait(IDLE_SECONDS)

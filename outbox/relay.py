"""
The relay: takes messages that are due from the table to the broker, many at a time.
"""

import logging
import threading
import time
from collections.abc import Iterator, Sequence

from amqp.exceptions import MessageNacked
from django.conf import settings
from django.db import close_old_connections
from kombu.exceptions import OperationalError

from outbox.constants import BROKER_PAUSE, CLAIM_SIZE, ISOLATION_FACTOR
from outbox.handling import handlers_for
from outbox.models import Message
from outbox.services import OutboxService
from outbox.tasks import handle_messages
from utils.observability.metrics import RELAYED, note_alive

logger = logging.getLogger(__name__)

# Between two looks. Events of one moment gather meanwhile and travel in one message; a lonely one waits no longer.
PAUSE_SECONDS = 0.05


def relay_once() -> int:
    """
    Publish what is due, and return how many rows' messages the broker confirmed.

    A broker that does not answer is asked once a round, not once a message.
    """
    claimed = OutboxService.claim()
    published: list[int] = []
    refused: list[int] = []
    is_refusing = False
    for queue, batch in cut_into_batches(claimed):
        ids = [message.id for message in batch]
        if is_refusing:
            refused += ids
            continue
        try:
            publish(queue, batch)
            published += ids
        except (OperationalError, OSError) as error:
            logger.warning("the broker did not take %s messages from %s on: %r", len(ids), ids[0], error)
            is_refusing = True
            refused += ids
        except MessageNacked:
            logger.warning("the broker sent %s messages from %s on back", len(ids), ids[0])
            refused += ids
        except Exception:
            # The others must not wait for these; they keep their claim of two minutes.
            logger.exception("%s messages from %s on cannot be published", len(ids), ids[0])
    if published:
        OutboxService.mark_published([message for message in claimed if message.id in set(published)])
    RELAYED.labels("confirmed").inc(len(published))
    RELAYED.labels("refused").inc(len(refused))
    if refused:
        OutboxService.postpone(refused, BROKER_PAUSE)
    return len(published)


def cut_into_batches(messages: Sequence[Message]) -> Iterator[tuple[str, list[Message]]]:
    """
    Yield (queue, rows that travel together).

    Whatever kinds they are of: a worker sorts them by handler. What was published before and is
    still here travels in ever smaller company, so that one row that kills its worker is soon alone.
    """
    groups: dict[tuple[str, int], list[Message]] = {}
    for message in messages:
        try:
            wanted = handlers_for(message)
        except LookupError:
            # Of another release, whose relay will publish it; it keeps its claim of two minutes.
            logger.exception("message %s (%s) cannot be published", message.id, message)
            continue
        size = min(settings.OUTBOX_BATCH_SIZE, *(handler.batch_size for handler in wanted))
        size = max(1, size // ISOLATION_FACTOR**message.attempts)
        groups.setdefault((wanted[0].queue, size), []).append(message)
    for (queue, size), group in groups.items():
        for start in range(0, len(group), size):
            yield queue, group[start : start + size]


def publish(queue: str, messages: Sequence[Message]) -> None:
    """
    Hand one message about these rows to the broker and wait for its confirmation.

    `.delay()` that returns proves nothing: without confirms a frozen broker says OK.
    """
    # In-memory transport knows no confirms and takes no time-out for them.
    confirm = {} if settings.EMBEDDED else {"confirm_timeout": 2}
    handle_messages.apply_async(
        args=[[message.id for message in messages]],
        queue=queue,
        headers={"request_id": messages[0].request_id},
        **confirm,
    )


def run(stopping: threading.Event) -> None:
    """
    Relay until `stopping` is set; survives the database being away.
    """
    while not stopping.is_set():
        note_alive("relay")
        try:
            count = relay_once()
        except Exception:
            logger.exception("the relay stumbled; it goes on in a second")
            count = 0
            time.sleep(1)
            # Only now: before each look it would be a second round trip, to ask whether the connection still works.
            close_old_connections()
        if count < CLAIM_SIZE:
            stopping.wait(PAUSE_SECONDS)

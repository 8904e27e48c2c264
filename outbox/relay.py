"""
The relay publishes due messages from the table to the broker, many at a time.
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

# The pause between two reads of the table. The events of that time are published in one message.
PAUSE_SECONDS = 0.05


def relay_once() -> int:
    """
    Publish due messages, and return the number of rows for which the broker confirmed.

    If the broker does not answer, it is tried once per round, not once per message.
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
            logger.warning("the broker did not accept %s messages from %s on: %r", len(ids), ids[0], error)
            is_refusing = True
            refused += ids
        except MessageNacked:
            logger.warning("the broker rejected %s messages from %s on", len(ids), ids[0])
            refused += ids
        except Exception:
            # The others must not wait for these, which become due again when their claim ends.
            logger.exception("%s messages from %s on cannot be published", len(ids), ids[0])
    if published:
        OutboxService.mark_published(messages=[message for message in claimed if message.id in set(published)])
    RELAYED.labels("confirmed").inc(len(published))
    RELAYED.labels("refused").inc(len(refused))
    if refused:
        OutboxService.postpone(message_ids=refused, seconds=BROKER_PAUSE)
    return len(published)


def cut_into_batches(messages: Sequence[Message]) -> Iterator[tuple[str, list[Message]]]:
    """
    Yield (queue, rows of one message).

    Rows of different events may share a message; a worker sorts them by handler. A row that was published
    before gets a smaller batch each time, so that one that kills its worker is soon alone.
    """
    groups: dict[tuple[str, int], list[Message]] = {}
    for message in messages:
        try:
            wanted = handlers_for(message)
        except LookupError:
            # The relay of another release will publish it when its claim ends.
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
    Send one message about these rows to the broker and wait for its confirmation.

    Without the confirmation, `.delay()` would also return normally from a broker that is frozen.
    """
    # The in-memory transport has no confirmations and accepts no timeout for them.
    confirm = {} if settings.EMBEDDED else {"confirm_timeout": 2}
    handle_messages.apply_async(
        args=[[message.id for message in messages]],
        queue=queue,
        headers={"request_id": messages[0].request_id},
        **confirm,
    )


def run(stopping: threading.Event) -> None:
    """
    Relay until `stopping` is set. Goes on after errors, such as a database that is away.
    """
    while not stopping.is_set():
        note_alive("relay")
        try:
            count = relay_once()
        except Exception:
            logger.exception("the relay failed; it tries again in a second")
            count = 0
            time.sleep(1)
            # Only after an error: checking the connection before each look would cost a second round trip.
            close_old_connections()
        if count < CLAIM_SIZE:
            stopping.wait(PAUSE_SECONDS)

"""
The task that workers run: handling a batch of events.
"""

from collections.abc import Sequence

from celery import Task, shared_task

from outbox.handling import handle
from outbox.services import OutboxService


@shared_task(name="outbox.tasks.handle_messages", bind=True)
def handle_messages(self: Task, message_ids: Sequence[int]) -> str:
    """
    Handle the events of these outbox rows.

    Safe to run twice: finished rows are deleted, and every handler is safe to run twice.
    """
    if (self.request.delivery_info or {}).get("redelivered") and len(message_ids) > 1:
        # A worker died while handling these, perhaps because of one of them. Smaller batches will isolate it.
        OutboxService.release(message_ids=message_ids)
        return f"{len(message_ids)} messages come again in smaller batches"
    return handle(message_ids)

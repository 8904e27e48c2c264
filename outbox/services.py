"""
The verbs of the outbox: recording events, and publishing, splitting and finishing their rows.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from django.db import connection, transaction
from django.db.models import Case, F, Min, When
from django.utils import timezone

from outbox.constants import (
    CLAIM_SECONDS,
    CLAIM_SIZE,
    MAX_ATTEMPTS,
    MAX_DOUBLINGS,
    REPUBLISH_AFTER,
    RETRY_STEPS,
)
from outbox.events import Event
from outbox.models import Message
from utils.database.transactions import retried_transaction
from utils.observability.middleware import current_request_id

# {name or alias of an event: [handler name]}, filled by `twitter/subscriptions.py`. The apps that record events
# must not know who handles them.
subscriptions: dict[str, list[str]] = {}

# The key in the payload of a row whose smaller events are recorded already.
SPLIT = "is_split"


class UnknownEvent(LookupError):
    """
    The event has no line in `twitter/subscriptions.py`.
    """


class OutboxService:
    """
    Everything the rest of the project may ask of events that must follow a commit.
    """

    @classmethod
    def record(cls, *, event: Event) -> None:
        """
        Record that `event` happened. Call it inside the transaction in which it happens.

        Costs one insert of one row, however many handlers the event has, and nothing if it has none.

        :raises UnknownEvent: the event has no line in `twitter/subscriptions.py`.
        """
        cls.record_many(events=[event])

    @classmethod
    def record_many(cls, *, events: Iterable[Event], request_id: str = "") -> None:
        """
        Record several events with one insert.

        :param request_id: the request that caused them, by default the current one.
        :raises UnknownEvent: one of them has no line in `twitter/subscriptions.py`.
        """
        request_id = request_id or current_request_id.get()
        Message.objects.bulk_create(
            [
                Message(event=event.name, payload=event.to_payload(), request_id=request_id)
                for event in events
                if cls._has_handlers(event)
            ]
        )

    @classmethod
    def _has_handlers(cls, event: Event) -> bool:
        try:
            return bool(subscriptions[event.name])
        except KeyError:
            raise UnknownEvent(event.name)

    @classmethod
    @retried_transaction
    def finish(cls, *, message_ids: Sequence[int]) -> None:
        """
        Delete the rows of messages that are fully handled; one query. Repeats safely.
        """
        if message_ids:
            Message.objects.filter(id__in=message_ids).delete()

    @classmethod
    def restrict_to_handlers(cls, *, messages: Sequence[Message], names: Sequence[str]) -> None:
        """
        Let only the handlers `names` handle these rows again. The rows must all be of one event.

        Each row is then for the first handler, and a copy of it, due soon, for each further one. Nothing
        changes if `names` are all handlers of the event. Repeats safely.
        """
        first, *others = names
        if list(names) == subscriptions.get(messages[0].event):
            return
        with transaction.atomic():
            whole = Message.objects.select_for_update().filter(id__in=[message.id for message in messages], task="")
            soon = timezone.now() + timedelta(seconds=RETRY_STEPS[0])
            copies = [
                Message(
                    event=message.event,
                    task=name,
                    payload=message.payload,
                    request_id=message.request_id,
                    created_at=message.created_at,
                    due_at=soon,
                )
                for message in list(whole)
                for name in others
            ]
            whole.update(task=first)
            Message.objects.bulk_create(copies)

    @classmethod
    @retried_transaction
    def split(cls, *, event: Event, parts: Sequence[Event]) -> None:
        """
        Record the smaller events into which one event is split, all or none, and mark its row as split.

        A second run for the same row, even at the same moment, finds the mark and adds nothing.

        :raises ValueError: the event was not read from a row.
        """
        message_id = event.message_id
        if message_id is None:
            raise ValueError(f"{event} was not read from a row")
        row = Message.objects.select_for_update().filter(id=message_id).first()
        if row is not None and not row.payload.get(SPLIT):
            row.payload[SPLIT] = True
            row.save(update_fields=["payload"])
            cls.record_many(events=parts, request_id=row.request_id)

    @classmethod
    def release(cls, *, message_ids: Sequence[int]) -> None:
        """
        Make messages due at once, and count one more attempt for each.
        """
        waiting = Message.objects.filter(id__in=message_ids, due_at__isnull=False)
        waiting.update(due_at=timezone.now(), attempts=F("attempts") + 1)

    @classmethod
    def claim(cls) -> list[Message]:
        """
        Return up to `CLAIM_SIZE` messages that are due, and make them due again in `CLAIM_SECONDS`.

        The time is changed *before* publishing. So nothing is lost if the relay dies in between, and the same
        loop publishes again what was lost later.
        """
        if not cls._is_anything_due():
            return []
        with transaction.atomic():
            messages = list(Message.objects.due().select_for_update(skip_locked=True)[:CLAIM_SIZE])
            until = timezone.now() + timedelta(seconds=CLAIM_SECONDS)
            Message.objects.filter(id__in=[message.id for message in messages]).update(due_at=until)
        for message in messages:
            message.due_at = until
        return messages

    @classmethod
    def _is_anything_due(cls) -> bool:
        """
        Return whether a message is due; one query.

        It runs twenty times a second, and a queryset would take four times the CPU of this plain statement.
        """
        now = connection.ops.adapt_datetimefield_value(timezone.now())
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM outbox_message WHERE due_at <= %s LIMIT 1", [now])
            return cursor.fetchone() is not None

    @classmethod
    def mark_published(cls, *, messages: Sequence[Message]) -> None:
        """
        Count one more attempt for claimed messages that reached the broker, and give up those with too many.

        They are due again in two minutes, then in four, eight …, unless a worker has already said when.
        """
        now = timezone.now()
        for attempts in {message.attempts for message in messages}:
            same = [message for message in messages if message.attempts == attempts]
            again = now + timedelta(seconds=REPUBLISH_AFTER * 2 ** min(attempts, MAX_DOUBLINGS))
            Message.objects.filter(id__in=[message.id for message in same]).update(
                attempts=F("attempts") + 1,
                due_at=Case(When(due_at=same[0].due_at, then=again), default=F("due_at")),
            )
        hopeless = [message.id for message in messages if message.attempts + 1 >= MAX_ATTEMPTS]
        if hopeless:
            Message.objects.filter(id__in=hopeless).update(due_at=None)

    @classmethod
    def postpone(cls, *, message_ids: Sequence[int], seconds: float) -> None:
        """
        Make messages due in `seconds` from now.
        """
        Message.objects.filter(id__in=message_ids).update(due_at=timezone.now() + timedelta(seconds=seconds))

    @classmethod
    def retry_soon(cls, *, message_ids: Sequence[int], is_transient: bool = False) -> None:
        """
        Publish messages whose handler failed again, a little later each time, except those that were given up.

        :param is_transient: the cause is outside, such as a server that is away for an hour or a day. Such
            attempts do not count, so a message is never given up because of them.
        """
        waiting = Message.objects.filter(id__in=message_ids, due_at__isnull=False)
        steps: dict[int, list[int]] = {}
        for message_id, attempts in waiting.values_list("id", "attempts"):
            steps.setdefault(min(attempts, len(RETRY_STEPS) - 1), []).append(message_id)
        for step, ids in steps.items():
            cls.postpone(message_ids=ids, seconds=RETRY_STEPS[step])
            if is_transient:
                waiting.filter(id__in=ids, attempts__gt=step).update(attempts=step)

    @classmethod
    def make_all_due(cls) -> int:
        """
        Make all messages due at once and return how many. For a new process that is the only one.
        """
        return Message.objects.filter(due_at__isnull=False).update(due_at=timezone.now())

    @classmethod
    def get_oldest_age(cls) -> float:
        """
        Return how many seconds the oldest unfinished message has waited, 0.0 when there is none.
        """
        oldest = Message.objects.aggregate(oldest=Min("created_at"))["oldest"]
        return (timezone.now() - oldest).total_seconds() if oldest else 0.0

"""
Recording what must follow a commit, and finishing it.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from django.db import connection, transaction
from django.db.models import F, Min
from django.utils import timezone

from outbox.constants import CLAIM_SIZE, MAX_ATTEMPTS, MAX_DOUBLINGS, REPUBLISH_AFTER, RETRY_STEPS
from outbox.events import Event
from outbox.models import Message
from utils.database.transactions import retried_transaction
from utils.observability.middleware import current_request_id

# {name of an event: [handler name]}, filled by the roof. Nobody below may know who handles an event.
subscriptions: dict[str, list[str]] = {}

# In the payload of a message whose smaller events are recorded.
SPLIT = "is_split"


class UnknownEvent(LookupError):
    """
    An event of a kind that nobody has subscribed to: its line in `twitter/subscriptions.py` is missing.
    """


class OutboxService:
    """
    Everything the rest of the project may ask of events that must follow a commit.
    """

    @classmethod
    def record(cls, event: Event) -> None:
        """
        Note that `event` happened; call it inside the transaction that makes it true.

        Costs one insert of one row, whoever handles the event; an event nobody handles costs nothing.

        :raises UnknownEvent: events of its kind are not listed where handlers subscribe.
        """
        cls.record_many([event])

    @classmethod
    def record_many(cls, events: Iterable[Event], *, request_id: str = "") -> None:
        """
        Note several events with one insert.

        :param request_id: the request behind them, by default the running one.
        :raises UnknownEvent: as `record`.
        """
        request_id = request_id or current_request_id.get()
        Message.objects.bulk_create(
            [
                Message(event=event.name, payload=event.to_payload(), request_id=request_id)
                for event in events
                if cls._is_awaited(event)
            ]
        )

    @classmethod
    def _is_awaited(cls, event: Event) -> bool:
        try:
            return bool(subscriptions[event.name])
        except KeyError:
            raise UnknownEvent(event.name)

    @classmethod
    @retried_transaction
    def finish(cls, message_ids: Sequence[int]) -> None:
        """
        Forget messages whose work is done; one query. Repeats safely.
        """
        if message_ids:
            Message.objects.filter(id__in=message_ids).delete()

    @classmethod
    def leave_to(cls, messages: Sequence[Message], names: Sequence[str]) -> None:
        """
        Note that of these rows of one event only the handlers `names` are left.

        The row is then for the first of them, and a copy, due soon, for each other one. Nothing
        changes where all of the event's handlers are left. Repeats safely.
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
    def split(cls, event: Event, parts: Sequence[Event]) -> None:
        """
        Record several smaller events that follow from one, all or nothing, and note in its row that they do.

        A second run for the same row, even at the same moment, finds the note and adds nothing.

        :raises ValueError: the event was not read from a row.
        """
        message_id = event.message_id
        if message_id is None:
            raise ValueError(f"{event} was not read from a row")
        row = Message.objects.select_for_update().filter(id=message_id).first()
        if row is not None and not row.payload.get(SPLIT):
            row.payload[SPLIT] = True
            row.save(update_fields=["payload"])
            cls.record_many(parts, request_id=row.request_id)

    @classmethod
    def release(cls, message_ids: Sequence[int]) -> None:
        """
        Have messages published again at once, as ones that were out once more.
        """
        waiting = Message.objects.filter(id__in=message_ids, due_at__isnull=False)
        waiting.update(due_at=timezone.now(), attempts=F("attempts") + 1)

    @classmethod
    def claim(cls) -> list[Message]:
        """
        Return messages that are due, `CLAIM_SIZE` at most, and make them due again in two minutes (then four, eight …).

        Moving the time *before* publishing means that a relay which dies in between loses
        nothing, and that this one loop is the sweeper too.
        """
        if not cls._is_anything_due():
            return []
        with transaction.atomic():
            messages = list(Message.objects.due().select_for_update(skip_locked=True)[:CLAIM_SIZE])
            for attempts in {message.attempts for message in messages}:
                same = [message.id for message in messages if message.attempts == attempts]
                cls.postpone(same, REPUBLISH_AFTER * 2 ** min(attempts, MAX_DOUBLINGS))
        return messages

    @classmethod
    def _is_anything_due(cls) -> bool:
        """
        Look whether a message is due; one query.

        Asked twenty times a second, day and night: a queryset takes four times the CPU of its statement.
        """
        now = connection.ops.adapt_datetimefield_value(timezone.now())
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM outbox_message WHERE due_at <= %s LIMIT 1", [now])
            return cursor.fetchone() is not None

    @classmethod
    def mark_published(cls, messages: Sequence[Message]) -> None:
        """
        Count that these reached the broker; one that has been out too often is given up.
        """
        Message.objects.filter(id__in=[message.id for message in messages]).update(attempts=F("attempts") + 1)
        hopeless = [message.id for message in messages if message.attempts + 1 >= MAX_ATTEMPTS]
        if hopeless:
            Message.objects.filter(id__in=hopeless).update(due_at=None)

    @classmethod
    def postpone(cls, message_ids: Sequence[int], seconds: float) -> None:
        """
        Make messages due again in `seconds` instead of in two minutes.
        """
        Message.objects.filter(id__in=message_ids).update(due_at=timezone.now() + timedelta(seconds=seconds))

    @classmethod
    def retry_soon(cls, message_ids: Sequence[int], *, is_transient: bool = False) -> None:
        """
        Have messages whose handler failed published again, a little later each time; not those that were given up.

        :param is_transient: something else is away for a while, an hour or a day. That is no reason ever
            to give a message up, and does not count.
        """
        waiting = Message.objects.filter(id__in=message_ids, due_at__isnull=False)
        steps: dict[int, list[int]] = {}
        for message_id, attempts in waiting.values_list("id", "attempts"):
            steps.setdefault(min(attempts, len(RETRY_STEPS) - 1), []).append(message_id)
        for step, ids in steps.items():
            cls.postpone(ids, RETRY_STEPS[step])
            if is_transient:
                waiting.filter(id__in=ids, attempts__gt=step).update(attempts=step)

    @classmethod
    def make_all_due(cls) -> int:
        """
        Have everything published again at once: this process is new and nobody else is at work.
        """
        return Message.objects.filter(due_at__isnull=False).update(due_at=timezone.now())

    @classmethod
    def get_oldest_age(cls) -> float:
        """
        Return how many seconds the oldest unfinished message has waited, 0.0 when there is none.
        """
        oldest = Message.objects.aggregate(oldest=Min("created_at"))["oldest"]
        return (timezone.now() - oldest).total_seconds() if oldest else 0.0

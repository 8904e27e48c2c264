"""
Recording what must follow a commit, and finishing it.
"""

from datetime import timedelta

from django.db import transaction
from django.db.models import F, Min
from django.utils import timezone

from outbox.constants import CLAIM_SIZE, LONGEST_DOUBLING, MOST_ATTEMPTS, REPUBLISH_AFTER, RETRY_STEPS
from outbox.models import Message
from utils.middleware import current_request_id

# {event: [task name]}, filled by the roof. Nobody below may know which tasks an event wakes.
subscriptions = {}


class OutboxService:
    """
    Everything the rest of the project may ask of events that must follow a commit.
    """

    @classmethod
    def record(cls, event, **payload):
        """
        Note that `event` happened; call it inside the transaction that makes it true.

        Costs one insert, whatever the number of tasks that it wakes; an event nobody listens to costs nothing.
        """
        cls.record_many(event, [payload])

    @classmethod
    def record_many(cls, event, payloads):
        """
        Note several events of one kind with one insert.
        """
        Message.objects.bulk_create(
            Message(event=event, task=task, payload=payload, request_id=current_request_id.get())
            for payload in payloads
            for task in subscriptions.get(event, ())
        )

    @classmethod
    def finish(cls, message_id):
        """
        Forget a message whose work is done. Repeats safely.
        """
        Message.objects.filter(id=message_id).delete()

    @classmethod
    def split(cls, message_id, event, payloads):
        """
        Swap a message for several smaller ones, all or nothing.

        A second run of the same message finds it gone and adds nothing.
        """
        with transaction.atomic():
            deleted, _ = Message.objects.filter(id=message_id).delete()
            if deleted:
                cls.record_many(event, payloads)

    @classmethod
    def claim(cls):
        """
        Return messages that are due, `CLAIM_SIZE` at most, and make them due again in two minutes (then four, eight …).

        Moving the time *before* publishing means that a relay which dies in between loses
        nothing, and that this one loop is the sweeper too.
        """
        if not Message.objects.due().exists():
            return []
        with transaction.atomic():
            messages = list(Message.objects.due().select_for_update(skip_locked=True)[:CLAIM_SIZE])
            for attempts in {message.attempts for message in messages}:
                same = [message.id for message in messages if message.attempts == attempts]
                cls.postpone(same, REPUBLISH_AFTER * 2 ** min(attempts, LONGEST_DOUBLING))
        return messages

    @classmethod
    def mark_published(cls, messages):
        """
        Count that these reached the broker; one that has been out too often is given up.
        """
        Message.objects.filter(id__in=[message.id for message in messages]).update(attempts=F("attempts") + 1)
        hopeless = [message.id for message in messages if message.attempts + 1 >= MOST_ATTEMPTS]
        if hopeless:
            Message.objects.filter(id__in=hopeless).update(due_at=None)

    @classmethod
    def postpone(cls, message_ids, seconds):
        """
        Make messages due again in `seconds` instead of in two minutes.
        """
        Message.objects.filter(id__in=message_ids).update(due_at=timezone.now() + timedelta(seconds=seconds))

    @classmethod
    def retry_soon(cls, message_id, *, passing=False):
        """
        Have a message whose task failed published again, a little later each time; not one that was given up.

        :param passing: something else is away for a while, an hour or a day. That is no reason ever
            to give the message up, and does not count.
        """
        waiting = Message.objects.filter(id=message_id, due_at__isnull=False)
        attempts = waiting.values_list("attempts", flat=True).first()
        if attempts is not None:
            step = min(attempts, len(RETRY_STEPS) - 1)
            cls.postpone([message_id], RETRY_STEPS[step])
            if passing and attempts > step:
                waiting.update(attempts=step)

    @classmethod
    def make_all_due(cls):
        """
        Have everything published again at once: this process is new and nobody else is at work.
        """
        return Message.objects.filter(due_at__isnull=False).update(due_at=timezone.now())

    @classmethod
    def get_oldest_age(cls):
        """
        Return how many seconds the oldest unfinished message has waited, 0.0 when there is none.
        """
        oldest = Message.objects.aggregate(oldest=Min("created_at"))["oldest"]
        return (timezone.now() - oldest).total_seconds() if oldest else 0.0

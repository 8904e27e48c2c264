"""
The table of events that are not fully handled yet.
"""

from django.db import models
from django.utils import timezone


class MessageQuerySet(models.QuerySet["Message"]):
    def due(self) -> "MessageQuerySet":
        """
        Return the messages to publish now, longest waiting first.
        """
        return self.filter(due_at__lte=timezone.now()).order_by("due_at", "id")


class Message(models.Model):
    """
    An event that not all of its handlers have handled yet.

    The row is written in the transaction of the event and deleted when every handler is done. While it
    exists, the relay publishes a message about it again and again. The row is the truth and the message
    only a hint (transactional outbox, Chris Richardson, Microservices Patterns, 2018; the staged job
    drain of brandur.org/job-drain).
    """

    id = models.BigAutoField(primary_key=True)
    event = models.CharField(max_length=64)
    task = models.CharField(
        max_length=128, blank=True, default="", help_text="The one handler that is left; empty: all of the event's."
    )
    payload = models.JSONField(help_text="What the event says: ids, never objects.")
    request_id = models.CharField(max_length=64, default="-", help_text="The request that caused it, for the logs.")
    attempts = models.PositiveIntegerField(default=0, help_text="How often it was published.")
    created_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField(
        default=timezone.now,
        null=True,
        help_text="When to publish it, or publish it again; empty once it was given up.",
    )

    objects = MessageQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["due_at", "id"], name="outbox_due")]

    def __str__(self) -> str:
        return f"{self.event} {self.payload}" if not self.task else f"{self.event} → {self.task} {self.payload}"

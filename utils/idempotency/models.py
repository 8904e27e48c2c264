"""
The table of requests that must not be carried out twice.
"""

from django.db import models
from django.utils import timezone

from utils.idempotency.constants import HASH_LENGTH, ROUTE_LENGTH


class State(models.TextChoices):
    CLAIMED = "claimed", "Claimed"
    DONE = "done", "Done"


class IdempotentRequest(models.Model):
    """
    A row means: `user_id` has sent this key to `route`, with a body of this hash.

    While it is claimed, a process does what the request asks, until `lease_until`; a process that is
    not done by then has died or lost the claim. Done, it names what the request has made.
    """

    user_id = models.BigIntegerField()
    route = models.CharField(max_length=ROUTE_LENGTH)
    # Not the key itself: MariaDB's collation treats "key-A" and "KEY-a " as equal.
    key_hash = models.CharField(max_length=HASH_LENGTH, help_text="SHA-256 of the client's key, in hex.")
    body_hash = models.CharField(max_length=HASH_LENGTH)
    state = models.CharField(max_length=8, choices=State.choices, default=State.CLAIMED)
    lease_until = models.DateTimeField()
    object_id = models.BigIntegerField(null=True, blank=True, help_text="What it made; empty until it is done.")
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user_id", "route", "key_hash"], name="one_row_per_key")]

    def __str__(self) -> str:
        return f"{self.route} by user {self.user_id}: {self.state}"

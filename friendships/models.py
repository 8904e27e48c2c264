"""
Who follows whom.
"""

from datetime import datetime

from django.conf import settings
from django.db import models

from utils.database.time_ids import id_to_datetime


class Friendship(models.Model):
    """
    A row means: `from_user` follows `to_user`. The id is the microsecond at which that began.

    No foreign key constraints: inserting a row would lock both users' rows, and the row of a popular user is nearly
    always locked.
    """

    id = models.BigIntegerField(primary_key=True)
    from_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    to_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["from_user", "to_user"], name="friendship_pair")]
        indexes = [
            models.Index(fields=["to_user", "id"], name="friendship_followers"),
            models.Index(fields=["from_user", "id"], name="friendship_followings"),
            # Fan-out reads the followers of one author in the order of their ids.
            models.Index(fields=["to_user", "from_user"], name="friendship_fan_out"),
        ]

    def __str__(self) -> str:
        return f"{self.from_user_id} follows {self.to_user_id}"

    @property
    def created_at(self) -> datetime:
        return id_to_datetime(self.id)

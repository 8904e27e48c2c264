"""
What happened to whom.
"""

from typing import Any

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import Exists, OuterRef
from django.utils import timezone
from notifications.base.models import AbstractNotification
from notifications.base.models import NotificationQuerySet as LibraryQuerySet

from accounts.models import User
from inbox.constants import KEY_LENGTH


class NotificationQuerySet(LibraryQuerySet):
    def addressed_to(self, recipient: User) -> "NotificationQuerySet":
        """
        Return the notifications of `recipient`, without those about people whom they may not see.
        """
        visible_actors = User.objects.visible_to(recipient).filter(id=OuterRef("actor_object_id"))
        addressed: NotificationQuerySet = self.filter(Exists(visible_actors), recipient_id=recipient.id)
        return addressed

    def newest_first(self) -> "NotificationQuerySet":
        ordered: NotificationQuerySet = self.order_by("-timestamp", "-id")
        return ordered


def kind_field(**options: Any) -> models.ForeignKey:
    """
    Return a reference to a content type without the index and the constraint that nothing here needs.
    """
    return models.ForeignKey(
        ContentType, models.CASCADE, related_name="+", db_constraint=False, db_index=False, **options
    )


class Notification(AbstractNotification):
    """
    A row means: `recipient` is told that `actor` did `verb` to `target`, at `timestamp`.

    The columns are the library's. Redefined are those that it indexes one by one (no query here
    reads these indexes, and every insert would write them), those whose constraint would lock
    the recipient's row with each insert, and the ids, which are numbers here: as the library's
    texts they could not be joined with users.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.CharField(
        max_length=KEY_LENGTH, unique=True, help_text="What it is about; the same thing is told once."
    )
    tweet_id = models.BigIntegerField(null=True, help_text="The tweet that takes it along when it is deleted.")

    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="notifications", db_constraint=False, db_index=False
    )
    unread = models.BooleanField(default=True)
    timestamp = models.DateTimeField(default=timezone.now, help_text="When it happened, not when it was told.")
    actor_content_type = kind_field()
    actor_object_id = models.BigIntegerField()
    target_content_type = kind_field(null=True)
    target_object_id = models.BigIntegerField(null=True)
    action_object_content_type = kind_field(null=True)
    action_object_object_id = models.BigIntegerField(null=True)
    public = models.BooleanField(default=True)
    deleted = models.BooleanField(default=False)
    emailed = models.BooleanField(default=False)

    objects = NotificationQuerySet.as_manager()

    # Not the library's Meta: its four indexes are read by nothing here.
    class Meta:
        indexes = [
            models.Index(fields=["recipient", "timestamp"], name="notification_inbox"),
            models.Index(fields=["recipient", "unread", "timestamp"], name="notification_unread"),
            # For the purge of notifications that were read long ago.
            models.Index(fields=["unread", "timestamp"], name="notification_expiry"),
            # The end of a tweet, and of a comment under it, takes along what was told about them.
            models.Index(fields=["tweet_id", "target_object_id"], name="notification_of_thing"),
        ]

    def __str__(self) -> str:
        return f"{self.actor_object_id} {self.verb} → {self.recipient_id}"

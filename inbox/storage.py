"""
Where notifications live: one row for each key.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple

from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.models import Model, QuerySet

from accounts.models import User
from inbox.constants import DELETE_SIZE
from inbox.models import Notification

# Backticks, because `key` is a reserved word in MySQL; both databases accept them.
COLUMNS = (
    "`key`, verb, timestamp, recipient_id, tweet_id, actor_content_type_id, actor_object_id, target_content_type_id, "
    "target_object_id, action_object_content_type_id, action_object_object_id, "
    "level, unread, public, deleted, emailed"
)
# Values that are the same for every new notification are part of the statement.
VALUES = "(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 'info', TRUE, TRUE, FALSE, FALSE)"


class Reference(NamedTuple):
    """
    What a notification is about: an object of some model.
    """

    model: type[Model]
    object_id: int


class NewNotification(NamedTuple):
    """
    A notification that may have to be inserted. Instances of the model would cost far more to build.

    :param happened_at: when it happened, not when somebody is notified of it.
    :param tweet_id: the tweet whose deletion deletes it too.
    """

    key: str
    verb: str
    happened_at: datetime
    actor_id: int
    recipient_id: int
    target: Reference
    action_object: Reference | None = None
    tweet_id: int | None = None

    def to_row(self) -> tuple[Any, ...]:
        """
        Return the values of COLUMNS that differ from row to row.
        """
        return (
            self.key,
            self.verb,
            connection.ops.adapt_datetimefield_value(self.happened_at),
            self.recipient_id,
            self.tweet_id,
            *_reference_columns(Reference(User, self.actor_id)),
            *_reference_columns(self.target),
            *_reference_columns(self.action_object),
        )


def _reference_columns(reference: Reference | None) -> tuple[int | None, int | None]:
    if reference is None:
        return None, None
    return ContentType.objects.get_for_model(reference.model).id, reference.object_id


def create_notifications(notifications: Iterable[NewNotification]) -> None:
    """
    Insert the notifications whose keys are new; one query. Repeats safely.

    Nobody is notified of what they did themselves: such notifications are left out.
    """
    wanted = [notification for notification in notifications if notification.actor_id != notification.recipient_id]
    if not wanted:
        return
    # In the order of keys, so that two workers cannot deadlock.
    rows = [notification.to_row() for notification in sorted(wanted, key=attrgetter("key"))]
    ignore = "IGNORE" if connection.vendor == "mysql" else "OR IGNORE"
    table = connection.ops.quote_name(Notification._meta.db_table)
    # Plain SQL: `bulk_create` would take most of the time that a worker needs for an event.
    values = ", ".join([VALUES] * len(rows))
    sql = f"INSERT {ignore} INTO {table} ({COLUMNS}) VALUES {values}"  # noqa: S608 (names of ours)
    with connection.cursor() as cursor:
        cursor.execute(sql, [value for row in rows for value in row])


def withdraw(keys: Collection[str]) -> None:
    """
    Delete notifications while they are unread; one query. Repeats safely.
    """
    if keys:
        Notification.objects.unread().filter(key__in=keys).delete()


def delete_all(notifications: QuerySet) -> int:
    """
    Delete the rows of a queryset in pieces, and return how many there were.
    """
    count = 0
    while ids := list(notifications.values_list("id", flat=True)[:DELETE_SIZE]):
        count += Notification.objects.filter(id__in=ids).delete()[0]
    return count

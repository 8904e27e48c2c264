"""
Where notifications live: one row for each key.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from operator import attrgetter
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import Model, QuerySet

from accounts.models import User
from inbox.constants import DELETE_SIZE
from inbox.models import Notification


def create_notifications(notifications: Iterable[Notification]) -> None:
    """
    Insert the notifications whose keys are new; one query. Repeats safely.

    Nobody is notified of what they did themselves: such notifications are left out.
    """
    # Not the library's `notify.send`, which raises if the key exists. In the order of keys, so that
    # two workers cannot deadlock.
    told = [notification for notification in notifications if notification.actor_object_id != notification.recipient_id]
    if told:
        Notification.objects.bulk_create(sorted(told, key=attrgetter("key")), ignore_conflicts=True)


def build_notification(
    key: str,
    verb: str,
    at: datetime,
    *,
    actor_id: int,
    recipient_id: int,
    target: tuple[type[Model], int],
    action_object: tuple[type[Model], int] | None = None,
    tweet_id: int | None = None,
) -> Notification:
    """
    Return a notification that is not saved yet.

    :param target, action_object: (model, id).
    """
    return Notification(
        key=key,
        verb=verb,
        timestamp=at,
        recipient_id=recipient_id,
        tweet_id=tweet_id,
        **reference("actor", (User, actor_id)),
        **reference("target", target),
        **reference("action_object", action_object),
    )


def reference(role: str, thing: tuple[type[Model], int] | None) -> dict[str, Any]:
    """
    Return the two columns that refer to a thing; none of them for None.
    """
    if thing is None:
        return {}
    model, object_id = thing
    return {f"{role}_content_type": ContentType.objects.get_for_model(model), f"{role}_object_id": object_id}


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

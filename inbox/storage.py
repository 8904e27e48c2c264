"""
Where notifications live: one row a key.
"""

from django.contrib.contenttypes.models import ContentType

from accounts.models import User
from inbox.constants import DELETE_SIZE
from inbox.models import Notification


def tell(key, verb, at, *, actor_id, recipient_id, target, action_object=None, tweet_id=None):
    """
    Insert a notification unless its key is there, or it would be about one's own doing. Repeats safely.

    :param target, action_object: (model, id).
    """
    if actor_id == recipient_id:
        return
    notification = Notification(
        key=key,
        verb=verb,
        timestamp=at,
        recipient_id=recipient_id,
        tweet_id=tweet_id,
        **reference("actor", (User, actor_id)),
        **reference("target", target),
        **reference("action_object", action_object),
    )
    # Not the library's `notify.send`, which would raise on a key that is there.
    Notification.objects.bulk_create([notification], ignore_conflicts=True)


def reference(role, thing):
    """
    Return the two columns by which a notification names a thing.
    """
    if thing is None:
        return {}
    model, object_id = thing
    return {f"{role}_content_type": ContentType.objects.get_for_model(model), f"{role}_object_id": object_id}


def withdraw(key):
    """
    Delete a notification while it is unread. Repeats safely.
    """
    Notification.objects.unread().filter(key=key).delete()


def delete_all(notifications):
    """
    Delete the rows of a QuerySet in pieces, and return how many those were.
    """
    count = 0
    while ids := list(notifications.values_list("id", flat=True)[:DELETE_SIZE]):
        count += Notification.objects.filter(id__in=ids).delete()[0]
    return count

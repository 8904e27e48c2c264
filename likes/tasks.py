"""
Tasks of likes.
"""

from accounts.models import User
from likes import cache
from likes.services import LikeService
from outbox.handling import outbox_task
from outbox.services import OutboxService
from utils.errors import Unavailable


@outbox_task()
def invalidate_like(message_id, content_type, object_id, user_id, owner_id):
    """
    Make what a user likes, and who likes a thing, be read anew.

    Safe to run twice: a tombstone over a tombstone.
    """
    if not cache.invalidate_like(user_id, content_type, object_id):
        raise Unavailable("Memcached did not confirm")
    return f"the likes of user {user_id} and of {content_type} {object_id} are read anew"


@outbox_task()
def purge_likes(message_id, user_id):
    """
    Withdraw the likes of somebody whose account is closed.

    Safe to run twice: what is withdrawn is gone, and counted once.
    """
    if LikeService.withdraw_some_of(User.objects.get(id=user_id)):
        OutboxService.record("likes_purge_goes_on", user_id=user_id)
    return f"likes of user {user_id} are withdrawn"

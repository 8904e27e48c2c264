"""
Tasks of friendships.
"""

from accounts.models import User
from friendships import cache
from friendships.services import FriendshipService
from outbox.handling import outbox_task
from outbox.services import OutboxService
from utils.errors import Unavailable


@outbox_task()
def invalidate_followings(message_id, follower_id, followee_id):
    """
    Make the cached set of followed ids stale.

    Safe to run twice: a tombstone over a tombstone.
    """
    if not cache.invalidate_followings(follower_id):
        raise Unavailable("Memcached did not confirm")
    return f"followings of user {follower_id} are read anew"


@outbox_task()
def purge_friendships(message_id, user_id):
    """
    End the friendships of somebody whose account is closed.

    Safe to run twice: what has ended is gone, and counted once.
    """
    if FriendshipService.end_some_of(User.objects.get(id=user_id)):
        OutboxService.record("friendships_purge_goes_on", user_id=user_id)
    return f"friendships of user {user_id} have ended"

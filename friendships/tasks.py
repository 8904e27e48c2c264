"""
Tasks of friendships.
"""

from friendships import cache
from outbox.handling import outbox_task
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

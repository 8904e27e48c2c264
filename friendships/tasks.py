"""
Tasks of friendships.
"""

from accounts.models import User
from friendships.constants import TASK_TIMEOUT_MS
from friendships.services import FriendshipService
from outbox.handling import outbox_task
from outbox.services import OutboxService
from utils.hbase.pool import timeout


@outbox_task()
def invalidate_followings(message_id, follower_id, followee_id, friendship_id=None):
    """
    Make the cached set of followed ids stale.

    Safe to run twice: a tombstone over a tombstone.
    """
    FriendshipService.forget_followings(follower_id)
    return f"followings of user {follower_id} are read anew"


@outbox_task()
def mirror_friendship(message_id, follower_id, followee_id, friendship_id):
    """
    Make HBase agree with the ledger about two people.

    Safe to run twice: it looks at the ledger as it is, and in HBase the one who has looked last wins.
    """
    with timeout(TASK_TIMEOUT_MS):
        is_mirrored = FriendshipService.mirror(
            follower_id=follower_id, followee_id=followee_id, friendship_id=friendship_id
        )
    return f"HBase {'knows' if is_mirrored else 'need not know'} whether user {follower_id} follows user {followee_id}"


@outbox_task()
def purge_friendships(message_id, user_id):
    """
    End the friendships of somebody whose account is closed.

    Safe to run twice: what has ended is gone, and counted once.
    """
    if FriendshipService.end_some_of(User.objects.get(id=user_id)):
        OutboxService.record("friendships_purge_goes_on", user_id=user_id)
    return f"friendships of user {user_id} have ended"

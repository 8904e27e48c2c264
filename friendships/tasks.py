"""
Handlers of events: friendships.
"""

from collections.abc import Sequence

from friendships.constants import TASK_TIMEOUT_MS
from friendships.services import FriendshipService
from outbox.handling import event_handler
from outbox.models import Message
from utils.hbase.pool import timeout


@event_handler()
def invalidate_followings(messages: Sequence[Message]) -> str:
    """
    Make cached sets of followed ids stale.

    Safe to run twice: a tombstone over a tombstone.
    """
    follower_ids = {message.payload["follower_id"] for message in messages}
    FriendshipService.forget_followings(*follower_ids)
    return f"followings of {len(follower_ids)} users are read anew"


@event_handler(aliases=["friendships.tasks.mirror_friendship"])
def mirror_friendships(messages: Sequence[Message]) -> str:
    """
    Make HBase agree with MySQL about pairs of people.

    Safe to run twice: it looks at MySQL as it is, and in HBase the one who has looked last wins.
    """
    with timeout(TASK_TIMEOUT_MS):
        mirrored = [
            FriendshipService.mirror(
                follower_id=message.payload["follower_id"],
                followee_id=message.payload["followee_id"],
                friendship_id=message.payload["friendship_id"],
            )
            for message in messages
        ]
    return f"HBase knows {sum(mirrored)} friendships that have begun or ended"


@event_handler(batch_size=1)
def purge_friendships(messages: Sequence[Message]) -> str:
    """
    End the friendships of people whose accounts are closed.

    Safe to run twice: what has ended is gone, and counted once.
    """
    for message in messages:
        FriendshipService.purge_some_of(user_id=message.payload["user_id"])
    return f"friendships of {len(messages)} closed accounts have ended"

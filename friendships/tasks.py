"""
Handlers of events: friendships.
"""

from collections.abc import Sequence

from accounts.events import AccountDeleted
from friendships.constants import TASK_TIMEOUT_MS
from friendships.events import FriendshipEvent, FriendshipsPurgeGoesOn
from friendships.services import FriendshipService
from outbox.handling import event_handler
from utils.hbase.pool import timeout


@event_handler()
def invalidate_followings(events: Sequence[FriendshipEvent]) -> str:
    """
    Make cached sets of followed ids stale.

    Safe to run twice: a tombstone over a tombstone.
    """
    follower_ids = {event.follower_id for event in events}
    FriendshipService.forget_followings(*follower_ids)
    return f"followings of {len(follower_ids)} users are read anew"


@event_handler(aliases=["friendships.tasks.mirror_friendship"])
def mirror_friendships(events: Sequence[FriendshipEvent]) -> str:
    """
    Make HBase agree with MySQL about pairs of people.

    Safe to run twice: it looks at MySQL as it is, and in HBase the one who has looked last wins.
    """
    with timeout(TASK_TIMEOUT_MS):
        mirrored = [
            FriendshipService.mirror(
                follower_id=event.follower_id,
                followee_id=event.followee_id,
                friendship_id=event.friendship_id,
            )
            for event in events
        ]
    return f"HBase knows {sum(mirrored)} friendships that have begun or ended"


@event_handler(batch_size=1)
def purge_friendships(events: Sequence[AccountDeleted | FriendshipsPurgeGoesOn]) -> str:
    """
    End the friendships of people whose accounts are closed.

    Safe to run twice: what has ended is gone, and counted once.
    """
    for event in events:
        FriendshipService.purge_some_of(user_id=event.user_id)
    return f"friendships of {len(events)} closed accounts have ended"

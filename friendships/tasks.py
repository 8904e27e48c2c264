"""
Handlers of events: friendships.
"""

from collections.abc import Sequence

from accounts.events import AccountDeleted
from friendships.constants import TASK_TIMEOUT_MS
from friendships.events import FriendshipEvent, FriendshipsPurgeContinued
from friendships.services import FriendshipService
from outbox.handling import event_handler
from utils.hbase.pool import timeout


@event_handler()
def invalidate_followings(events: Sequence[FriendshipEvent]) -> str:
    """
    Invalidate cached followings.

    Safe to run twice: it only writes the same tombstones again.
    """
    follower_ids = {event.follower_id for event in events}
    FriendshipService.invalidate_followings(follower_ids=follower_ids)
    return f"invalidated the followings of {len(follower_ids)} users"


@event_handler(aliases=["friendships.tasks.mirror_friendship"])
def mirror_friendships(events: Sequence[FriendshipEvent]) -> str:
    """
    Write to HBase what MySQL holds about pairs of users.

    Safe to run twice: it copies the present state of MySQL, and in HBase the version drawn last wins.
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
    return f"mirrored {sum(mirrored)} changed friendships"


@event_handler(batch_size=1)
def purge_friendships(events: Sequence[AccountDeleted | FriendshipsPurgeContinued]) -> str:
    """
    End the friendships of closed accounts.

    Safe to run twice: an ended friendship is deleted and counted once.
    """
    for event in events:
        FriendshipService.purge_some(user_id=event.user_id)
    return f"ended friendships of {len(events)} closed accounts"

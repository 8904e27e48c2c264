"""
Event handlers of likes.
"""

from collections.abc import Sequence

from accounts.events import AccountDeleted
from likes.events import LikeEvent, LikesPurgeContinued
from likes.services import LikeService
from outbox.handling import event_handler


@event_handler(aliases=["likes.tasks.invalidate_like"])
def invalidate_likes(events: Sequence[LikeEvent]) -> str:
    """
    Invalidate the cached likes of users and of targets.

    Safe to run twice: the second run replaces a tombstone by a tombstone.
    """
    likes = {(event.user_id, event.content_type, event.object_id) for event in events}
    LikeService.invalidate_likes(likes=likes)
    return f"{len(likes)} likes are invalidated"


@event_handler(batch_size=1)
def purge_likes(events: Sequence[AccountDeleted | LikesPurgeContinued]) -> str:
    """
    Withdraw the likes of people whose accounts are closed.

    Safe to run twice: a withdrawn like is not withdrawn or counted again.
    """
    for event in events:
        LikeService.purge_some(user_id=event.user_id)
    return f"likes of {len(events)} closed accounts are withdrawn"

"""
Handlers of events: likes.
"""

from collections.abc import Sequence

from likes import cache
from likes.services import LikeService
from outbox.handling import event_handler
from outbox.models import Message
from utils.errors import Unavailable


@event_handler(aliases=["likes.tasks.invalidate_like"])
def invalidate_likes(messages: Sequence[Message]) -> str:
    """
    Make what users like, and who likes what, be read anew.

    Safe to run twice: a tombstone over a tombstone.
    """
    payloads = [message.payload for message in messages]
    likes = {(payload["user_id"], payload["content_type"], payload["object_id"]) for payload in payloads}
    if not cache.invalidate_likes(likes):
        raise Unavailable("Memcached did not confirm")
    return f"{len(likes)} likes are read anew"


@event_handler(batch_size=1)
def purge_likes(messages: Sequence[Message]) -> str:
    """
    Withdraw the likes of people whose accounts are closed.

    Safe to run twice: what is withdrawn is gone, and counted once.
    """
    for message in messages:
        LikeService.purge_some_of(user_id=message.payload["user_id"])
    return f"likes of {len(messages)} closed accounts are withdrawn"

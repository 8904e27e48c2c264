"""
Handlers of events: comments.
"""

from collections.abc import Sequence

from accounts.events import AccountDeleted
from comments import cache
from comments.events import CommentEvent, CommentsPurgeContinued
from comments.services import CommentService
from likes.events import LikeEvent
from outbox.handling import event_handler
from utils.errors import Unavailable


@event_handler(batch_size=1)
def purge_comments(events: Sequence[AccountDeleted | CommentsPurgeContinued]) -> str:
    """
    Delete the comments of people whose accounts are closed.

    Safe to run twice: what is deleted is gone, and counted once.
    """
    for event in events:
        CommentService.purge_some_of(user_id=event.user_id)
    return f"comments of {len(events)} closed accounts are deleted"


@event_handler(aliases=["comments.tasks.invalidate_head"])
def invalidate_first_comments(events: Sequence[CommentEvent]) -> str:
    """
    Make the first comments of tweets be read anew.

    Safe to run twice: a tombstone over a tombstone.
    """
    tweet_ids = {event.tweet_id for event in events}
    if not cache.invalidate_head(*tweet_ids):
        raise Unavailable("Memcached did not confirm")
    return f"the comments on {len(tweet_ids)} tweets are read anew"


@event_handler(aliases=["comments.tasks.invalidate_liked_comment"])
def invalidate_liked_comments(events: Sequence[LikeEvent]) -> str:
    """
    Make the first comments of tweets be read anew when one of them was liked, or no longer is.

    Safe to run twice: a tombstone over a tombstone.
    """
    comment_ids = {event.object_id for event in events if event.content_type == "comment"}
    if not CommentService.forget_counted(*comment_ids):
        raise Unavailable("Memcached did not confirm")
    return f"the likes of {len(comment_ids)} comments are counted"

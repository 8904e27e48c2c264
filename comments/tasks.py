"""
Event handlers of comments.
"""

from collections.abc import Sequence

from accounts.events import AccountDeleted
from comments.events import CommentEvent, CommentsPurgeContinued
from comments.services import CommentService
from likes.events import LikeEvent
from outbox.handling import event_handler
from utils.errors import Unavailable


@event_handler(batch_size=1)
def purge_comments(events: Sequence[AccountDeleted | CommentsPurgeContinued]) -> str:
    """
    Delete the comments of people whose accounts are closed.

    Safe to run twice: a deleted comment is not deleted or counted again.
    """
    for event in events:
        CommentService.purge_some(user_id=event.user_id)
    return f"comments of {len(events)} closed accounts are deleted"


@event_handler(aliases=["comments.tasks.invalidate_head"])
def invalidate_first_comments(events: Sequence[CommentEvent]) -> str:
    """
    Invalidate the cached first comments of tweets.

    Safe to run twice: the second run replaces a tombstone by a tombstone.
    """
    tweet_ids = {event.tweet_id for event in events}
    CommentService.invalidate_first_comments(tweet_ids=tweet_ids)
    return f"the first comments on {len(tweet_ids)} tweets are invalidated"


@event_handler(aliases=["comments.tasks.invalidate_liked_comment"])
def invalidate_liked_comments(events: Sequence[LikeEvent]) -> str:
    """
    Invalidate the cached first comments of tweets when the likes of a comment changed.

    Safe to run twice: the second run replaces a tombstone by a tombstone.
    """
    comment_ids = {event.object_id for event in events if event.content_type == "comment"}
    if not CommentService.invalidate_liked(comment_ids=comment_ids):
        raise Unavailable("Memcached did not confirm")
    return f"the likes of {len(comment_ids)} comments are invalidated"

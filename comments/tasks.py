"""
Handlers of events: comments.
"""

from collections.abc import Sequence

from comments import cache
from comments.services import CommentService
from outbox.handling import event_handler
from outbox.models import Message
from utils.errors import Unavailable


@event_handler(batch_size=1)
def purge_comments(messages: Sequence[Message]) -> str:
    """
    Delete the comments of people whose accounts are closed.

    Safe to run twice: what is deleted is gone, and counted once.
    """
    for message in messages:
        CommentService.purge_some_of(user_id=message.payload["user_id"])
    return f"comments of {len(messages)} closed accounts are deleted"


@event_handler(aliases=["comments.tasks.invalidate_head"])
def invalidate_first_comments(messages: Sequence[Message]) -> str:
    """
    Make the first comments of tweets be read anew.

    Safe to run twice: a tombstone over a tombstone.
    """
    tweet_ids = {message.payload["tweet_id"] for message in messages}
    if not cache.invalidate_head(*tweet_ids):
        raise Unavailable("Memcached did not confirm")
    return f"the comments on {len(tweet_ids)} tweets are read anew"


@event_handler(aliases=["comments.tasks.invalidate_liked_comment"])
def invalidate_liked_comments(messages: Sequence[Message]) -> str:
    """
    Make the first comments of tweets be read anew when one of them was liked, or no longer is.

    Safe to run twice: a tombstone over a tombstone.
    """
    payloads = [message.payload for message in messages]
    comment_ids = {payload["object_id"] for payload in payloads if payload["content_type"] == "comment"}
    if not CommentService.forget_counted(*comment_ids):
        raise Unavailable("Memcached did not confirm")
    return f"the likes of {len(comment_ids)} comments are counted"

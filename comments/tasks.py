"""
Tasks of comments.
"""

from accounts.models import User
from comments import cache
from comments.services import CommentService
from outbox.handling import outbox_task
from outbox.services import OutboxService
from utils.errors import Unavailable


@outbox_task()
def purge_comments(message_id, user_id):
    """
    Delete the comments of somebody whose account is closed.

    Safe to run twice: what is deleted is gone, and counted once.
    """
    if CommentService.delete_some_of(User.objects.get(id=user_id)):
        OutboxService.record("comments_purge_goes_on", user_id=user_id)
    return f"comments of user {user_id} are deleted"


@outbox_task()
def invalidate_head(message_id, comment_id, tweet_id, user_id, tweet_author_id):
    """
    Make the first comments of a tweet be read anew.

    Safe to run twice: a tombstone over a tombstone.
    """
    if not cache.invalidate_head(tweet_id):
        raise Unavailable("Memcached did not confirm")
    return f"the comments on tweet {tweet_id} are read anew"


@outbox_task()
def invalidate_liked_comment(message_id, content_type, object_id, user_id, owner_id):
    """
    Make the first comments of a tweet be read anew when one of them was liked, or no longer is.

    Safe to run twice: a tombstone over a tombstone.
    """
    if content_type == "comment" and not CommentService.forget_counted(object_id):
        raise Unavailable("Memcached did not confirm")
    return f"{content_type} {object_id} is counted"

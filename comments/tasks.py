"""
Tasks of comments.
"""

from accounts.models import User
from comments.services import CommentService
from outbox.handling import outbox_task
from outbox.services import OutboxService


@outbox_task()
def purge_comments(message_id, user_id):
    """
    Delete the comments of somebody whose account is closed.

    Safe to run twice: what is deleted is gone, and counted once.
    """
    if CommentService.delete_some_of(User.objects.get(id=user_id)):
        OutboxService.record("comments_purge_goes_on", user_id=user_id)
    return f"comments of user {user_id} are deleted"

"""
Tasks of the inbox.
"""

from inbox.services import NotificationService
from outbox.handling import outbox_task


@outbox_task()
def settle_follow(message_id, follower_id, followee_id, friendship_id=None):
    """
    Tell somebody that they are followed, or take it back.

    Safe to run twice: it looks at the friendship as it is, and a notification has a unique key.
    """
    follows = NotificationService.settle_follow(follower_id=follower_id, followee_id=followee_id)
    return f"user {followee_id} {'knows' if follows else 'need not know'} of follower {follower_id}"


@outbox_task()
def settle_like(message_id, content_type, object_id, user_id, owner_id):
    """
    Tell somebody that something of theirs is liked, or take it back.

    Safe to run twice: it looks at the like as it is, and a notification has a unique key.
    """
    likes = NotificationService.settle_like(kind=content_type, object_id=object_id, liker_id=user_id, owner_id=owner_id)
    return f"user {owner_id} {'knows' if likes else 'need not know'} of a like by user {user_id}"


@outbox_task()
def settle_comment(message_id, comment_id, tweet_id, user_id, tweet_author_id):
    """
    Tell somebody about a comment on their tweet, or take it back.

    Safe to run twice: it looks whether the comment is there, and a notification has a unique key.
    """
    is_there = NotificationService.settle_comment(
        comment_id=comment_id, tweet_id=tweet_id, commenter_id=user_id, author_id=tweet_author_id
    )
    return f"user {tweet_author_id} {'knows' if is_there else 'need not know'} of comment {comment_id}"


@outbox_task()
def withdraw_for_tweet(message_id, tweet_id, author_id):
    """
    Take back everything that was told about a deleted tweet.

    Safe to run twice: what is gone is gone.
    """
    count = NotificationService.withdraw_for_tweet(tweet_id=tweet_id)
    return f"{count} notifications about tweet {tweet_id} are withdrawn"


@outbox_task()
def empty_inbox(message_id, user_id):
    """
    Delete what was told to somebody whose account is closed.

    Safe to run twice: what is gone is gone.
    """
    count = NotificationService.empty_inbox(recipient_id=user_id)
    return f"{count} notifications of user {user_id} are deleted"

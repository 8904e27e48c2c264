"""
Handlers of events: the inbox.
"""

from collections.abc import Sequence

from inbox.services import CommentFact, FollowFact, LikeFact, NotificationService
from outbox.handling import event_handler
from outbox.models import Message


@event_handler(aliases=["inbox.tasks.settle_follow"])
def settle_follows(messages: Sequence[Message]) -> str:
    """
    Notify people that they are followed, or take it back.

    Safe to run twice: it looks at the friendships as they are, and a notification has a unique key.
    """
    facts = {FollowFact(message.payload["follower_id"], message.payload["followee_id"]) for message in messages}
    return f"{NotificationService.settle_follows(facts)} of {len(facts)} follows are in the inbox"


@event_handler(aliases=["inbox.tasks.settle_like"])
def settle_likes(messages: Sequence[Message]) -> str:
    """
    Notify people that something of theirs is liked, or take it back.

    Safe to run twice: it looks at the likes as they are, and a notification has a unique key.
    """
    payloads = [message.payload for message in messages]
    facts = {
        LikeFact(payload["content_type"], payload["object_id"], payload["user_id"], payload["owner_id"])
        for payload in payloads
    }
    return f"{NotificationService.settle_likes(facts)} of {len(facts)} likes are in the inbox"


@event_handler(aliases=["inbox.tasks.settle_comment"])
def settle_comments(messages: Sequence[Message]) -> str:
    """
    Notify people of comments on their tweets, or take it back.

    Safe to run twice: it looks whether the comments are there, and a notification has a unique key.
    """
    payloads = [message.payload for message in messages]
    facts = {
        CommentFact(payload["comment_id"], payload["tweet_id"], payload["user_id"], payload["tweet_author_id"])
        for payload in payloads
    }
    return f"{NotificationService.settle_comments(facts)} of {len(facts)} comments are in the inbox"


@event_handler(batch_size=10)
def withdraw_for_tweet(messages: Sequence[Message]) -> str:
    """
    Take back everything that was said about deleted tweets.

    Safe to run twice: what is gone is gone.
    """
    counts = [NotificationService.withdraw_for_tweet(tweet_id=message.payload["tweet_id"]) for message in messages]
    return f"{sum(counts)} notifications about {len(messages)} deleted tweets are withdrawn"


@event_handler(batch_size=1)
def empty_inbox(messages: Sequence[Message]) -> str:
    """
    Delete what was said to people whose accounts are closed.

    Safe to run twice: what is gone is gone.
    """
    counts = [NotificationService.empty_inbox(recipient_id=message.payload["user_id"]) for message in messages]
    return f"{sum(counts)} notifications of {len(messages)} closed accounts are deleted"

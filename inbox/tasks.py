"""
Handlers of events: the inbox.
"""

from collections.abc import Sequence

from accounts.events import AccountDeleted
from comments.events import CommentEvent
from friendships.events import FriendshipEvent
from inbox.services import CommentFact, FollowFact, LikeFact, NotificationService
from likes.events import LikeEvent
from outbox.handling import event_handler
from tweets.events import TweetDeleted

# The names that begin with `settle_` are those of earlier releases; rows and queues may hold them until 1 March 2027.


@event_handler(aliases=["inbox.tasks.settle_follow", "inbox.tasks.settle_follows"])
def reconcile_follows(events: Sequence[FriendshipEvent]) -> str:
    """
    Notify people that they are followed, or withdraw the notification.

    Safe to run twice: it looks which friendships exist now, and a notification has a unique key.
    """
    facts = {FollowFact(event.follower_id, event.followee_id) for event in events}
    return f"{NotificationService.reconcile_follows(facts=facts)} of {len(facts)} follows are in the inbox"


@event_handler(aliases=["inbox.tasks.settle_like", "inbox.tasks.settle_likes"])
def reconcile_likes(events: Sequence[LikeEvent]) -> str:
    """
    Notify people that their tweet or comment is liked, or withdraw the notification.

    Safe to run twice: it looks which likes exist now, and a notification has a unique key.
    """
    facts = {LikeFact(event.content_type, event.object_id, event.user_id, event.owner_id) for event in events}
    return f"{NotificationService.reconcile_likes(facts=facts)} of {len(facts)} likes are in the inbox"


@event_handler(aliases=["inbox.tasks.settle_comment", "inbox.tasks.settle_comments"])
def reconcile_comments(events: Sequence[CommentEvent]) -> str:
    """
    Notify people of comments on their tweets, or withdraw the notification.

    Safe to run twice: it looks which comments exist now, and a notification has a unique key.
    """
    facts = {CommentFact(event.comment_id, event.tweet_id, event.user_id, event.tweet_author_id) for event in events}
    return f"{NotificationService.reconcile_comments(facts=facts)} of {len(facts)} comments are in the inbox"


@event_handler(batch_size=10)
def withdraw_for_tweet(events: Sequence[TweetDeleted]) -> str:
    """
    Delete all notifications about deleted tweets.

    Safe to run twice: the second run finds nothing.
    """
    counts = [NotificationService.withdraw_for_tweet(tweet_id=event.tweet_id) for event in events]
    return f"{sum(counts)} notifications about {len(events)} deleted tweets are withdrawn"


@event_handler(batch_size=1)
def empty_inbox(events: Sequence[AccountDeleted]) -> str:
    """
    Delete all notifications of people whose accounts are closed.

    Safe to run twice: the second run finds nothing.
    """
    counts = [NotificationService.empty_inbox(recipient_id=event.user_id) for event in events]
    return f"{sum(counts)} notifications of {len(events)} closed accounts are deleted"

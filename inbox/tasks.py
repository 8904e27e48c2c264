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


@event_handler(aliases=["inbox.tasks.settle_follow"])
def settle_follows(events: Sequence[FriendshipEvent]) -> str:
    """
    Notify people that they are followed, or take it back.

    Safe to run twice: it looks at the friendships as they are, and a notification has a unique key.
    """
    facts = {FollowFact(event.follower_id, event.followee_id) for event in events}
    return f"{NotificationService.settle_follows(facts)} of {len(facts)} follows are in the inbox"


@event_handler(aliases=["inbox.tasks.settle_like"])
def settle_likes(events: Sequence[LikeEvent]) -> str:
    """
    Notify people that something of theirs is liked, or take it back.

    Safe to run twice: it looks at the likes as they are, and a notification has a unique key.
    """
    facts = {LikeFact(event.content_type, event.object_id, event.user_id, event.owner_id) for event in events}
    return f"{NotificationService.settle_likes(facts)} of {len(facts)} likes are in the inbox"


@event_handler(aliases=["inbox.tasks.settle_comment"])
def settle_comments(events: Sequence[CommentEvent]) -> str:
    """
    Notify people of comments on their tweets, or take it back.

    Safe to run twice: it looks whether the comments are there, and a notification has a unique key.
    """
    facts = {CommentFact(event.comment_id, event.tweet_id, event.user_id, event.tweet_author_id) for event in events}
    return f"{NotificationService.settle_comments(facts)} of {len(facts)} comments are in the inbox"


@event_handler(batch_size=10)
def withdraw_for_tweet(events: Sequence[TweetDeleted]) -> str:
    """
    Take back everything that was said about deleted tweets.

    Safe to run twice: what is gone is gone.
    """
    counts = [NotificationService.withdraw_for_tweet(tweet_id=event.tweet_id) for event in events]
    return f"{sum(counts)} notifications about {len(events)} deleted tweets are withdrawn"


@event_handler(batch_size=1)
def empty_inbox(events: Sequence[AccountDeleted]) -> str:
    """
    Delete what was said to people whose accounts are closed.

    Safe to run twice: what is gone is gone.
    """
    counts = [NotificationService.empty_inbox(recipient_id=event.user_id) for event in events]
    return f"{sum(counts)} notifications of {len(events)} closed accounts are deleted"

"""
The verbs of the inbox: notifying people, and withdrawing notifications.
"""

from collections.abc import Callable, Collection, Iterable
from functools import reduce
from operator import or_
from typing import NamedTuple, TypeVar

from django.contrib.contenttypes.models import ContentType
from django.db.models import Q, QuerySet

from accounts.models import User
from comments.models import Comment
from friendships.models import Friendship
from inbox import storage
from inbox.constants import COMMENTED, FOLLOWED, LIKED
from inbox.models import Notification, NotificationQuerySet
from likes.models import Like
from tweets.models import Tweet
from utils.database.transactions import retried_transaction
from utils.errors import Missing

LIKEABLE = {"tweet": Tweet, "comment": Comment}


class NotificationGone(Missing):
    """
    The notification was withdrawn a moment ago.
    """


class FollowFact(NamedTuple):
    """
    What may be true now: that one user follows another.
    """

    follower_id: int
    followee_id: int

    @property
    def key(self) -> str:
        return f"follow:{self.follower_id}:{self.followee_id}"


class LikeFact(NamedTuple):
    """
    What may be true now: that a user likes a tweet or a comment of somebody's.
    """

    content_type: str
    object_id: int
    liker_id: int
    owner_id: int

    @property
    def key(self) -> str:
        return f"like:{self.content_type}:{self.object_id}:{self.liker_id}"


class CommentFact(NamedTuple):
    """
    What may be true now: that there is a comment of a user on somebody's tweet.
    """

    comment_id: int
    tweet_id: int
    commenter_id: int
    author_id: int

    @property
    def key(self) -> str:
        return f"comment:{self.comment_id}"


Fact = TypeVar("Fact", FollowFact, LikeFact, CommentFact)


class NotificationService:
    """
    Everything the rest of the project may ask of the inbox.

    Handlers of events ask it to *settle* facts: to make the inbox agree with what is true now,
    whatever the events said, so that they may be handled in any order, together, and twice. A fact
    that is true has one notification, by its key; one that is not loses it while it is unread. A
    notification that was read stays and keeps its key: liking again does not notify a second time.
    """

    @classmethod
    def settle_follows(cls, facts: Iterable[FollowFact]) -> int:
        """
        Make inboxes agree with which follows exist, and return how many do; four queries.
        """
        return cls._settle(facts, cls._find_follows, lambda untrue: storage.withdraw([fact.key for fact in untrue]))

    @classmethod
    def _find_follows(cls, facts: Collection[FollowFact]) -> dict[FollowFact, Notification]:
        pairs = any_of({"from_user_id": fact.follower_id, "to_user_id": fact.followee_id} for fact in facts)
        return {
            (fact := FollowFact(friendship.from_user_id, friendship.to_user_id)): storage.build_notification(
                fact.key,
                FOLLOWED,
                friendship.created_at,
                actor_id=fact.follower_id,
                recipient_id=fact.followee_id,
                target=(User, fact.followee_id),
            )
            for friendship in Friendship.objects.filter(pairs)
        }

    @classmethod
    def settle_likes(cls, facts: Iterable[LikeFact]) -> int:
        """
        Make inboxes agree with which likes exist, of tweets and comments that exist, and return how many do.

        Four queries, and one more for each kind of what is liked.
        """
        return cls._settle(facts, cls._find_likes, lambda untrue: storage.withdraw([fact.key for fact in untrue]))

    @classmethod
    def _find_likes(cls, facts: Collection[LikeFact]) -> dict[LikeFact, Notification]:
        found: dict[LikeFact, Notification] = {}
        for name, model in LIKEABLE.items():
            content_type = ContentType.objects.get_for_model(model)
            wanted = {(fact.liker_id, fact.object_id): fact for fact in facts if fact.content_type == name}
            if not wanted:
                continue
            pairs = any_of({"user_id": liker_id, "object_id": object_id} for liker_id, object_id in wanted)
            likes = list(Like.objects.filter(pairs, content_type=content_type))
            # The liked tweet, or the one that the liked comment is under.
            tweet_ids = cls._get_tweet_ids(name, {like.object_id for like in likes})
            for like in likes:
                if like.object_id not in tweet_ids:
                    continue
                fact = wanted[like.user_id, like.object_id]
                found[fact] = storage.build_notification(
                    fact.key,
                    LIKED[name],
                    like.created_at,
                    actor_id=fact.liker_id,
                    recipient_id=fact.owner_id,
                    target=(model, fact.object_id),
                    tweet_id=tweet_ids[like.object_id],
                )
        return found

    @classmethod
    def _get_tweet_ids(cls, content_type: str, object_ids: Collection[int]) -> dict[int, int]:
        """
        Return {id: id of the tweet that it is, or is under} for what is not deleted, nor is its tweet.
        """
        if content_type == "tweet":
            tweet_ids = Tweet.objects.not_deleted().filter(id__in=object_ids).values_list("id", flat=True)
            return {tweet_id: tweet_id for tweet_id in tweet_ids}
        return dict(cls._comments_there(object_ids).values_list("id", "tweet_id"))

    @classmethod
    def _comments_there(cls, comment_ids: Collection[int]) -> QuerySet[Comment]:
        return Comment.objects.not_deleted().filter(id__in=comment_ids, tweet__deleted_at__isnull=True)

    @classmethod
    def settle_comments(cls, facts: Iterable[CommentFact]) -> int:
        """
        Make inboxes agree with which comments exist, and return how many do.

        Five queries.
        """
        return cls._settle(facts, cls._find_comments, cls._withdraw_comments)

    @classmethod
    def _find_comments(cls, facts: Collection[CommentFact]) -> dict[CommentFact, Notification]:
        wanted = {fact.comment_id: fact for fact in facts}
        return {
            (fact := wanted[comment.id]): storage.build_notification(
                fact.key,
                COMMENTED,
                comment.created_at,
                actor_id=fact.commenter_id,
                recipient_id=fact.author_id,
                target=(Tweet, fact.tweet_id),
                action_object=(Comment, fact.comment_id),
                tweet_id=fact.tweet_id,
            )
            for comment in cls._comments_there(wanted)
        }

    @classmethod
    def _withdraw_comments(cls, facts: Collection[CommentFact]) -> None:
        """
        Withdraw unread notifications about comments and about their likes.

        The likes are deleted with the comments and announce nothing themselves.
        """
        storage.withdraw([fact.key for fact in facts])
        pairs = any_of({"tweet_id": fact.tweet_id, "target_object_id": fact.comment_id} for fact in facts)
        kind = ContentType.objects.get_for_model(Comment)
        Notification.objects.filter(pairs, target_content_type=kind).unread().delete()

    @classmethod
    def withdraw_for_tweet(cls, *, tweet_id: int) -> int:
        """
        Delete every notification about a deleted tweet and the comments under it, read or not. Repeats safely.
        """
        return storage.delete_all(Notification.objects.filter(tweet_id=tweet_id))

    @classmethod
    def empty_inbox(cls, *, recipient_id: int) -> int:
        """
        Delete all notifications of somebody whose account is closed. Repeats safely.
        """
        return storage.delete_all(Notification.objects.filter(recipient_id=recipient_id))

    @classmethod
    def get_inbox(cls, recipient: User, *, unread: bool | None = None) -> NotificationQuerySet:
        """
        Return the notifications that `recipient` may see, newest first.

        :param unread: only unread ones (True), only read ones (False), or both (None).
        """
        inbox: NotificationQuerySet = Notification.objects.addressed_to(recipient).newest_first()
        return inbox if unread is None else inbox.filter(unread=unread)

    @classmethod
    def get_unread_count(cls, recipient: User) -> int:
        """
        Return how many unread notifications `recipient` may see; one query.
        """
        return int(Notification.objects.addressed_to(recipient).unread().count())

    @classmethod
    @retried_transaction
    def mark_all_as_read(cls, *, recipient: User) -> int:
        """
        Mark as read the notifications that `recipient` may see, and return how many there were.
        """
        return int(Notification.objects.addressed_to(recipient).mark_all_as_read())

    @classmethod
    @retried_transaction
    def mark(cls, *, notification: Notification, unread: bool) -> None:
        """
        Mark one notification as read or unread. Repeats safely.

        :raises NotificationGone: it was withdrawn a moment ago.
        """
        if not Notification.objects.filter(id=notification.id).update(unread=unread):
            raise NotificationGone
        notification.unread = unread

    @classmethod
    def _settle(
        cls,
        facts: Iterable[Fact],
        find: Callable[[Collection[Fact]], dict[Fact, Notification]],
        withdraw: Callable[[Collection[Fact]], None],
    ) -> int:
        """
        Notify of the facts that `find` finds and withdraw the others, until a second look finds the same.

        No lock, because somebody who likes a busy tweet must not wait for the inbox. Looking again is
        enough: the second look sees every change before it, and a change after it has an event of its
        own that is still to be handled. Returns how many facts are true.
        """
        pending, true_count = set(facts), 0
        found = find(pending)
        while pending:
            storage.create_notifications(found.values())
            if untrue := pending - found.keys():
                withdraw(untrue)
            now = find(pending)
            settled = {fact for fact in pending if (fact in now) == (fact in found)}
            true_count += len(settled & now.keys())
            pending -= settled
            found = {fact: notification for fact, notification in now.items() if fact in pending}
        return true_count


def any_of(alternatives: Iterable[dict[str, int]]) -> Q:
    """
    Return the condition that a row matches one of several {column: value}.
    """
    return reduce(or_, (Q(**alternative) for alternative in alternatives))

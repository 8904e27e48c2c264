"""
The verbs of the inbox: notifying people, and withdrawing notifications.
"""

from collections.abc import Callable, Collection, Iterable
from typing import NamedTuple, TypeVar

from django.contrib.contenttypes.models import ContentType
from django.db.models import QuerySet

from accounts.models import User
from comments.models import Comment
from friendships.models import Friendship
from inbox import storage
from inbox.constants import COMMENTED, FOLLOWED, LIKED
from inbox.models import Notification, NotificationQuerySet
from inbox.storage import NewNotification, Reference
from likes.models import Like
from tweets.models import Tweet
from utils.database.conditions import any_of
from utils.database.time_ids import id_to_datetime
from utils.database.transactions import retried_transaction
from utils.errors import Missing

LIKEABLE = {"tweet": Tweet, "comment": Comment}


class NotificationGone(Missing):
    """
    The notification was withdrawn a moment ago.
    """


class FollowFact(NamedTuple):
    """
    Something to check: does one user follow another now?
    """

    follower_id: int
    followee_id: int

    @property
    def key(self) -> str:
        return f"follow:{self.follower_id}:{self.followee_id}"


class LikeFact(NamedTuple):
    """
    Something to check: does a user like somebody's tweet or comment now?
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
    Something to check: does a user's comment on somebody's tweet exist now?
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
    Everything the rest of the project may ask of notifications.

    Handlers of events ask it to *reconcile* facts: to make the inbox agree with what is true now,
    whatever the events said, so that they may be handled in any order, together, and twice. A fact
    that is true has one notification, by its key; one that is not loses it while it is unread. A
    notification that was read stays and keeps its key: liking again does not notify a second time.
    """

    @classmethod
    def reconcile_follows(cls, *, facts: Iterable[FollowFact]) -> int:
        """
        Make inboxes agree with which follows exist, and return how many do; four queries.
        """
        return cls._reconcile(facts, cls._find_follows, lambda untrue: storage.withdraw([fact.key for fact in untrue]))

    @classmethod
    def _find_follows(cls, facts: Collection[FollowFact]) -> dict[FollowFact, NewNotification]:
        pairs = any_of(("from_user_id", "to_user_id"), [(fact.follower_id, fact.followee_id) for fact in facts])
        friendships = Friendship.objects.filter(pairs).values_list("id", "from_user_id", "to_user_id")
        return {
            (fact := FollowFact(follower_id, followee_id)): NewNotification(
                key=fact.key,
                verb=FOLLOWED,
                happened_at=id_to_datetime(friendship_id),
                actor_id=follower_id,
                recipient_id=followee_id,
                target=Reference(User, followee_id),
            )
            for friendship_id, follower_id, followee_id in friendships
        }

    @classmethod
    def reconcile_likes(cls, *, facts: Iterable[LikeFact]) -> int:
        """
        Make inboxes agree with which likes exist, of tweets and comments that exist, and return how many do.

        Two queries, and four for each content type that is liked.
        """
        return cls._reconcile(facts, cls._find_likes, lambda untrue: storage.withdraw([fact.key for fact in untrue]))

    @classmethod
    def _find_likes(cls, facts: Collection[LikeFact]) -> dict[LikeFact, NewNotification]:
        found: dict[LikeFact, NewNotification] = {}
        for name, model in LIKEABLE.items():
            wanted = {(fact.liker_id, fact.object_id): fact for fact in facts if fact.content_type == name}
            if not wanted:
                continue
            likes = Like.objects.filter(
                any_of(("user_id", "object_id"), wanted), content_type=ContentType.objects.get_for_model(model)
            )
            rows = list(likes.values_list("id", "user_id", "object_id"))
            # The liked tweet, or the one that the liked comment is under.
            tweet_ids = cls._get_tweet_ids(name, {object_id for _, _, object_id in rows})
            for like_id, liker_id, object_id in rows:
                if object_id not in tweet_ids:
                    continue
                fact = wanted[liker_id, object_id]
                found[fact] = NewNotification(
                    key=fact.key,
                    verb=LIKED[name],
                    happened_at=id_to_datetime(like_id),
                    actor_id=liker_id,
                    recipient_id=fact.owner_id,
                    target=Reference(model, object_id),
                    tweet_id=tweet_ids[object_id],
                )
        return found

    @classmethod
    def _get_tweet_ids(cls, content_type: str, object_ids: Collection[int]) -> dict[int, int]:
        """
        Return {id: tweet id} of the tweets and comments that exist. A comment is deleted with its tweet.
        """
        if content_type == "tweet":
            tweet_ids = Tweet.objects.not_deleted().filter(id__in=object_ids).values_list("id", flat=True)
            return {tweet_id: tweet_id for tweet_id in tweet_ids}
        return dict(cls._get_comments(object_ids).values_list("id", "tweet_id"))

    @classmethod
    def _get_comments(cls, comment_ids: Collection[int]) -> QuerySet[Comment]:
        """
        Return those of these comments that exist: neither they nor their tweets are deleted.
        """
        return Comment.objects.not_deleted().filter(id__in=comment_ids, tweet__deleted_at__isnull=True)

    @classmethod
    def reconcile_comments(cls, *, facts: Iterable[CommentFact]) -> int:
        """
        Make inboxes agree with which comments exist, and return how many do.

        Five queries.
        """
        return cls._reconcile(facts, cls._find_comments, cls._withdraw_comments)

    @classmethod
    def _find_comments(cls, facts: Collection[CommentFact]) -> dict[CommentFact, NewNotification]:
        wanted = {fact.comment_id: fact for fact in facts}
        return {
            (fact := wanted[comment_id]): NewNotification(
                key=fact.key,
                verb=COMMENTED,
                happened_at=id_to_datetime(comment_id),
                actor_id=fact.commenter_id,
                recipient_id=fact.author_id,
                target=Reference(Tweet, fact.tweet_id),
                action_object=Reference(Comment, comment_id),
                tweet_id=fact.tweet_id,
            )
            for comment_id in cls._get_comments(wanted).values_list("id", flat=True)
        }

    @classmethod
    def _withdraw_comments(cls, facts: Collection[CommentFact]) -> None:
        """
        Withdraw unread notifications about comments and about their likes.

        The likes are deleted with the comments and announce nothing themselves.
        """
        storage.withdraw([fact.key for fact in facts])
        pairs = any_of(("tweet_id", "target_object_id"), [(fact.tweet_id, fact.comment_id) for fact in facts])
        content_type = ContentType.objects.get_for_model(Comment)
        Notification.objects.filter(pairs, target_content_type=content_type).unread().delete()

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
    def get_inbox(cls, *, recipient: User, unread: bool | None = None) -> NotificationQuerySet:
        """
        Return the notifications that `recipient` may see, newest first.

        :param unread: only unread ones (True), only read ones (False), or both (None).
        """
        inbox: NotificationQuerySet = Notification.objects.addressed_to(recipient).newest_first()
        return inbox if unread is None else inbox.filter(unread=unread)

    @classmethod
    def get_unread_count(cls, *, recipient: User) -> int:
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
    def _reconcile(
        cls,
        facts: Iterable[Fact],
        find: Callable[[Collection[Fact]], dict[Fact, NewNotification]],
        withdraw: Callable[[Collection[Fact]], None],
    ) -> int:
        """
        Notify of the facts that `find` finds and withdraw the others, until a second look finds the same.

        It takes no lock, because a like of a busy tweet must not wait for the inbox. A second look is
        enough: it sees every change made before it, and a change made after it has an event of its
        own that is still to be handled. Returns how many facts are true.
        """
        pending, true_count = set(facts), 0
        found = find(pending) if pending else {}
        while pending:
            storage.create_notifications(found.values())
            if untrue := pending - found.keys():
                withdraw(untrue)
            now = find(pending)
            reconciled = {fact for fact in pending if (fact in now) == (fact in found)}
            true_count += len(reconciled & now.keys())
            pending -= reconciled
            found = {fact: notification for fact, notification in now.items() if fact in pending}
        return true_count

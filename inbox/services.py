"""
The verbs of the inbox: telling people what happened to them, and taking it back.
"""

from django.contrib.contenttypes.models import ContentType

from accounts.models import User
from comments.models import Comment
from friendships.models import Friendship
from inbox import storage
from inbox.constants import COMMENTED, FOLLOWED, LIKED
from inbox.models import Notification
from likes.models import Like
from tweets.models import Tweet
from utils.errors import Missing
from utils.transactions import retried_transaction

LIKEABLE = {"tweet": Tweet, "comment": Comment}


class NotificationGone(Missing):
    """
    The notification was withdrawn a moment ago.
    """


class NotificationService:
    """
    Everything the rest of the project may ask of the inbox.

    *Settle* is what the tasks ask: make the inbox agree with what is true now, whatever the event
    said, so that events may be handled in any order and twice. *Notify* and *withdraw* are its
    two outcomes: a thing is told once, by its `key`, and taken back while unread. What was read
    stays and keeps its key: liking again does not tell it a second time.
    """

    @classmethod
    def notify_followed(cls, *, follower_id, followee_id, at):
        """
        Tell somebody that they are followed. Repeats safely.
        """
        storage.tell(
            cls._follow_key(follower_id, followee_id),
            FOLLOWED,
            at,
            actor_id=follower_id,
            recipient_id=followee_id,
            target=(User, followee_id),
        )

    @classmethod
    def withdraw_followed(cls, *, follower_id, followee_id):
        """
        Take it back, if it is unread. Repeats safely.
        """
        storage.withdraw(cls._follow_key(follower_id, followee_id))

    @classmethod
    def settle_follow(cls, *, follower_id, followee_id):
        """
        Make the followee's inbox agree with whether they are followed, and return that.
        """

        def find():
            return Friendship.objects.filter(from_user_id=follower_id, to_user_id=followee_id).first()

        def notify(friendship):
            cls.notify_followed(follower_id=follower_id, followee_id=followee_id, at=friendship.created_at)

        return cls._settle(
            find, notify, lambda: cls.withdraw_followed(follower_id=follower_id, followee_id=followee_id)
        )

    @classmethod
    def notify_liked(cls, *, kind, object_id, tweet_id, liker_id, owner_id, at):
        """
        Tell the owner of a tweet or a comment that it is liked; never about a like of their own. Repeats safely.

        :param tweet_id: the liked tweet, or the one that the liked comment is under.
        """
        storage.tell(
            cls._like_key(kind, object_id, liker_id),
            LIKED[kind],
            at,
            actor_id=liker_id,
            recipient_id=owner_id,
            target=(LIKEABLE[kind], object_id),
            tweet_id=tweet_id,
        )

    @classmethod
    def withdraw_liked(cls, *, kind, object_id, liker_id):
        """
        Take it back, if it is unread. Repeats safely.
        """
        storage.withdraw(cls._like_key(kind, object_id, liker_id))

    @classmethod
    def settle_like(cls, *, kind, object_id, liker_id, owner_id):
        """
        Make the owner's inbox agree with whether somebody likes what is theirs and is there, and return that.
        """

        def find():
            content_type = ContentType.objects.get_for_model(LIKEABLE[kind])
            like = Like.objects.filter(user_id=liker_id, content_type=content_type, object_id=object_id).first()
            tweet_id = like and cls._get_tweet_id(kind, object_id)
            return tweet_id and (like, tweet_id)

        def notify(found):
            like, tweet_id = found
            cls.notify_liked(
                kind=kind,
                object_id=object_id,
                tweet_id=tweet_id,
                liker_id=liker_id,
                owner_id=owner_id,
                at=like.created_at,
            )

        return cls._settle(find, notify, lambda: cls.withdraw_liked(kind=kind, object_id=object_id, liker_id=liker_id))

    @classmethod
    def _get_tweet_id(cls, kind, object_id):
        """
        Return the id of the tweet that a thing is, or is under, as long as both are there.
        """
        if kind == "tweet":
            return Tweet.objects.there().filter(id=object_id).values_list("id", flat=True).first()
        return cls._comments_there(object_id).values_list("tweet_id", flat=True).first()

    @classmethod
    def _comments_there(cls, comment_id):
        return Comment.objects.there().filter(id=comment_id, tweet__deleted_at__isnull=True)

    @classmethod
    def notify_commented(cls, *, comment_id, tweet_id, commenter_id, author_id, at):
        """
        Tell the author of a tweet about a comment; never about one of their own. Repeats safely.
        """
        storage.tell(
            cls._comment_key(comment_id),
            COMMENTED,
            at,
            actor_id=commenter_id,
            recipient_id=author_id,
            target=(Tweet, tweet_id),
            action_object=(Comment, comment_id),
            tweet_id=tweet_id,
        )

    @classmethod
    def withdraw_commented(cls, *, comment_id, tweet_id):
        """
        Take back what is unread about a comment: that it was made, and that it was liked. Repeats safely.

        Its likes go with it and announce nothing themselves.
        """
        storage.withdraw(cls._comment_key(comment_id))
        likes = Notification.objects.filter(tweet_id=tweet_id, target_object_id=comment_id)
        likes.unread().filter(target_content_type=ContentType.objects.get_for_model(Comment)).delete()

    @classmethod
    def settle_comment(cls, *, comment_id, tweet_id, commenter_id, author_id):
        """
        Make the author's inbox agree with whether a comment on their tweet is there, and return that.
        """

        def notify(comment):
            cls.notify_commented(
                comment_id=comment_id,
                tweet_id=tweet_id,
                commenter_id=commenter_id,
                author_id=author_id,
                at=comment.created_at,
            )

        return cls._settle(
            cls._comments_there(comment_id).first,
            notify,
            lambda: cls.withdraw_commented(comment_id=comment_id, tweet_id=tweet_id),
        )

    @classmethod
    def withdraw_for_tweet(cls, *, tweet_id):
        """
        Take back everything about a deleted tweet and the comments under it, read or not. Repeats safely.
        """
        return storage.delete_all(Notification.objects.filter(tweet_id=tweet_id))

    @classmethod
    def empty_inbox(cls, *, recipient_id):
        """
        Delete all that was told to somebody whose account is closed. Repeats safely.
        """
        return storage.delete_all(Notification.objects.filter(recipient_id=recipient_id))

    @classmethod
    def get_inbox(cls, recipient, *, unread=None):
        """
        Return a QuerySet of what `recipient` is shown, newest first.

        :param unread: only what is unread, or only what was read; None is both.
        """
        inbox = Notification.objects.addressed_to(recipient).newest_first()
        return inbox if unread is None else inbox.filter(unread=unread)

    @classmethod
    def get_unread_count(cls, recipient):
        """
        Return how many of what `recipient` is shown are unread; one query.
        """
        return Notification.objects.addressed_to(recipient).unread().count()

    @classmethod
    @retried_transaction
    def mark_all_as_read(cls, *, recipient):
        """
        Mark as read what `recipient` is shown, and return how many that were: nothing that they cannot see.
        """
        return Notification.objects.addressed_to(recipient).mark_all_as_read()

    @classmethod
    @retried_transaction
    def mark(cls, *, notification, unread):
        """
        Mark one notification as read or unread. Repeats safely.

        :raises NotificationGone: it was withdrawn a moment ago.
        """
        if not Notification.objects.filter(id=notification.id).update(unread=unread):
            raise NotificationGone
        notification.unread = unread

    @classmethod
    def _follow_key(cls, follower_id, followee_id):
        return f"follow:{follower_id}:{followee_id}"

    @classmethod
    def _like_key(cls, kind, object_id, liker_id):
        return f"like:{kind}:{object_id}:{liker_id}"

    @classmethod
    def _comment_key(cls, comment_id):
        return f"comment:{comment_id}"

    @classmethod
    def _settle(cls, find, notify, withdraw):
        """
        Notify or withdraw by what `find` finds, until a second look finds the same; return whether it found something.

        No lock, because nobody who likes a busy tweet shall wait for the inbox. Looking again is
        enough: a change before the second look is seen by it, and one after it has a task of its
        own that is still to come.
        """
        found = find()
        while True:
            if found:
                notify(found)
            else:
                withdraw()
            was_true, found = bool(found), find()
            if bool(found) == was_true:
                return was_true

"""
The verbs of comments.
"""

from typing import NamedTuple

from accounts.services import AccountService
from comments.constants import PURGE_SIZE
from comments.models import Comment
from likes.services import LikeService
from outbox.services import OutboxService
from tweets.services import TweetService
from utils.errors import Missing
from utils.pagination import Window, fill_page
from utils.transactions import create_with_time_id, retried_transaction


class CommentGone(Missing):
    """
    The comment was deleted before, perhaps by the same request sent twice.
    """


class LoadedComment(NamedTuple):
    """
    A comment as a page shows it.
    """

    comment: Comment
    user: dict
    has_liked: bool

    @property
    def id(self):
        return self.comment.id


class CommentService:
    """
    Everything the rest of the project may ask of comments.
    """

    @classmethod
    @retried_transaction
    def create_comment(cls, *, user, tweet, content):
        """
        Comment on a tweet and return the comment; the tweet's author is told soon (event `comment_created`).

        :raises TweetGone: the tweet was deleted a moment ago.
        """
        # Parent first: comments on the same tweet queue at its counter instead of deadlocking.
        TweetService.count_comment_added(tweet.id)
        comment = create_with_time_id(Comment, user_id=user.id, tweet_id=tweet.id, content=content)
        cls._announce("comment_created", comment, tweet.user_id)
        return comment

    @classmethod
    @retried_transaction
    def update_comment(cls, *, comment, content):
        """
        Say it differently; only the text and `updated_at` change.
        """
        comment.content = content
        comment.save(update_fields=["content", "updated_at"])
        return comment

    @classmethod
    @retried_transaction
    def delete_comment(cls, *, comment):
        """
        Delete a comment and its likes.

        :raises CommentGone: it was deleted before.
        """
        TweetService.count_comment_removed(comment.tweet_id)
        # The generic relation takes the likes along.
        deleted, _ = Comment.objects.filter(id=comment.id).delete()
        if not deleted:
            raise CommentGone
        cls._announce("comment_deleted", comment, TweetService.get_author_id(comment.tweet_id))

    @classmethod
    def _announce(cls, event, comment, tweet_author_id):
        OutboxService.record(
            event,
            comment_id=comment.id,
            tweet_id=comment.tweet_id,
            user_id=comment.user_id,
            tweet_author_id=tweet_author_id,
        )

    @classmethod
    def load_comments(cls, tweet_id, viewer, window, limit):
        """
        Return a page of the visible comments on a tweet, oldest first.

        Costs one query, plus one where the viewer's likes or authors are not cached.
        """

        def fetch(before, after, wanted):
            comments = Comment.objects.filter(tweet_id=tweet_id)
            if before is not None:
                comments = comments.filter(id__lt=before)
            if after is not None:
                comments = comments.filter(id__gt=after)
            return list(comments.order_by("id")[:wanted])

        def keep(comments):
            return cls.load_visible(comments, viewer)

        return fill_page(
            window, limit, fetch=fetch, keep=keep, id_of=lambda loaded: loaded.id, advance=Window.newer_than
        )

    @classmethod
    def load_visible(cls, comments, viewer):
        """
        Return those comments whose authors `viewer` may see, each with its author and whether the viewer likes it.
        """
        users = AccountService.load_visible_users([comment.user_id for comment in comments], viewer)
        shown = [comment for comment in comments if comment.user_id in users]
        liked = LikeService.load_liked_among(viewer, Comment, [comment.id for comment in shown])
        return [LoadedComment(comment, users[comment.user_id], comment.id in liked) for comment in shown]

    @classmethod
    def delete_some_of(cls, user):
        """
        Delete some comments of a user whose account is closed; return whether there may be more. Repeats safely.
        """
        comments = list(Comment.objects.filter(user_id=user.id).order_by("id")[:PURGE_SIZE])
        for comment in comments:
            try:
                cls.delete_comment(comment=comment)
            except CommentGone:
                continue
        return len(comments) == PURGE_SIZE

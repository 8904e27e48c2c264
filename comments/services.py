"""
The verbs of comments.
"""

from typing import NamedTuple

from django.db.models import F
from django.utils import timezone

from accounts.services import AccountService
from comments import cache
from comments.constants import PURGE_SIZE, SHOWN_COMMENTS
from comments.events import CommentCreated, CommentDeleted, CommentEvent, CommentsPurgeContinued, CommentUpdated
from comments.models import Comment
from likes.constants import SHOWN_LIKES
from likes.services import LikeService
from outbox.services import OutboxService
from tweets.models import Tweet
from tweets.services import LoadedTweet, TweetCountService, TweetService
from utils.caching.memcached.objects import read_through
from utils.database.counters import Counter
from utils.database.pagination import Page, Window, fill_page
from utils.database.transactions import after_commit, create_with_time_id, retried_transaction
from utils.errors import Missing
from utils.idempotency.services import IdempotencyService


class CommentGone(Missing):
    """
    The comment was deleted before, perhaps by the same request sent twice.
    """


class LoadedComment(NamedTuple):
    """
    A comment as a page shows it.
    """

    record: dict
    user: dict
    has_liked: bool

    @property
    def id(self):
        return self.record["id"]


class Conversation(NamedTuple):
    """
    What a tweet's own page shows: the tweet, the first Page of its comments, and (like id, user) of its newest likes.
    """

    tweet: LoadedTweet
    comments: Page
    likes: list


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
        TweetCountService.count_comment_added(tweet.id)
        comment = create_with_time_id(Comment, user_id=user.id, tweet_id=tweet.id, content=content)
        cls._announce(CommentCreated, comment, tweet.user_id)
        IdempotencyService.complete(comment.id)
        return comment

    @classmethod
    @retried_transaction
    def update_comment(cls, *, comment, content):
        """
        Say it differently, and return the comment; only the text and `updated_at` change (event `comment_updated`).

        :raises CommentGone: it was deleted a moment ago.
        """
        comment.content, comment.updated_at = content, timezone.now()
        changes = {"content": content, "updated_at": comment.updated_at, "revision": F("revision") + 1}
        if not Comment.objects.filter(id=comment.id).update(**changes):
            raise CommentGone
        cls._announce(CommentUpdated, comment, comment.tweet.user_id)
        return comment

    @classmethod
    @retried_transaction
    def delete_comment(cls, *, comment):
        """
        Delete a comment and its likes.

        :raises CommentGone: it was deleted before.
        """
        TweetCountService.count_comment_removed(comment.tweet_id)
        # Whoever likes it holds it; from here on nobody can, so that no like is left behind.
        held = Comment.objects.select_for_update().filter(id=comment.id)
        if not held:
            raise CommentGone
        # The generic relation takes the likes along.
        held[0].delete()
        cls._announce(CommentDeleted, comment, comment.tweet.user_id)

    @classmethod
    def _announce(cls, event_type: type[CommentEvent], comment: Comment, tweet_author_id: int) -> None:
        after_commit(cache.invalidate_head, comment.tweet_id)
        OutboxService.record(
            event_type(
                comment_id=comment.id,
                tweet_id=comment.tweet_id,
                user_id=comment.user_id,
                tweet_author_id=tweet_author_id,
            )
        )

    @classmethod
    def load_comments(cls, tweet_id, viewer, window, limit):
        """
        Return a page of the visible comments on a tweet, oldest first.

        Costs one query, plus one where the viewer's likes or authors are not cached.
        """

        def fetch(before, after, wanted):
            return cache.get_records(tweet_id, before=before, after=after, limit=wanted)

        def keep(records):
            return cls.load_visible(records, viewer)

        return fill_page(
            window, limit, fetch=fetch, keep=keep, id_of=lambda loaded: loaded.id, advance=Window.newer_than
        )

    @classmethod
    def load_visible(cls, records, viewer):
        """
        Return those comments whose authors `viewer` may see, each with its author and whether the viewer likes it.

        One round trip when warm: authors and the viewer's likes together.
        """
        users = AccountService.user_lookup({record["user_id"] for record in records})
        liked = LikeService.liked_lookup(viewer, Comment)
        read_through(*filter(None, (users, liked)))
        return cls.put_together(records, users.found, liked, viewer)

    @classmethod
    def put_together(cls, records, users, liked, viewer):
        """
        Return LoadedComments of records, of what was read of their authors and of the viewer's likes.
        """
        is_visible = AccountService.visibility_to(viewer)
        shown = [record for record in records if is_visible(users.get(record["user_id"]))]
        liked_ids = LikeService.load_liked_among(viewer, Comment, [record["id"] for record in shown], liked)
        return [LoadedComment(record, users[record["user_id"]], record["id"] in liked_ids) for record in shown]

    @classmethod
    def load_one(cls, comment, viewer):
        """
        Return a comment that was just written, as a page would show it.
        """
        return cls.load_visible([cache.comment_record(comment)], viewer)[0]

    @classmethod
    def forget_counted(cls, *comment_ids: int) -> bool:
        """
        Make the first comments of tweets be read anew whose comments were liked; say whether the cache confirmed it.

        One query and one round trip, none without an id.
        """
        if not comment_ids:
            return True
        tweet_ids = Comment.objects.filter(id__in=comment_ids).values_list("tweet_id", flat=True)
        return cache.invalidate_head(*set(tweet_ids))

    @classmethod
    def get_counters(cls):
        """
        Return the counters of comments: how many a tweet has.
        """
        comments = Comment.objects.all()
        return [Counter(Tweet, "comments_count", comments, "tweet_id", also={"revision": F("revision") + 1})]

    @classmethod
    @retried_transaction
    def repair_likes_count(cls, *, counter, comment_id):
        """
        Set a counter of a comment from its rows and show it at once; return the Drift that was, or None.
        """
        drift = counter.repair(pk=comment_id)
        if drift:
            after_commit(cls.forget_counted, comment_id)
        return drift

    @classmethod
    def purge_some_of(cls, *, user_id: int) -> None:
        """
        Delete some comments of a user whose account is closed; event `comments_purge_continued` if there may be more.

        Repeats safely. Nothing happens where the account is not closed.
        """
        if not AccountService.is_closed(user_id):
            return
        comments = list(Comment.objects.filter(user_id=user_id).order_by("id")[:PURGE_SIZE])
        for comment in comments:
            try:
                cls.delete_comment(comment=comment)
            except CommentGone:
                continue
        if len(comments) == PURGE_SIZE:
            OutboxService.record(CommentsPurgeContinued(user_id=user_id))


class ConversationService:
    """
    A tweet with what was said about it, read as one.
    """

    @classmethod
    def load(cls, tweet_id, viewer):
        """
        Return the Conversation of a tweet.

        No SQL and two round trips to Memcached when warm, whatever the number of comments and
        likes; where somebody hidden is among them, two more queries replace them.

        :raises TweetGone: the tweet is not there, or the viewer may not see it.
        """
        head, likers = cache.head_lookup(tweet_id), LikeService.likers_lookup(Tweet, tweet_id)
        tweet = TweetService.load_tweet(tweet_id, viewer, also=(head, likers))
        records, likes = head.found[tweet_id], likers.found[tweet_id]
        users = AccountService.user_lookup({record["user_id"] for record in records} | {user for _, user in likes})
        liked = LikeService.liked_lookup(viewer, Comment) if records else None
        read_through(*filter(None, (users, liked)))
        is_visible = AccountService.visibility_to(viewer)
        if not all(map(is_visible, users.found.values())):
            return cls._load_around_the_hidden(tweet, viewer)
        comments = CommentService.put_together(records, users.found, liked, viewer)
        shown = comments[:SHOWN_COMMENTS]
        rest = Window().newer_than(shown[-1].id) if len(comments) > SHOWN_COMMENTS else None
        likes = [(like_id, users.found[user_id]) for like_id, user_id in likes[:SHOWN_LIKES]]
        return Conversation(tweet, Page(shown, rest), likes)

    @classmethod
    def _load_around_the_hidden(cls, tweet, viewer):
        comments = CommentService.load_comments(tweet.id, viewer, Window(), SHOWN_COMMENTS)
        return Conversation(tweet, comments, LikeService.load_newest(Tweet, tweet.id, viewer, SHOWN_LIKES))

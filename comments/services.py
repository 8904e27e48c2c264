"""
The verbs of comments.
"""

from collections.abc import Collection, Sequence
from functools import partial
from typing import NamedTuple

from django.db.models import F
from django.utils import timezone

from accounts.models import User, Viewer
from accounts.records import UserRecord
from accounts.services import AccountService, PurgeService
from comments import cache
from comments.constants import SHOWN_COMMENTS
from comments.events import CommentCreated, CommentDeleted, CommentEvent, CommentsPurgeContinued, CommentUpdated
from comments.models import Comment
from comments.records import CommentRecord
from likes.constants import SHOWN_LIKES
from likes.services import LikeService
from outbox.services import OutboxService
from tweets.models import Tweet
from tweets.services import LoadedTweet, TweetCountService, TweetService
from utils.caching.memcached.objects import Lookup, read_through
from utils.database.counters import Counter, Drift
from utils.database.pagination import IdRange, Page, fill_page
from utils.database.transactions import after_commit, create_with_time_id, retried_transaction
from utils.errors import Missing, Unavailable
from utils.idempotency.services import IdempotencyService


class CommentGone(Missing):
    """
    The comment is already deleted, perhaps by the same request sent twice.
    """


class LoadedComment(NamedTuple):
    """
    A comment as a page shows it: its record, its author, and whether the viewer likes it.
    """

    record: CommentRecord
    user: UserRecord
    has_liked: bool

    @property
    def id(self) -> int:
        return self.record["id"]


class Conversation(NamedTuple):
    """
    What the page of one tweet shows: the tweet, the first page of its comments, and its newest likes.

    `likes` are pairs (like id, user record).
    """

    tweet: LoadedTweet
    comments: Page[LoadedComment]
    likes: list[tuple[int, UserRecord]]


class CommentService:
    """
    Everything the rest of the project may ask of comments.
    """

    @classmethod
    @retried_transaction
    def create_comment(cls, *, user: User, tweet: Tweet, content: str) -> Comment:
        """
        Comment on a tweet and return the comment; the tweet's author is notified soon (event `comment_created`).

        :raises TweetGone: the tweet was deleted a moment ago.
        """
        # Parent first: comments on the same tweet wait at its counter instead of deadlocking.
        TweetCountService.count_comment_added(tweet_id=tweet.id)
        comment = create_with_time_id(Comment, user_id=user.id, tweet_id=tweet.id, content=content)
        cls._announce(CommentCreated, comment, tweet.user_id)
        IdempotencyService.complete(object_id=comment.id)
        return comment

    @classmethod
    @retried_transaction
    def update_comment(cls, *, comment: Comment, content: str) -> Comment:
        """
        Change the text of a comment and return it; `updated_at` changes too (event `comment_updated`).

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
    def delete_comment(cls, *, comment: Comment) -> None:
        """
        Delete a comment and its likes (event `comment_deleted`).

        :raises CommentGone: it is already deleted.
        """
        TweetCountService.count_comment_removed(tweet_id=comment.tweet_id)
        # A like locks the comment's row too, so no new one can come while the comment is deleted.
        locked = Comment.objects.select_for_update().filter(id=comment.id)
        if not locked:
            raise CommentGone
        # The generic relation deletes the likes as well.
        locked[0].delete()
        cls._announce(CommentDeleted, comment, comment.tweet.user_id)

    @classmethod
    def _announce(cls, event_type: type[CommentEvent], comment: Comment, tweet_author_id: int) -> None:
        after_commit(cache.invalidate_first_comments, comment.tweet_id)
        OutboxService.record(
            event=event_type(
                comment_id=comment.id,
                tweet_id=comment.tweet_id,
                user_id=comment.user_id,
                tweet_author_id=tweet_author_id,
            )
        )

    @classmethod
    def load_comments(cls, *, tweet_id: int, viewer: Viewer, id_range: IdRange, limit: int) -> Page[LoadedComment]:
        """
        Return a page of the comments on a tweet that `viewer` may see, oldest first.

        Costs one query, plus one each if the authors or the viewer's likes are not cached.
        """

        def fetch(before: int | None, after: int | None, wanted: int) -> list[CommentRecord]:
            return cache.get_records(tweet_id, before=before, after=after, limit=wanted)

        def filter_visible(records: Sequence[CommentRecord]) -> list[LoadedComment]:
            return cls.load_visible(records=records, viewer=viewer)

        return fill_page(
            id_range,
            limit,
            fetch=fetch,
            filter_visible=filter_visible,
            get_id=lambda loaded: loaded.id,
            advance=IdRange.newer_than,
        )

    @classmethod
    def load_visible(cls, *, records: Sequence[CommentRecord], viewer: Viewer) -> list[LoadedComment]:
        """
        Return the comments whose authors `viewer` may see, each with its author and whether the viewer likes it.

        One round trip when the cache is warm, for the authors and the viewer's likes together.
        """
        users = AccountService.user_lookup(user_ids={record["user_id"] for record in records})
        liked = LikeService.liked_lookup(viewer=viewer, model=Comment)
        read_through(*filter(None, (users, liked)))
        return cls.assemble(records=records, users=users.found, liked=liked, viewer=viewer)

    @classmethod
    def assemble(
        cls,
        *,
        records: Sequence[CommentRecord],
        users: dict[int, UserRecord],
        liked: Lookup | None,
        viewer: Viewer,
    ) -> list[LoadedComment]:
        """
        Return the visible comments, put together from records that were already read.

        :param users: {user id: user record} of the authors.
        :param liked: a lookup of the viewer's likes that was read, None for an anonymous viewer.
        """
        is_visible = AccountService.visibility_to(viewer=viewer)
        shown = [record for record in records if is_visible(users.get(record["user_id"]))]
        ids = [record["id"] for record in shown]
        liked_ids = LikeService.load_liked_among(viewer=viewer, model=Comment, ids=ids, lookup=liked)
        return [LoadedComment(record, users[record["user_id"]], record["id"] in liked_ids) for record in shown]

    @classmethod
    def load_comment(cls, *, comment: Comment, viewer: Viewer) -> LoadedComment:
        """
        Return a comment that was just written, as a page would show it.
        """
        return cls.load_visible(records=[cache.comment_record(comment)], viewer=viewer)[0]

    @classmethod
    def invalidate_first_comments(cls, *, tweet_ids: Collection[int]) -> None:
        """
        Invalidate the cached first comments of tweets. One round trip.

        :raises Unavailable: Memcached did not confirm it.
        """
        if not cache.invalidate_first_comments(*tweet_ids):
            raise Unavailable("Memcached did not confirm")

    @classmethod
    def invalidate_liked(cls, *, comment_ids: Collection[int]) -> bool:
        """
        Invalidate the cached pages that show these comments, whose likes changed; return whether the cache confirmed.

        One query and one round trip; none without an id.
        """
        if not comment_ids:
            return True
        tweet_ids = Comment.objects.filter(id__in=comment_ids).values_list("tweet_id", flat=True)
        return cache.invalidate_first_comments(*set(tweet_ids))

    @classmethod
    def get_counters(cls) -> list[Counter]:
        """
        Return the counters that count comments: each tweet's number of comments.
        """
        comments = Comment.objects.all()
        return [Counter(Tweet, "comments_count", comments, "tweet_id", also={"revision": F("revision") + 1})]

    @classmethod
    @retried_transaction
    def repair_likes_count(cls, *, counter: Counter, comment_id: int) -> Drift | None:
        """
        Set a counter of a comment from its rows and refresh the cache; return the Drift it had, or None.
        """
        drift = counter.repair(pk=comment_id)
        if drift:
            after_commit(partial(cls.invalidate_liked, comment_ids=[comment_id]))
        return drift

    @classmethod
    def purge_some(cls, *, user_id: int) -> None:
        """
        Delete some comments of a user whose account is closed: `PurgeService.purge_some`.
        """
        PurgeService.purge_some(
            user_id=user_id,
            rows=Comment.objects.filter(user_id=user_id),
            remove=lambda comment: cls.delete_comment(comment=comment),
            continued=CommentsPurgeContinued(user_id=user_id),
        )


class ConversationService:
    """
    Reads a tweet together with its comments and likes.
    """

    @classmethod
    def load(cls, *, tweet_id: int, viewer: Viewer) -> Conversation:
        """
        Return the Conversation of a tweet.

        No SQL and two round trips to Memcached when the cache is warm, for any number of comments
        and likes. If the viewer may not see one of their authors, two more queries find replacements.

        :raises TweetGone: the tweet does not exist, or the viewer may not see it.
        """
        first_comments = cache.first_comments_lookup(tweet_id)
        likers = LikeService.likers_lookup(model=Tweet, object_id=tweet_id)
        tweet = TweetService.load_tweet(tweet_id=tweet_id, viewer=viewer, also=(first_comments, likers))
        records, likes = first_comments.found[tweet_id], likers.found[tweet_id]
        users = AccountService.user_lookup(
            user_ids={record["user_id"] for record in records} | {user for _, user in likes}
        )
        liked = LikeService.liked_lookup(viewer=viewer, model=Comment) if records else None
        read_through(*filter(None, (users, liked)))
        is_visible = AccountService.visibility_to(viewer=viewer)
        if not all(map(is_visible, users.found.values())):
            return cls._load_without_hidden_users(tweet, viewer)
        comments = CommentService.assemble(records=records, users=users.found, liked=liked, viewer=viewer)
        shown = comments[:SHOWN_COMMENTS]
        rest = IdRange().newer_than(shown[-1].id) if len(comments) > SHOWN_COMMENTS else None
        likes = [(like_id, users.found[user_id]) for like_id, user_id in likes[:SHOWN_LIKES]]
        return Conversation(tweet, Page(shown, rest), likes)

    @classmethod
    def _load_without_hidden_users(cls, tweet: LoadedTweet, viewer: Viewer) -> Conversation:
        comments = CommentService.load_comments(
            tweet_id=tweet.id, viewer=viewer, id_range=IdRange(), limit=SHOWN_COMMENTS
        )
        likes = LikeService.load_newest(model=Tweet, object_id=tweet.id, viewer=viewer, limit=SHOWN_LIKES)
        return Conversation(tweet, comments, likes)

"""
The events that comments announce.
"""

from dataclasses import dataclass
from typing import ClassVar

from outbox.events import Event


@dataclass(frozen=True, kw_only=True)
class CommentEvent(Event):
    """
    A comment of `user_id` on a tweet of `tweet_author_id` was created, changed or deleted.
    """

    comment_id: int
    tweet_id: int
    user_id: int
    tweet_author_id: int


@dataclass(frozen=True, kw_only=True)
class CommentCreated(CommentEvent):
    """
    A user commented on a tweet.
    """

    name: ClassVar[str] = "comment_created"


@dataclass(frozen=True, kw_only=True)
class CommentUpdated(CommentEvent):
    """
    A user changed the text of a comment.
    """

    name: ClassVar[str] = "comment_updated"


@dataclass(frozen=True, kw_only=True)
class CommentDeleted(CommentEvent):
    """
    A comment was deleted, and its likes with it.
    """

    name: ClassVar[str] = "comment_deleted"


@dataclass(frozen=True, kw_only=True)
class CommentsPurgeContinued(Event):
    """
    A closed account may have more comments to delete.
    """

    name: ClassVar[str] = "comments_purge_continued"
    # To be removed on 1 March 2027: the name in rows of earlier releases.
    aliases: ClassVar[tuple[str, ...]] = ("comments_purge_goes_on",)

    user_id: int

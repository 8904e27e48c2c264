"""
The events that likes announce.
"""

from dataclasses import dataclass
from typing import ClassVar

from outbox.events import Event


@dataclass(frozen=True, kw_only=True)
class LikeEvent(Event):
    """
    `user_id` liked or unliked a target of `owner_id`; `content_type` is "tweet" or "comment".
    """

    content_type: str
    object_id: int
    user_id: int
    owner_id: int


@dataclass(frozen=True, kw_only=True)
class Liked(LikeEvent):
    """
    A user liked a tweet or a comment.
    """

    name: ClassVar[str] = "liked"


@dataclass(frozen=True, kw_only=True)
class Unliked(LikeEvent):
    """
    A user withdrew a like.
    """

    name: ClassVar[str] = "unliked"


@dataclass(frozen=True, kw_only=True)
class LikesPurgeContinued(Event):
    """
    A closed account may have more likes to withdraw.
    """

    name: ClassVar[str] = "likes_purge_continued"
    # To be removed on 1 March 2027: the name in rows of earlier releases.
    aliases: ClassVar[tuple[str, ...]] = ("likes_purge_goes_on",)

    user_id: int

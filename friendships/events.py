"""
The events that friendships announce.
"""

from dataclasses import dataclass
from typing import ClassVar

from outbox.events import Event


@dataclass(frozen=True, kw_only=True)
class FriendshipEvent(Event):
    """
    A friendship began or ended; `friendship_id` is the id of its row, which may no longer exist.
    """

    follower_id: int
    followee_id: int
    friendship_id: int


@dataclass(frozen=True, kw_only=True)
class Followed(FriendshipEvent):
    """
    One user began to follow another.
    """

    name: ClassVar[str] = "followed"


@dataclass(frozen=True, kw_only=True)
class Unfollowed(FriendshipEvent):
    """
    One user stopped following another.
    """

    name: ClassVar[str] = "unfollowed"


@dataclass(frozen=True, kw_only=True)
class FriendshipsPurgeContinued(Event):
    """
    A closed account may have more friendships to end.
    """

    name: ClassVar[str] = "friendships_purge_continued"
    # To be removed on 1 March 2027: the name in rows of earlier releases.
    aliases: ClassVar[tuple[str, ...]] = ("friendships_purge_goes_on",)

    user_id: int

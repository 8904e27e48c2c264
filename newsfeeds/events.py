"""
What newsfeeds announce: that a tweet was posted, the parts of a large fan-out, and rows that are missing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from outbox.events import Event


@dataclass(frozen=True, kw_only=True)
class TweetCreated(Event):
    """
    A tweet was posted.
    """

    name: ClassVar[str] = "tweet_created"

    tweet_id: int
    author_id: int


@dataclass(frozen=True, kw_only=True)
class FollowerRange(Event):
    """
    A tweet, and those followers of its author whose ids are in (after, until].
    """

    tweet_id: int
    author_id: int
    after: int
    until: int


@dataclass(frozen=True, kw_only=True)
class FanOutBatchReady(FollowerRange):
    """
    A tweet is to be delivered to a range of followers.
    """

    name: ClassVar[str] = "fan_out_batch_ready"
    # To be removed on 1 March 2027: the name in rows of earlier releases.
    aliases: ClassVar[tuple[str, ...]] = ("tweet_batch_cut",)


@dataclass(frozen=True, kw_only=True)
class RemovalBatchReady(FollowerRange):
    """
    A deleted tweet is to be removed from the feeds of a range of followers.
    """

    name: ClassVar[str] = "removal_batch_ready"
    # To be removed on 1 March 2027: the name in rows of earlier releases.
    aliases: ClassVar[tuple[str, ...]] = ("removal_batch_cut",)


@dataclass(frozen=True, kw_only=True)
class AuthorCrossed(Event):
    """
    An author has, or has no longer, so many followers that their tweets are pulled instead of pushed.
    """

    name: ClassVar[str] = "author_crossed"

    author_id: int


@dataclass(frozen=True, kw_only=True)
class PulledTweetsDue(Event):
    """
    An author's tweets are pushed again from `pulled_until` on; followers with ids above `after` lack rows of those that
    were pulled.
    """

    name: ClassVar[str] = "pulled_tweets_due"

    author_id: int
    pulled_until: int
    after: int


@dataclass(frozen=True, kw_only=True)
class PulledFollowDue(Event):
    """
    A followee's tweets are pushed to one follower again, who lacks rows of those that were pulled.
    """

    name: ClassVar[str] = "pulled_follow_due"

    follower_id: int
    followee_id: int


@dataclass(frozen=True, kw_only=True)
class FeedUpkeepDue(Event):
    """
    The feeds of readers with ids above `after_user_id` are to be looked at: who is idle, what is to be trimmed.
    """

    name: ClassVar[str] = "feed_upkeep_due"

    after_user_id: int


@dataclass(frozen=True, kw_only=True)
class ReaderReturned(Event):
    """
    An idle reader reads again, and lacks rows of tweets before `before`, as far as that is not 0.

    `pulled_until` tells this return from others of the same reader; `written_count` rows are written already.
    """

    name: ClassVar[str] = "reader_returned"

    user_id: int
    pulled_until: int
    before: int = 0
    written_count: int = 0


@dataclass(frozen=True, kw_only=True)
class FeedRowsMissed(Event):
    """
    HBase was unavailable for rows that MySQL has; `version` is the version of that change.

    A key is (user id, tweet id); read from a row it is a list.
    """

    name: ClassVar[str] = "feed_rows_missed"

    puts: Sequence[Sequence[int]]
    deletes: Sequence[Sequence[int]]
    version: int

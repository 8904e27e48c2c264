"""
Who gets a tweet: the SQL that finds and locks them.
"""

from collections.abc import Sequence

from django.conf import settings
from django.db import connection

from friendships.models import Friendship
from friendships.storage import fan_out_hint
from newsfeeds.constants import LATE_COMMIT
from newsfeeds.models import FeedFollow, FeedReader
from tweets.models import Tweet


def recipients_sql(count: int) -> str:
    """
    Return SQL that takes `count` tweet ids, after and until, and selects (user id, tweet id).

    It locks the tweets and the friendships (shared locks), and selects nothing for a deleted tweet. The order is that
    of user ids, so that two deliveries lock rows in the same order and never deadlock.
    """
    tweets, friendships = (connection.ops.quote_name(model._meta.db_table) for model in (Tweet, Friendship))
    return (
        f"SELECT friendship.from_user_id, tweet.id FROM {tweets} tweet "  # noqa: S608 (names of tables of ours)
        f"JOIN {friendships} friendship {fan_out_hint()} ON friendship.to_user_id = tweet.user_id "
        f"WHERE tweet.id IN ({', '.join(['%s'] * count)}) AND tweet.deleted_at IS NULL "
        "AND friendship.from_user_id > %s AND friendship.from_user_id <= %s "
        # Later followers are left out: their back-fill brings the newest tweets. InnoDB has
        # the id in the index of the fan-out.
        f"AND friendship.id < tweet.id + {LATE_COMMIT} {not_pulled()}{not_idle()}"
        f"ORDER BY friendship.from_user_id, tweet.id {'LOCK IN SHARE MODE' if connection.vendor == 'mysql' else ''}"
    )


def not_pulled() -> str:
    """
    Return the condition that a follow is pushed, where some are not (newsfeeds/services/edges.py).
    """
    # The setting and not the strategy: stores know nothing of services.
    if settings.FEED_STRATEGY != "hybrid_edge":
        return ""
    return without_note(
        FeedFollow,
        "note.follower_id = friendship.from_user_id AND note.followee_id = friendship.to_user_id "
        "AND note.friendship_id = friendship.id",
    )


def not_idle() -> str:
    """
    Return the condition that a reader is not idle since before the tweet, where readers may be.
    """
    return without_note(FeedReader, "note.user_id = friendship.from_user_id") if settings.FEED_SKIP_IDLE_DAYS else ""


def without_note(model: type[FeedFollow | FeedReader], matches: str) -> str:
    """
    Return the condition that no row of `model` says that the tweet is pulled.

    It locks nothing: who is pushed again after the statement has begun gets the tweet with the other rows, for it is
    there.
    """
    notes = connection.ops.quote_name(model._meta.db_table)
    return (
        f"AND NOT EXISTS (SELECT 1 FROM {notes} note WHERE {matches} "  # noqa: S608 (SQL of ours)
        "AND note.pulled_since <= tweet.id AND note.pulled_until IS NULL) "
    )


def lock_recipients(tweet_ids: Sequence[int], *, after: int, until: int) -> list[tuple[int, int]]:
    """
    Return (user id, tweet id) of the followers in (after, until] who get tweets; one query.

    Their friendships are locked (shared) until the transaction ends.
    """
    with connection.cursor() as cursor:
        cursor.execute(recipients_sql(len(tweet_ids)), [*tweet_ids, after, until])
        return list(cursor.fetchall())

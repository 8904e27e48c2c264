"""
What a feed is: the one definition, as a pull, with which everything else is compared. docs/feeds.md has it in words.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from django.db import connection
from django.db.models import Model

from friendships.models import Friendship
from newsfeeds.constants import LATE_COMMIT
from newsfeeds.models import FeedFollow, PulledAuthor
from tweets.models import Tweet
from utils.database.time_ids import MAX_ID

# Joins what is noted of a friendship to the friendship.
SETTLED = (
    "ON follow.follower_id = friendship.from_user_id AND follow.followee_id = friendship.to_user_id "
    "AND follow.friendship_id = friendship.id"
)

# Timelines that one statement reads. SQLite takes no more than 500.
TIMELINES_AT_ONCE = 400


@dataclass(slots=True)
class DefinedFeed:
    """
    The tweet ids that one reader's feed must have, and those that it may have.

    It may have tweets from before a follow without a recorded back-fill: the follow is not reconciled yet, is older
    than these records, or was loaded without the verbs. And it may have tweets from just before a follow, within
    LATE_COMMIT: they may have been delivered in addition to the back-fill.
    """

    required: set[int] = field(default_factory=set)
    allowed: set[int] = field(default_factory=set)


class FeedDefinition:
    """
    Reads feeds from tweets and friendships only, never from delivered rows.
    """

    @classmethod
    def get_tweet_ids(cls, user_id: int, *, before: int | None, after: int | None, limit: int) -> list[int]:
        """
        Return up to `limit` tweet ids of a feed, newest first, with after < id < before, as a store does, by pull.

        Tweets that the feed may have but need not have are left out. One query, whose cost
        grows with the followees' tweets.
        """
        sql, parameters = cls._union([user_id], after=after or 0, before=before or MAX_ID)
        return cls._select_newest(f"SELECT tweet_id FROM ({sql}) feed WHERE is_required = 1", parameters, limit)  # noqa: S608 (SQL of ours)

    @classmethod
    def get_pushed_ids(cls, user_id: int, *, before: int | None, after: int | None, limit: int) -> list[int]:
        """
        Return what `get_tweet_ids` does, without what readers pull from its author: what rows would hold. One query.
        """
        bounds = (after or 0, before or MAX_ID)
        sql, parameters = cls._union([user_id], after=bounds[0], before=bounds[1])
        pulled = (
            f"SELECT tweet.id FROM {quote(Friendship)} friendship "  # noqa: S608 (SQL of ours)
            f"LEFT JOIN {quote(FeedFollow)} follow {SETTLED} LEFT JOIN {quote(PulledAuthor)} author "
            "ON author.author_id = friendship.to_user_id AND author.pulled_until IS NULL "
            f"JOIN {quote(Tweet)} tweet ON tweet.user_id = friendship.to_user_id "
            "AND (tweet.id >= author.pulled_since OR tweet.id >= follow.pulled_since AND follow.pulled_until IS NULL) "
            "WHERE friendship.from_user_id = %s AND tweet.id > %s AND tweet.id < %s "
            # Without this the tweets of every followee are read.
            "AND (author.author_id IS NOT NULL OR follow.pulled_since IS NOT NULL)"
        )
        required = f"SELECT tweet_id FROM ({sql}) feed WHERE is_required = 1 AND tweet_id NOT IN ({pulled})"  # noqa: S608 (SQL of ours)
        return cls._select_newest(required, [*parameters, user_id, *bounds], limit)

    @classmethod
    def _select_newest(cls, sql: str, parameters: Sequence[int], limit: int) -> list[int]:
        with connection.cursor() as cursor:
            cursor.execute(f"{sql} ORDER BY tweet_id DESC LIMIT %s", [*parameters, limit])
            return [tweet_id for (tweet_id,) in cursor.fetchall()]

    @classmethod
    def get_sources(cls, user_id: int, limit: int) -> list[tuple[int, int]]:
        """
        Return up to `limit` pairs (author id, from which of their tweets on): what a feed must hold, by timelines.

        The reader's own comes first. One query.
        """
        friendships, follows = quote(Friendship), quote(FeedFollow)
        sql = (
            "SELECT friendship.to_user_id, COALESCE(follow.oldest_id, friendship.id) "  # noqa: S608 (SQL of ours)
            f"FROM {friendships} friendship LEFT JOIN {follows} follow {SETTLED} "
            "WHERE friendship.from_user_id = %s ORDER BY friendship.id DESC LIMIT %s"
        )
        with connection.cursor() as cursor:
            cursor.execute(sql, [user_id, limit - 1])
            return [(user_id, 0), *cursor.fetchall()]

    @classmethod
    def get_pulled_sources(cls, user_id: int, limit: int | None = None) -> list[tuple[int, int]]:
        """
        Return up to `limit` pairs (author id, from which of their tweets on): what a feed holds of authors who are pulled.

        All there are without a limit; none stands for the reader. One query.
        """
        friendships, follows, authors = quote(Friendship), quote(FeedFollow), quote(PulledAuthor)
        sql = (
            "SELECT friendship.to_user_id, COALESCE(follow.oldest_id, friendship.id) "  # noqa: S608 (SQL of ours)
            f"FROM {friendships} friendship LEFT JOIN {follows} follow {SETTLED} "
            f"LEFT JOIN {authors} author ON author.author_id = friendship.to_user_id "
            "WHERE friendship.from_user_id = %s AND (author.author_id IS NOT NULL OR follow.pulled_since IS NOT NULL) "
            "ORDER BY friendship.id DESC LIMIT %s"
        )
        with connection.cursor() as cursor:
            cursor.execute(sql, [user_id, MAX_ID if limit is None else limit])
            return list(cursor.fetchall())

    @classmethod
    def get_pulled_ids(cls, user_id: int, *, before: int | None, after: int | None, limit: int) -> list[int]:
        """
        Return what `get_tweet_ids` does, of authors who are pulled; two queries, whose cost grows with their number.
        """
        newest = (
            f"SELECT * FROM (SELECT id FROM {quote(Tweet)} "  # noqa: S608 (SQL of ours)
            "WHERE user_id = %s AND id > %s AND id < %s AND deleted_at IS NULL ORDER BY id DESC LIMIT %s) newest"
        )
        found = list[int]()
        with connection.cursor() as cursor:
            bounds = [
                (author_id, max(oldest_id - 1, after or 0), before or MAX_ID, limit)
                for author_id, oldest_id in cls.get_pulled_sources(user_id)
            ]
            for start in range(0, len(bounds), TIMELINES_AT_ONCE):
                piece = bounds[start : start + TIMELINES_AT_ONCE]
                cursor.execute(" UNION ALL ".join([newest] * len(piece)), [*chain.from_iterable(piece)])
                found += [tweet_id for (tweet_id,) in cursor.fetchall()]
        return sorted(found, reverse=True)[:limit]

    @classmethod
    def get_pulled_rows(cls, user_ids: Sequence[int], *, tweet_id: int | None = None) -> dict[int, set[int]]:
        """
        Return {user id: ids of tweets of these readers' feeds that may have no rows because they are pulled}; one query.

        :param tweet_id: only this one.
        """
        tweets, friendships, follows = quote(Tweet), quote(Friendship), quote(FeedFollow)
        readers = ", ".join(["%s"] * len(user_ids))
        sql = (
            "SELECT friendship.from_user_id, tweet.id "  # noqa: S608 (SQL of ours)
            f"FROM {friendships} friendship LEFT JOIN {follows} follow {SETTLED} "
            f"LEFT JOIN {quote(PulledAuthor)} author ON author.author_id = friendship.to_user_id "
            f"JOIN {tweets} tweet ON tweet.user_id = friendship.to_user_id "
            "AND (tweet.id >= author.pulled_since OR tweet.id >= follow.pulled_since) "
            f"WHERE friendship.from_user_id IN ({readers}) AND tweet.id BETWEEN %s AND %s "
            # Without this the tweets of every followee are read.
            "AND (author.author_id IS NOT NULL OR follow.pulled_since IS NOT NULL)"
        )
        rows: dict[int, set[int]] = {}
        with connection.cursor() as cursor:
            cursor.execute(sql, [*user_ids, tweet_id or 0, tweet_id or MAX_ID])
            for user_id, found_id in cursor.fetchall():
                rows.setdefault(user_id, set()).add(found_id)
        return rows

    @classmethod
    def without_pulled(cls, feeds: Mapping[int, DefinedFeed]) -> dict[int, DefinedFeed]:
        """
        Return which rows must be there and which may, where the tweets of some authors are pulled; one query.
        """
        pulled = cls.get_pulled_rows(list(feeds))
        return {
            user_id: DefinedFeed(feed.required - ids, feed.allowed | (feed.required & ids))
            for user_id, feed in feeds.items()
            for ids in [pulled.get(user_id, set())]
        }

    @classmethod
    def get_timelines(cls, author_ids: Sequence[int], count: int) -> dict[int, list[int]]:
        """
        Return {author id: ids of their newest `count` tweets, newest first}; one query.
        """
        newest = (
            f"SELECT * FROM (SELECT user_id, id FROM {quote(Tweet)} "  # noqa: S608 (SQL of ours)
            "WHERE user_id = %s AND deleted_at IS NULL ORDER BY id DESC LIMIT %s) newest"
        )
        timelines: dict[int, list[int]] = {author_id: [] for author_id in author_ids}
        with connection.cursor() as cursor:
            cursor.execute(
                " UNION ALL ".join([newest] * len(author_ids)),
                [parameter for author_id in author_ids for parameter in (author_id, count)],
            )
            for author_id, tweet_id in sorted(cursor.fetchall(), reverse=True):
                timelines[author_id].append(tweet_id)
        return timelines

    @classmethod
    def get_feeds(cls, user_ids: Sequence[int], *, limit: int | None = None) -> dict[int, DefinedFeed] | None:
        """
        Return {user id: DefinedFeed} of these readers' whole feeds; one query.

        :param limit: give None instead of more rows than that.
        """
        sql, parameters = cls._union(user_ids)
        feeds = {user_id: DefinedFeed() for user_id in user_ids}
        with connection.cursor() as cursor:
            cursor.execute(*((sql, parameters) if limit is None else (f"{sql} LIMIT %s", [*parameters, limit + 1])))
            rows = cursor.fetchall()
        if limit is not None and len(rows) > limit:
            return None
        for user_id, tweet_id, is_required in rows:
            feed = feeds[user_id]
            (feed.required if is_required else feed.allowed).add(tweet_id)
        return feeds

    @classmethod
    def _union(cls, user_ids: Collection[int], *, after: int = 0, before: int = MAX_ID) -> tuple[str, list[int]]:
        """
        Return SQL that selects (user_id, tweet_id, is_required), and its parameters.
        """
        tweets, friendships, follows = quote(Tweet), quote(Friendship), quote(FeedFollow)
        readers = ", ".join(["%s"] * len(user_ids))
        not_deleted = "tweet.deleted_at IS NULL AND tweet.id > %s AND tweet.id < %s"
        sql = (
            "SELECT friendship.from_user_id AS user_id, tweet.id AS tweet_id, "  # noqa: S608 (names of tables of ours)
            "CASE WHEN tweet.id >= COALESCE(follow.oldest_id, friendship.id) THEN 1 ELSE 0 END AS is_required "
            f"FROM {friendships} friendship "
            f"LEFT JOIN {follows} follow {SETTLED} "
            f"JOIN {tweets} tweet ON tweet.user_id = friendship.to_user_id "
            "AND tweet.id >= CASE WHEN follow.oldest_id IS NULL THEN 0 "
            f"WHEN follow.oldest_id > friendship.id - {LATE_COMMIT} THEN friendship.id - {LATE_COMMIT} "
            f"ELSE follow.oldest_id END AND {not_deleted} "
            f"WHERE friendship.from_user_id IN ({readers}) "
            "UNION ALL "
            f"SELECT tweet.user_id, tweet.id, 1 FROM {tweets} tweet WHERE tweet.user_id IN ({readers}) AND {not_deleted}"
        )
        return sql, [after, before, *user_ids, *user_ids, after, before]


def quote(model: type[Model]) -> str:
    """
    Return the name of a model's table as SQL has it.
    """
    return connection.ops.quote_name(model._meta.db_table)

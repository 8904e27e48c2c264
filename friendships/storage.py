"""
Where friendships live. Rows and ids come out, never QuerySets, so that a store without SQL can answer too.

MySQL is the source of truth: whether somebody follows is decided there. HBase has replicas, for
the readers of lists. A version (utils/hbase/models.py) is drawn while the rows in MySQL are locked,
so writes to the replicas may come late, twice and in any order, and they still end as MySQL is.
"""

import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import NamedTuple, TypeVar

from django.db import connection
from django.db.models import QuerySet

from friendships.hbase_models import Follower, Following, FollowingPair
from friendships.models import Friendship
from stores.constants import FRIENDSHIPS, Phase
from stores.services import PhaseService
from utils.database.time_ids import MAX_ID
from utils.hbase.exceptions import HBaseError, HBaseUnavailable

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")


class FriendshipRow(NamedTuple):
    """
    One friendship as a list shows it: its id (and so its time) and the user on the other side.
    """

    id: int
    user_id: int


def friendship_table() -> str:
    return connection.ops.quote_name(Friendship._meta.db_table)


def fan_out_hint() -> str:
    """
    Return what makes MySQL walk a range of followers by the index made for it.

    Left alone it may read, and lock, all followers of an author for each batch of them: its
    statistics are a guess, and while a table grows fast a bad one.
    """
    return "FORCE INDEX (friendship_fan_out)" if connection.vendor == "mysql" else ""


class MySQLFriendshipStore:
    """
    Friendships in the relational database, each verb one query unless it says otherwise.
    """

    def get_followers(self, user_id: int, *, before: int | None, after: int | None, limit: int) -> list[FriendshipRow]:
        """
        Return up to `limit` followers, newest follow first, with after < id < before.
        """
        return self._page(Friendship.objects.filter(to_user_id=user_id), "from_user_id", before, after, limit)

    def get_followings(self, user_id: int, *, before: int | None, after: int | None, limit: int) -> list[FriendshipRow]:
        """
        Return up to `limit` of those whom the user follows, newest follow first.
        """
        return self._page(Friendship.objects.filter(from_user_id=user_id), "to_user_id", before, after, limit)

    def _page(
        self,
        friendships: QuerySet[Friendship],
        other_side: str,
        before: int | None,
        after: int | None,
        limit: int,
    ) -> list[FriendshipRow]:
        if before is not None:
            friendships = friendships.filter(id__lt=before)
        if after is not None:
            friendships = friendships.filter(id__gt=after)
        rows = friendships.order_by("-id").values_list("id", other_side)[:limit]
        return [FriendshipRow(*row) for row in rows]

    def get_following_ids(self, user_id: int, *, limit: int) -> list[int]:
        """
        Return the ids of those whom the user follows, `limit` at most, in no order.
        """
        return list(Friendship.objects.filter(from_user_id=user_id).values_list("to_user_id", flat=True)[:limit])

    def get_followed_among(self, user_id: int, candidate_ids: Collection[int]) -> set[int]:
        """
        Return the set of those of `candidate_ids` whom the user follows.
        """
        friendships = Friendship.objects.filter(from_user_id=user_id, to_user_id__in=candidate_ids)
        return set(friendships.values_list("to_user_id", flat=True))

    def get_follower_ranges(self, user_id: int, *, size: int) -> Iterator[tuple[int, int]]:
        """
        Cut the followers of a user into ranges (after, until] of follower ids with `size` in each; one query.
        """
        followers = Friendship.objects.filter(to_user_id=user_id).order_by("from_user_id")
        after, until = 0, None
        for position, follower_id in enumerate(followers.values_list("from_user_id", flat=True).iterator(), start=1):
            until = follower_id
            if position % size == 0:
                yield after, until
                after = until
        if until is not None and until != after:
            yield after, until

    def get_followers_of(self, user_ids: Collection[int]) -> dict[int, list[int]]:
        """
        Return {user id: follower ids, ascending} of those who have followers: for people who have few. One query.
        """
        followers: dict[int, list[int]] = {}
        if user_ids:
            rows = Friendship.objects.filter(to_user_id__in=user_ids).order_by("to_user_id", "from_user_id")
            for user_id, follower_id in rows.values_list("to_user_id", "from_user_id"):
                followers.setdefault(user_id, []).append(follower_id)
        return followers

    def get_followers_between(self, user_id: int, *, after: int, until: int) -> list[int]:
        """
        Return the follower ids in (after, until], ascending.
        """
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT from_user_id FROM {friendship_table()} AS friendship {fan_out_hint()} "  # noqa: S608 (names of tables and a hint of ours)
                "WHERE to_user_id = %s AND from_user_id > %s AND from_user_id <= %s ORDER BY from_user_id",
                [user_id, after, until],
            )
            return [row[0] for row in cursor.fetchall()]


class HBaseFriendshipStore:
    """
    Friendships in HBase: replicas of MySQL's, which may be a moment behind.
    """

    def get_followers(self, user_id: int, *, before: int | None, after: int | None, limit: int) -> list[FriendshipRow]:
        """
        Answer as MySQL does; two round trips.
        """
        rows = Follower.filter(prefix=(user_id,), limit=limit, **key_range(before, after))
        return [FriendshipRow(row.id, row.follower_id) for row in rows]

    def get_followings(self, user_id: int, *, before: int | None, after: int | None, limit: int) -> list[FriendshipRow]:
        """
        Answer as MySQL does; two round trips.
        """
        rows = Following.filter(prefix=(user_id,), limit=limit, **key_range(before, after))
        return [FriendshipRow(row.id, row.followee_id) for row in rows]

    def get_following_ids(self, user_id: int, *, limit: int) -> list[int]:
        """
        Answer as MySQL does; two round trips for each 1,000.
        """
        return [row.followee_id for row in Following.filter(prefix=(user_id,), limit=limit)]

    def get_followed_among(self, user_id: int, candidate_ids: Collection[int]) -> set[int]:
        """
        Answer as MySQL does; one round trip for each 1,000.
        """
        pairs = FollowingPair.get_many([(user_id, candidate_id) for candidate_id in candidate_ids])
        return {followee_id for _, followee_id in pairs}

    def put(self, friendships: Sequence[tuple[int, int, int]], *, version: int) -> None:
        """
        Write friendships that MySQL had when `version` was drawn; three round trips for each 1,000.

        :param friendships: tuples (id, follower id, followee id).
        """
        followings = [Following(id=id, follower_id=a, followee_id=b) for id, a, b in friendships]
        followers = [Follower(id=id, follower_id=a, followee_id=b) for id, a, b in friendships]
        pairs = [FollowingPair(friendship_id=id, follower_id=a, followee_id=b) for id, a, b in friendships]
        Following.batch_create(followings, version=version)
        Follower.batch_create(followers, version=version)
        FollowingPair.batch_create(pairs, version=version)

    def remove_pair(self, follower_id: int, followee_id: int, *, version: int) -> None:
        """
        Record that MySQL had no friendship of these two when `version` was drawn.
        """
        FollowingPair.delete(follower_id=follower_id, followee_id=followee_id, version=version)

    def remove_ended(self, friendship_id: int, follower_id: int, followee_id: int) -> None:
        """
        Take a friendship that has ended off both lists, for ever: somebody who follows again begins another one.
        """
        Following.delete(follower_id=follower_id, id=friendship_id, version=MAX_ID)
        Follower.delete(followee_id=followee_id, id=friendship_id, version=MAX_ID)


def key_range(before: int | None, after: int | None) -> dict[str, tuple[int, ...]]:
    """
    Return the bounds after < id < before as `filter` takes them for ids in descending order.
    """
    return {"start": () if before is None else (before - 1,), "stop": () if after is None else (after,)}


class HBaseElseMySQL:
    """
    Answers from HBase, and from MySQL while HBase has no answer.
    """

    def get_followers(self, user_id: int, *, before: int | None, after: int | None, limit: int) -> list[FriendshipRow]:
        return self._ask(lambda store: store.get_followers(user_id, before=before, after=after, limit=limit))

    def get_followings(self, user_id: int, *, before: int | None, after: int | None, limit: int) -> list[FriendshipRow]:
        return self._ask(lambda store: store.get_followings(user_id, before=before, after=after, limit=limit))

    def get_following_ids(self, user_id: int, *, limit: int) -> list[int]:
        return self._ask(lambda store: store.get_following_ids(user_id, limit=limit))

    def get_followed_among(self, user_id: int, candidate_ids: Collection[int]) -> set[int]:
        return self._ask(lambda store: store.get_followed_among(user_id, candidate_ids))

    def _ask(self, question: Callable[[MySQLFriendshipStore | HBaseFriendshipStore], Answer]) -> Answer:
        try:
            return question(HBaseFriendshipStore())
        except HBaseUnavailable as error:
            logger.info("friendships come from MySQL: %s", error)
        except HBaseError:
            # A table that is missing or disabled is somebody's mistake, but MySQL knows the answer all the same.
            logger.exception("friendships come from MySQL")
        return question(mysql_store())


def mysql_store() -> MySQLFriendshipStore:
    """
    Return the store that decides; fan-out and whatever counts ask it and no other.
    """
    return MySQLFriendshipStore()


def store_to_read(user_id: int) -> MySQLFriendshipStore | HBaseElseMySQL:
    """
    Return the store that answers for the lists of this user.
    """
    return HBaseElseMySQL() if PhaseService.reads_hbase(table=FRIENDSHIPS, subject_id=user_id) else mysql_store()


def is_mirrored() -> bool:
    """
    Say whether HBase is kept in step with MySQL.
    """
    return PhaseService.load(table=FRIENDSHIPS) != Phase.MYSQL


def mirror(*, follower_id: int, followee_id: int, friendship_id: int, current_id: int | None, version: int) -> None:
    """
    Make HBase agree about two people with what MySQL said when `version` was drawn, if it is kept in step.

    Three to five round trips. Repeats safely, and in any order.

    :param friendship_id: the friendship that has begun or ended.
    :param current_id: the one that there was when the version was drawn; None for none.
    :raises HBaseUnavailable: some rows may lack it.
    """
    if not is_mirrored():
        return
    store = HBaseFriendshipStore()
    if current_id is None:
        store.remove_pair(follower_id, followee_id, version=version)
    else:
        store.put([(current_id, follower_id, followee_id)], version=version)
    if friendship_id != current_id:
        store.remove_ended(friendship_id, follower_id, followee_id)

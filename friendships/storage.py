"""
Where friendships are stored. Stores return rows and ids, never QuerySets, so that one without SQL fits too.

MySQL is the source of truth: it decides who follows whom. HBase has replicas for reading lists. A version
(utils/hbase/models.py) is drawn while the rows in MySQL are locked, so writes to the replicas may arrive late, twice
and in any order, and the replicas still converge to the state of MySQL.
"""

import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import NamedTuple, Protocol, TypeVar

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
    A friendship in a list: its id (and so its time) and the user on the other side.
    """

    id: int
    user_id: int


def friendship_table() -> str:
    return connection.ops.quote_name(Friendship._meta.db_table)


def fan_out_hint() -> str:
    """
    Return the hint that makes MySQL read a range of followers by the index made for it.

    Without the hint MySQL may read, and lock, all followers of an author for each batch: its statistics are
    estimates, and bad ones while a table grows fast.
    """
    return "FORCE INDEX (friendship_fan_out)" if connection.vendor == "mysql" else ""


class FriendshipStore(Protocol):
    """
    What every store answers about lists of friendships.
    """

    def get_followers(self, user_id: int, *, before: int | None, after: int | None, limit: int) -> list[FriendshipRow]:
        """
        Return up to `limit` followers, newest friendship first, with after < id < before.
        """

    def get_followings(self, user_id: int, *, before: int | None, after: int | None, limit: int) -> list[FriendshipRow]:
        """
        Return up to `limit` of the users that the user follows, newest friendship first, with after < id < before.
        """

    def get_following_ids(self, user_id: int, *, limit: int) -> list[int]:
        """
        Return up to `limit` ids of users that the user follows, in no order.
        """

    def get_followed_among(self, user_id: int, candidate_ids: Collection[int]) -> set[int]:
        """
        Return which of `candidate_ids` the user follows.
        """


class MySQLFriendshipStore(FriendshipStore):
    """
    Friendships in the relational database. Each method is one query.
    """

    def get_followers(self, user_id: int, *, before: int | None, after: int | None, limit: int) -> list[FriendshipRow]:
        return self._page(Friendship.objects.filter(to_user_id=user_id), "from_user_id", before, after, limit)

    def get_followings(self, user_id: int, *, before: int | None, after: int | None, limit: int) -> list[FriendshipRow]:
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
        return list(Friendship.objects.filter(from_user_id=user_id).values_list("to_user_id", flat=True)[:limit])

    def get_followed_among(self, user_id: int, candidate_ids: Collection[int]) -> set[int]:
        friendships = Friendship.objects.filter(from_user_id=user_id, to_user_id__in=candidate_ids)
        return set(friendships.values_list("to_user_id", flat=True))

    def get_follower_ranges(self, user_id: int, *, size: int) -> Iterator[tuple[int, int]]:
        """
        Yield ranges (after, until] of follower ids that contain `size` followers of the user each; one query.
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

    def get_follower_ids(self, user_ids: Collection[int]) -> dict[int, list[int]]:
        """
        Return {user id: follower ids, ascending} of the users that have followers, for users with few. One query.
        """
        followers: dict[int, list[int]] = {}
        if user_ids:
            rows = Friendship.objects.filter(to_user_id__in=user_ids).order_by("to_user_id", "from_user_id")
            for user_id, follower_id in rows.values_list("to_user_id", "from_user_id"):
                followers.setdefault(user_id, []).append(follower_id)
        return followers

    def get_followers_after(self, user_id: int, *, after: int, limit: int) -> list[int]:
        """
        Return up to `limit` follower ids above `after`, ascending; one query.
        """
        followers = Friendship.objects.filter(to_user_id=user_id, from_user_id__gt=after).order_by("from_user_id")
        return list(followers.values_list("from_user_id", flat=True)[:limit])

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


class HBaseFriendshipStore(FriendshipStore):
    """
    Friendships in HBase: replicas of MySQL's, which may be a moment behind.
    """

    def get_followers(self, user_id: int, *, before: int | None, after: int | None, limit: int) -> list[FriendshipRow]:
        """
        Two round trips.
        """
        rows = Follower.filter(prefix=(user_id,), limit=limit, **key_range(before, after))
        return [FriendshipRow(row.id, row.follower_id) for row in rows]

    def get_followings(self, user_id: int, *, before: int | None, after: int | None, limit: int) -> list[FriendshipRow]:
        """
        Two round trips.
        """
        rows = Following.filter(prefix=(user_id,), limit=limit, **key_range(before, after))
        return [FriendshipRow(row.id, row.followee_id) for row in rows]

    def get_following_ids(self, user_id: int, *, limit: int) -> list[int]:
        """
        Two round trips for each 1,000.
        """
        return [row.followee_id for row in Following.filter(prefix=(user_id,), limit=limit)]

    def get_followed_among(self, user_id: int, candidate_ids: Collection[int]) -> set[int]:
        """
        One round trip for each 1,000.
        """
        pairs = FollowingPair.get_many([(user_id, candidate_id) for candidate_id in candidate_ids])
        return {followee_id for _, followee_id in pairs}

    def put(self, friendships: Sequence[tuple[int, int, int]], *, version: int) -> None:
        """
        Write friendships that MySQL held when `version` was drawn; three round trips for each 1,000.

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
        Record that MySQL held no friendship of these two users when `version` was drawn.
        """
        FollowingPair.delete(follower_id=follower_id, followee_id=followee_id, version=version)

    def remove_ended(self, friendship_id: int, follower_id: int, followee_id: int) -> None:
        """
        Delete an ended friendship from both lists, permanently: following again creates one with a new id.
        """
        Following.delete(follower_id=follower_id, id=friendship_id, version=MAX_ID)
        Follower.delete(followee_id=followee_id, id=friendship_id, version=MAX_ID)


def key_range(before: int | None, after: int | None) -> dict[str, tuple[int, ...]]:
    """
    Return the bounds after < id < before in the form in which `filter` takes them for descending ids.
    """
    return {"start": () if before is None else (before - 1,), "stop": () if after is None else (after,)}


class HBaseWithFallback(FriendshipStore):
    """
    Reads from HBase, and from MySQL whenever HBase fails.
    """

    def get_followers(self, user_id: int, *, before: int | None, after: int | None, limit: int) -> list[FriendshipRow]:
        return self._ask(lambda store: store.get_followers(user_id, before=before, after=after, limit=limit))

    def get_followings(self, user_id: int, *, before: int | None, after: int | None, limit: int) -> list[FriendshipRow]:
        return self._ask(lambda store: store.get_followings(user_id, before=before, after=after, limit=limit))

    def get_following_ids(self, user_id: int, *, limit: int) -> list[int]:
        return self._ask(lambda store: store.get_following_ids(user_id, limit=limit))

    def get_followed_among(self, user_id: int, candidate_ids: Collection[int]) -> set[int]:
        return self._ask(lambda store: store.get_followed_among(user_id, candidate_ids))

    def _ask(self, question: Callable[[FriendshipStore], Answer]) -> Answer:
        try:
            return question(HBaseFriendshipStore())
        except HBaseUnavailable as error:
            logger.info("friendships come from MySQL: %s", error)
        except HBaseError:
            # A missing or disabled table is an operator's mistake, but MySQL can still answer.
            logger.exception("friendships come from MySQL")
        return question(mysql_store())


def mysql_store() -> MySQLFriendshipStore:
    """
    Return the source of truth. Fan-out and counters read from it alone.
    """
    return MySQLFriendshipStore()


def store_to_read(user_id: int) -> FriendshipStore:
    """
    Return the store to read this user's lists from.
    """
    return HBaseWithFallback() if PhaseService.reads_hbase(table=FRIENDSHIPS, subject_id=user_id) else mysql_store()


def is_mirrored() -> bool:
    """
    Say whether friendships are mirrored to HBase.
    """
    return PhaseService.load(table=FRIENDSHIPS) != Phase.MYSQL


def mirror(*, follower_id: int, followee_id: int, friendship_id: int, current_id: int | None, version: int) -> None:
    """
    Write to HBase what MySQL held about two users when `version` was drawn, if friendships are mirrored.

    Three to five round trips. Repeats safely, and in any order.

    :param friendship_id: the friendship that has begun or ended.
    :param current_id: the id of their friendship when the version was drawn; None if there was none.
    :raises HBaseUnavailable: some of the rows may not have been written.
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

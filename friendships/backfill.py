"""
Copies friendships from MySQL to HBase, and compares them.
"""

from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter

from django.db.models import Q, QuerySet

from accounts.services import AccountService
from friendships.hbase_models import Follower, Following, FollowingPair
from friendships.models import Friendship
from friendships.storage import HBaseFriendshipStore
from stores.backfill import TableMigration
from stores.comparison import Decision, Key, Replica
from stores.constants import FRIENDSHIPS
from stores.dual_write import lock_both
from utils.database.time_ids import MAX_ID, next_id
from utils.database.transactions import lock_in_share_mode, retried_transaction
from utils.hbase.models import HBaseModel


class FriendshipReplica(Replica):
    """
    One HBase table of friendships; a subclass says which row a friendship has in it.
    """

    def count(self) -> int:
        return Friendship.objects.count()

    def get_chunk(self, after: int | None, size: int) -> tuple[list[HBaseModel], int | None]:
        friendships = list(friendships_after(after)[:size])
        rows = [self.to_row(*friendship) for friendship in friendships]
        return rows, friendships[-1][0] if friendships else after

    def get_expected(self, keys: Sequence[Key]) -> dict[Key, HBaseModel]:
        wanted = set(keys)
        found = self.among(keys).values_list("id", "from_user_id", "to_user_id")
        rows = [self.to_row(*friendship) for friendship in found]
        return {row.key: row for row in rows if row.key in wanted}

    def to_row(self, id: int, follower_id: int, followee_id: int) -> HBaseModel:
        raise NotImplementedError

    def among(self, keys: Sequence[Key]) -> QuerySet[Friendship]:
        """
        Return the friendships that `keys` are about, and perhaps others.
        """
        raise NotImplementedError


class ListReplica(FriendshipReplica):
    """
    A table whose keys contain the friendship's id.
    """

    def among(self, keys: Sequence[Key]) -> QuerySet[Friendship]:
        return Friendship.objects.filter(id__in=[id for _, id in keys])

    @retried_transaction
    def decide(self, keys: Sequence[Key]) -> Decision:
        """
        Draw the version, then read MySQL.

        A later unfollow deletes permanently, and so wins. A row without a friendship in MySQL is deleted
        permanently here too: friendships reach HBase only after their commit, so a missing one has ended, and
        its id is never used again.
        """
        lock_both(FRIENDSHIPS)
        version = next_id()
        return Decision(self.get_expected(keys), version, MAX_ID)


class FollowingReplica(ListReplica):
    model = Following

    def to_row(self, id: int, follower_id: int, followee_id: int) -> Following:
        return Following(follower_id=follower_id, id=id, followee_id=followee_id)


class FollowerReplica(ListReplica):
    model = Follower

    def to_row(self, id: int, follower_id: int, followee_id: int) -> Follower:
        return Follower(followee_id=followee_id, id=id, follower_id=follower_id)


class PairReplica(FriendshipReplica):
    """
    The table whose key is the pair of users.
    """

    model = FollowingPair

    def to_row(self, id: int, follower_id: int, followee_id: int) -> FollowingPair:
        return FollowingPair(follower_id=follower_id, followee_id=followee_id, friendship_id=id)

    def among(self, keys: Sequence[Key]) -> QuerySet[Friendship]:
        pairs = [
            Q(from_user_id=follower_id, to_user_id__in=[followee_id for _, followee_id in group])
            for follower_id, group in groupby(sorted(keys), key=itemgetter(0))
        ]
        return Friendship.objects.filter(Q(*pairs, _connector=Q.OR)) if pairs else Friendship.objects.none()

    @retried_transaction
    def decide(self, keys: Sequence[Key]) -> Decision:
        """
        Draw the version and read MySQL while the profiles of these followers are locked.

        They cannot follow or unfollow anybody meanwhile; later changes draw a larger version.
        """
        lock_both(FRIENDSHIPS)
        AccountService.lock_profiles(user_ids={follower_id for follower_id, _ in keys})
        version = next_id()
        return Decision(self.get_expected(keys), version, version)


class FriendshipsMigration(TableMigration):
    """
    Friendships: one row in MySQL, and one row in each of three HBase tables.
    """

    table = FRIENDSHIPS
    replicas = (FollowingReplica(), FollowerReplica(), PairReplica())

    def count_after(self, cursor: int | None) -> int:
        return friendships_after(cursor).count()

    def copy_chunk(self, cursor: int | None, size: int) -> tuple[int, int | None]:
        """
        Copy one chunk of friendships from MySQL to HBase.

        The version is drawn before the rows are read and locked. An unfollow comes later, draws a larger version
        for the pair, and so wins, however late these rows arrive. From the two lists, ended friendships are
        deleted permanently.
        """
        friendships, version = self._lock_chunk(cursor, size)
        HBaseFriendshipStore().put(friendships, version=version)
        return len(friendships), friendships[-1][0] if friendships else cursor

    @retried_transaction
    def _lock_chunk(self, cursor: int | None, size: int) -> tuple[list[tuple[int, int, int]], int]:
        lock_both(FRIENDSHIPS)
        version = next_id()
        return lock_in_share_mode(friendships_after(cursor)[:size]), version


def friendships_after(id: int | None) -> QuerySet[Friendship, tuple[int, int, int]]:
    """
    Return (id, follower id, followee id) of the friendships in MySQL after `id`, in the order of ids.

    :param id: None starts at the first one.
    """
    return Friendship.objects.filter(id__gt=id or 0).order_by("id").values_list("id", "from_user_id", "to_user_id")

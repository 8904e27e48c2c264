"""
Friendships on their way from the ledger in MySQL to their copies in HBase.
"""

from itertools import groupby
from operator import itemgetter

from django.db.models import Q

from accounts.services import AccountService
from friendships.hbase_models import Follower, Following, FollowingPair
from friendships.models import Friendship
from friendships.storage import HBaseFriendshipStore
from gatekeeper.constants import FRIENDSHIPS
from gatekeeper.moving import Move, hold_both
from utils.hbase.comparing import Copy, Decision
from utils.time_ids import MAX_ID, next_id
from utils.transactions import lock_in_share_mode, retried_transaction


class FriendshipCopy(Copy):
    """
    One of the tables that HBase has of the ledger; a subclass says which row stands there for a friendship.
    """

    def count(self):
        return Friendship.objects.count()

    def get_chunk(self, after, size):
        friendships = list(friendships_behind(after)[:size])
        rows = [self.row_of(*friendship) for friendship in friendships]
        return rows, friendships[-1][0] if friendships else after

    def get_expected(self, keys):
        wanted = set(keys)
        found = self.among(keys).values_list("id", "from_user_id", "to_user_id")
        rows = [self.row_of(*friendship) for friendship in found]
        return {row.key: row for row in rows if row.key in wanted}

    def row_of(self, id, follower_id, followee_id):
        raise NotImplementedError

    def among(self, keys):
        """
        Return the friendships that `keys` are about, perhaps with others. A QuerySet.
        """
        raise NotImplementedError


class ListCopy(FriendshipCopy):
    """
    A list by the friendships' ids.
    """

    def among(self, keys):
        return Friendship.objects.filter(id__in=[id for _, id in keys])

    @retried_transaction
    def decide(self, keys):
        """
        Draw the version, then look at the ledger.

        Who unfollows later deletes for ever, and so wins. What the ledger does not have is deleted
        for ever here as well: a friendship is in HBase only after it was committed, so one that was
        there and is not in the ledger has ended, and its id is never given again.
        """
        hold_both(FRIENDSHIPS)
        version = next_id()
        return Decision(self.get_expected(keys), version, MAX_ID)


class FollowingCopy(ListCopy):
    model = Following

    def row_of(self, id, follower_id, followee_id):
        return Following(follower_id=follower_id, id=id, followee_id=followee_id)


class FollowerCopy(ListCopy):
    model = Follower

    def row_of(self, id, follower_id, followee_id):
        return Follower(followee_id=followee_id, id=id, follower_id=follower_id)


class PairCopy(FriendshipCopy):
    """
    Who follows whom, by both.
    """

    model = FollowingPair

    def row_of(self, id, follower_id, followee_id):
        return FollowingPair(follower_id=follower_id, followee_id=followee_id, friendship_id=id)

    def among(self, keys):
        pairs = [
            Q(from_user_id=follower_id, to_user_id__in=[followee_id for _, followee_id in group])
            for follower_id, group in groupby(sorted(keys), key=itemgetter(0))
        ]
        return Friendship.objects.filter(Q(*pairs, _connector=Q.OR)) if pairs else Friendship.objects.none()

    @retried_transaction
    def decide(self, keys):
        """
        Draw the version and look at the ledger while none of these followers can follow or unfollow anybody.

        Who does so later draws a larger one.
        """
        hold_both(FRIENDSHIPS)
        AccountService.lock_profiles(*{follower_id for follower_id, _ in keys})
        version = next_id()
        return Decision(self.get_expected(keys), version, version)


class FriendshipsMove(Move):
    """
    Friendships: one row of the ledger, a row in each of three tables of HBase.
    """

    table = FRIENDSHIPS
    copies = (FollowingCopy(), FollowerCopy(), PairCopy())

    def count_behind(self, cursor):
        return friendships_behind(cursor).count()

    def copy_chunk(self, cursor, size):
        """
        Put the friendships of one chunk of the ledger into HBase.

        The version is drawn before they are read, and they are held until then. Whoever ends one
        of them does so later, draws a larger version for the pair, and so wins, however late these
        rows arrive; off the two lists a friendship that has ended is taken for ever.
        """
        friendships, version = self._hold_chunk(cursor, size)
        HBaseFriendshipStore().put(friendships, version=version)
        return len(friendships), friendships[-1][0] if friendships else cursor

    @retried_transaction
    def _hold_chunk(self, cursor, size):
        hold_both(FRIENDSHIPS)
        version = next_id()
        return lock_in_share_mode(friendships_behind(cursor)[:size]), version


def friendships_behind(id):
    """
    Return (id, follower id, followee id) of what the ledger has behind an id, in the order of ids. A QuerySet.

    :param id: None is in front of all.
    """
    return Friendship.objects.filter(id__gt=id or 0).order_by("id").values_list("id", "from_user_id", "to_user_id")

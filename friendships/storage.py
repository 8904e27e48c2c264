"""
Where friendships live. Rows and ids come out, never QuerySets, so that a store without SQL can answer too.
"""

from typing import NamedTuple

from django.db import connection

from friendships.models import Friendship


class FriendshipRow(NamedTuple):
    """
    One friendship as a list shows it: its id (and so its time) and the user on the other side.
    """

    id: int
    user_id: int


def friendship_table():
    return connection.ops.quote_name(Friendship._meta.db_table)


def fan_out_hint():
    """
    Return what makes MySQL walk a range of followers by the index made for it.

    Left alone it may read, and hold, all followers of an author for each batch of them: its
    statistics are a guess, and while a table grows fast a bad one.
    """
    return "FORCE INDEX (friendship_fan_out)" if connection.vendor == "mysql" else ""


class MySQLFriendshipStore:
    """
    Friendships in the relational database, each verb one query unless it says otherwise.
    """

    def get_followers(self, user_id, *, before, after, limit):
        """
        Return up to `limit` followers, newest follow first, with after < id < before.
        """
        return self._page(Friendship.objects.filter(to_user_id=user_id), "from_user_id", before, after, limit)

    def get_followings(self, user_id, *, before, after, limit):
        """
        Return up to `limit` of those whom the user follows, newest follow first.
        """
        return self._page(Friendship.objects.filter(from_user_id=user_id), "to_user_id", before, after, limit)

    def _page(self, friendships, other_side, before, after, limit):
        if before is not None:
            friendships = friendships.filter(id__lt=before)
        if after is not None:
            friendships = friendships.filter(id__gt=after)
        rows = friendships.order_by("-id").values_list("id", other_side)[:limit]
        return [FriendshipRow(*row) for row in rows]

    def get_following_ids(self, user_id, *, limit):
        """
        Return the ids of those whom the user follows, `limit` at most, in no order.
        """
        return list(Friendship.objects.filter(from_user_id=user_id).values_list("to_user_id", flat=True)[:limit])

    def get_followed_among(self, user_id, candidate_ids):
        """
        Return the set of those of `candidate_ids` whom the user follows.
        """
        friendships = Friendship.objects.filter(from_user_id=user_id, to_user_id__in=candidate_ids)
        return set(friendships.values_list("to_user_id", flat=True))

    def get_follower_ranges(self, user_id, *, size):
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

    def get_followers_between(self, user_id, *, after, until):
        """
        Return the follower ids in (after, until], ascending.
        """
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT from_user_id FROM {friendship_table()} AS friendship {fan_out_hint()} "
                "WHERE to_user_id = %s AND from_user_id > %s AND from_user_id <= %s ORDER BY from_user_id",
                [user_id, after, until],
            )
            return [row[0] for row in cursor.fetchall()]


def store():
    """
    Return the store that answers; there is one until HBase takes part.
    """
    return MySQLFriendshipStore()

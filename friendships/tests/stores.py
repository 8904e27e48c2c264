"""
What tests do with the two stores of friendships.
"""

from accounts.models import User
from friendships.hbase_models import Follower, Following, FollowingPair
from friendships.models import Friendship
from stores.constants import FRIENDSHIPS
from testing.stack_hbase import put_in_phase


class TwoStores:
    """
    Steps of tests that look at both stores, or move between them.
    """

    def friendships_are_at(self, phase, percentage=100):
        put_in_phase(phase, FRIENDSHIPS, percentage=percentage)

    def hbase_rows(self, user_id):
        """
        Return what HBase has of a user: followings, followers and pairs.
        """
        return (
            [(row.id, row.followee_id) for row in Following.filter(prefix=(user_id,))],
            [(row.id, row.follower_id) for row in Follower.filter(prefix=(user_id,))],
            [(row.friendship_id, row.followee_id) for row in FollowingPair.filter(prefix=(user_id,))],
        )

    def mysql_rows(self, user_id):
        """
        Return what HBase should have.
        """
        followings = Friendship.objects.filter(from_user_id=user_id).values_list("id", "to_user_id")
        followers = Friendship.objects.filter(to_user_id=user_id).values_list("id", "from_user_id")
        return (list(followings.order_by("-id")), list(followers.order_by("-id")), list(followings.order_by("to_user")))

    def assert_copies_agree(self):
        for user_id in User.objects.values_list("id", flat=True):
            self.assertEqual(self.hbase_rows(user_id), self.mysql_rows(user_id))

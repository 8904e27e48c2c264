"""
Friendships in HBase: a replica of those in MySQL, one table per kind of query.

`id` is the friendship's id, and so its time. Unfollowing and following again creates a friendship with a new id.
"""

from utils.hbase.fields import DescendingIntegerField, IntegerField, ReversedIntegerField
from utils.hbase.models import HBaseModel


class Following(HBaseModel):
    """
    A row means: this follower follows this followee. One scan lists a user's followings, newest first.
    """

    follower_id = ReversedIntegerField()
    id = DescendingIntegerField()
    followee_id = IntegerField(column_family="f")

    class Meta:
        table_name = "followings"
        row_key = ("follower_id", "id")
        regions = 16


class Follower(HBaseModel):
    """
    A row means: this followee is followed by this follower. One scan lists a user's followers, newest first.
    """

    followee_id = ReversedIntegerField()
    id = DescendingIntegerField()
    follower_id = IntegerField(column_family="f")

    class Meta:
        table_name = "followers"
        row_key = ("followee_id", "id")
        regions = 16


class FollowingPair(HBaseModel):
    """
    A row means: this follower follows this followee, by the friendship of this id. One get says whether A follows B.
    """

    follower_id = ReversedIntegerField()
    followee_id = IntegerField()
    friendship_id = IntegerField(column_family="f")

    class Meta:
        table_name = "following_pairs"
        row_key = ("follower_id", "followee_id")
        regions = 16

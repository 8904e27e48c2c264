"""
Friendships in HBase: a replica of MySQL's, once for each question that is asked.

`id` is the friendship's id, and so its time. Somebody who unfollows and follows again has another one.
"""

from utils.hbase.fields import DescendingIntegerField, IntegerField, ReversedIntegerField
from utils.hbase.models import HBaseModel


class Following(HBaseModel):
    """
    A row means: this follower follows that followee. Whom somebody follows is one scan, newest first.
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
    A row means: this followee is followed by that follower. Who follows somebody is one scan, newest first.
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
    A row means: the follower follows the followee, by the friendship of that id. Does A follow B is one get.
    """

    follower_id = ReversedIntegerField()
    followee_id = IntegerField()
    friendship_id = IntegerField(column_family="f")

    class Meta:
        table_name = "following_pairs"
        row_key = ("follower_id", "followee_id")
        regions = 16

"""
Feeds as HBase keeps them.
"""

from utils.hbase.fields import DescendingIntegerField, ReversedIntegerField
from utils.hbase.models import HBaseModel


class Feed(HBaseModel):
    """
    A row means: this tweet is in this user's feed. The key says everything, so the row has no column.

    A feed is one short scan, newest first; a tweet is in it once; users lie spread over the regions.
    """

    user_id = ReversedIntegerField()
    tweet_id = DescendingIntegerField()

    class Meta:
        table_name = "feeds"
        row_key = ("user_id", "tweet_id")
        regions = 16

"""
The table of feeds in HBase.
"""

from utils.hbase.fields import DescendingIntegerField, ReversedIntegerField
from utils.hbase.models import HBaseModel


class Feed(HBaseModel):
    """
    A row means: this tweet is in this user's feed. The key has all the data, so the row has no columns.

    A page is one short scan, newest first; a feed has each tweet once; users are spread over the regions.
    """

    user_id = ReversedIntegerField()
    tweet_id = DescendingIntegerField()

    class Meta:
        table_name = "feeds"
        row_key = ("user_id", "tweet_id")
        regions = 16

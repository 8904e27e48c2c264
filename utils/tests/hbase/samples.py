"""
Models to try the layer with: one whose key says everything, and one with a column.
"""

from utils.hbase.fields import DescendingIntegerField, IntegerField, ReversedIntegerField
from utils.hbase.models import HBaseModel


class Entry(HBaseModel):
    """
    A tweet in a feed: its key says everything.
    """

    owner_id = ReversedIntegerField()
    tweet_id = DescendingIntegerField()

    class Meta:
        table_name = "entries"
        row_key = ("owner_id", "tweet_id")
        regions = 4


class Reading(HBaseModel):
    """
    What an instrument showed: numbers in ascending order, below and above zero.
    """

    instrument = IntegerField()
    at = IntegerField()
    value = IntegerField(column_family="v")

    class Meta:
        table_name = "readings"
        row_key = ("instrument", "at")


ALL = [Entry, Reading]

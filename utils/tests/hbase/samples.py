"""
Models to try the layer with: one for each kind of key, and one with columns.
"""

from utils.hbase.fields import (
    DescendingIntegerField,
    IntegerField,
    ReversedIntegerField,
    StringField,
    TimestampField,
)
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
    taken_at = TimestampField(column_family="v", null=True)
    remark = StringField(column_family="r", null=True)

    class Meta:
        table_name = "readings"
        row_key = ("instrument", "at")


class Word(HBaseModel):
    """
    A word of a book: strings inside and at the end of a key.
    """

    book = StringField()
    page = IntegerField()
    text = StringField()

    class Meta:
        table_name = "words"
        row_key = ("book", "page", "text")


class Moment(HBaseModel):
    """
    Something that happened, by its time.
    """

    at = TimestampField()

    class Meta:
        table_name = "moments"
        row_key = ("at",)


ALL = [Entry, Reading, Word, Moment]

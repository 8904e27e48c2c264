"""
Kinds of differences in a feed, and reasons why a tweet is in a feed or not.
"""

from datetime import timedelta

from django.db import models

# Where a feed is stored or cached, as commands and figures call it.
MYSQL, HBASE, LIST = "mysql", "hbase", "list"
# How many readers' feeds are checked together, and how many of their rows may be in memory at once.
CHECK_READERS = 200
CHECK_ROWS = 200_000
# How long after drawing a tweet's id its transaction may commit, in microseconds, including
# differences between the clocks of machines. If somebody follows the author within this
# time, the tweet may arrive by delivery and by back-fill.
LATE_COMMIT = 120 * 1_000_000
# The feature of the gatekeeper that says for whom FEED_STRATEGY is; undefined, it is for everybody.
STRATEGY_FEATURE = "feed_strategy"
# How long a reader's list of those followees whose tweets are pulled may be cached.
PULLED_SOURCES_SECONDS = 60
# How often it is noted that somebody reads their feed.
SEEN_EVERY = timedelta(days=1)
# How many readers one event of the daily upkeep looks at, and how many rows it removes from one feed at most.
UPKEEP_READERS = 100
TRIMMED_AT_ONCE = 5_000
# How many rows are written at once for a reader who has returned.
RETURNED_AT_ONCE = 1_000
# How long it is recorded when a tweet was delivered, and when a follow ended.
REMEMBERED = timedelta(days=30)


class DifferenceKind(models.TextChoices):
    """
    What can be wrong with one tweet in one feed. Repeats and a wrong order are only
    possible in cached lists: a store's key excludes them.
    """

    MISSING = "missing", "it belongs there and is not there"
    GHOST = "ghost", "it is there and does not belong there"
    REPEATED = "repeated", "it is there more than once"
    MISORDERED = "misordered", "it stands before a newer one"


class Reason(models.TextChoices):
    """
    Why a tweet is in a feed or not.
    """

    OWN = "own", "It is the reader's own."
    DELIVERED = "delivered", "It was delivered to the author's followers."
    BACK_FILLED = "back_filled", "It was among the author's newest tweets when the reader followed."
    PULLED = "pulled", "It is pulled from its author, whom the reader follows."
    READER_WAS_IDLE = "reader_was_idle", "It is pulled, because nothing is delivered to readers who stay away for long."
    REMOVAL_UNDER_WAY = "removal_under_way", "It does not belong there any more and is about to leave."
    DELIVERY_UNDER_WAY = "delivery_under_way", "It belongs there and has not arrived yet."
    NOT_FOLLOWED = "not_followed", "The reader does not follow the author."
    OLDER_THAN_BACK_FILL = "older_than_back_fill", "It was too old for the back-fill when the reader followed."
    DELETED = "deleted", "It is deleted."
    AUTHOR_SUSPENDED = "author_suspended", "Its author is suspended."
    AUTHOR_CLOSED = "author_closed", "Its author has closed the account."

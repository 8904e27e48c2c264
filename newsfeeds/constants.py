"""
Names of what can be wrong with a feed, and of why a tweet is in one or not.
"""

from datetime import timedelta

from django.db import models

# Where a feed is stored or cached, as commands and figures call it.
MYSQL, HBASE, LIST = "mysql", "hbase", "list"
# Readers whose feeds are looked at together, and the rows of theirs that may be in memory at once.
CHECK_READERS = 200
CHECK_ROWS = 200_000
# A tweet's transaction may commit this long after the tweet's id was drawn, on a clock that may differ from another
# machine's: so long after it, whoever follows the author may be delivered to as well as back-filled. Microseconds.
LATE_COMMIT = 120 * 1_000_000
# How long is known when a tweet was delivered, and since when somebody is not followed.
REMEMBERED = timedelta(days=30)


class DifferenceKind(models.TextChoices):
    """
    What can be wrong with one tweet in one feed. A store cannot repeat or misorder: its key forbids it.
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
    REMOVAL_UNDER_WAY = "removal_under_way", "It does not belong there any more and is about to leave."
    DELIVERY_UNDER_WAY = "delivery_under_way", "It belongs there and has not arrived yet."
    NOT_FOLLOWED = "not_followed", "The reader does not follow the author."
    OLDER_THAN_BACK_FILL = "older_than_back_fill", "It was too old for the back-fill when the reader followed."
    DELETED = "deleted", "It is deleted."
    AUTHOR_SUSPENDED = "author_suspended", "Its author is suspended."
    AUTHOR_CLOSED = "author_closed", "Its author has closed the account."

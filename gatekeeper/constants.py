"""
Names and times of the grey release, and the phases of moving a table from MySQL to HBase.
"""

from django.db import models

# Anonymous callers are told apart by a cookie of this name, so that a feature stays as it is for them.
VISITOR_COOKIE = "visitor"
VISITOR_SECONDS = 365 * 86_400
# A change of a feature reaches every process within this many seconds.
FEATURES_SECONDS = 10

# What may live in HBase.
FEEDS, FRIENDSHIPS = "feeds", "friendships"
TABLES = (FEEDS, FRIENDSHIPS)
# A process that knows its phases says so this often, and counts as living for this long after it last did.
# Longer than a worker that waits for its database, shorter than an operator's patience.
ACKNOWLEDGE_SECONDS = 10
LIVING_SECONDS = 30
# Rows of processes that are long gone are of no use to anybody, and are purged (twitter/purging.py).
ACKNOWLEDGEMENT_DAYS = 1


class Phase(models.TextChoices):
    """
    Where the rows of a table are written and read, in the order in which a table goes through them.
    """

    MYSQL = "mysql", "MySQL alone"
    DUAL_WRITE = "dual_write", "written to both, read from MySQL"
    READ_HBASE = "read_hbase", "written to both, read from HBase"
    HBASE_ONLY = "hbase_only", "HBase alone"

    @property
    def step(self):
        """
        The place in that order, from 0.
        """
        return list(Phase).index(self)

    def read_percentage(self, wanted):
        """
        Return for how many per cent of the users HBase answers: as wanted where that can be chosen.
        """
        return {Phase.READ_HBASE: wanted, Phase.HBASE_ONLY: 100}.get(self, 0)


# Friendships stay in MySQL, too: it is their ledger (uniqueness, counters, one transaction).
LAST_PHASES = {FEEDS: Phase.HBASE_ONLY, FRIENDSHIPS: Phase.READ_HBASE}

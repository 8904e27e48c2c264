"""
The tables that can be stored in HBase, and the phases of their migration.
"""

from django.db import models

FEEDS, FRIENDSHIPS = "feeds", "friendships"
TABLES = (FEEDS, FRIENDSHIPS)


class Phase(models.TextChoices):
    """
    Where the rows of a table are written and read, in the order in which a table goes through them.
    """

    MYSQL = "mysql", "MySQL alone"
    DUAL_WRITE = "dual_write", "written to both, read from MySQL"
    READ_HBASE = "read_hbase", "written to both, read from HBase"
    HBASE_ONLY = "hbase_only", "HBase alone"

    @property
    def step(self) -> int:
        """
        The position in that order, from 0.
        """
        return list(Phase).index(self)

    def read_percentage(self, *, wanted: int) -> int:
        """
        Return the percentage of users who read from HBase: `wanted` in the phase in which it can be chosen.
        """
        return {Phase.READ_HBASE: wanted, Phase.HBASE_ONLY: 100}.get(self, 0)


# MySQL decides who follows whom (uniqueness, counters, one transaction), so friendships always stay there.
LAST_PHASES = {FEEDS: Phase.HBASE_ONLY, FRIENDSHIPS: Phase.READ_HBASE}

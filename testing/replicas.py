"""
A second way to the database of a test, which the project takes for a replica.
"""

import time
from contextlib import contextmanager
from unittest.mock import patch

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from testing.testcases import CommittedTestCase
from utils.database import replicas
from utils.database.replicas import Replica, Replicas

ALIAS = "replica_1"
ROUTER = "utils.database.replicas.ReplicaRouter"


class KnownReplica(Replica):
    """
    A replica of which it is known from the start how far behind it is; where nothing replicates, nobody can look.
    """

    def __init__(self, seconds_behind):
        super().__init__(ALIAS)
        self.complete_until = float("-inf") if seconds_behind is None else time.monotonic() - seconds_behind
        self.next_check_at = float("inf")


# Replicas are MariaDB's; in HBase there is nothing that they could answer.
@override_settings(HBASE={**settings.HBASE, "HOST": ""})
class ReplicaTestCase(CommittedTestCase):
    """
    A test in which reads that may be some seconds old can go to a replica.
    """

    @contextmanager
    def replica(self, *, seconds_behind=0):
        """
        Let this process use a replica that is so far behind; yields what captures the queries sent to it.

        :param seconds_behind: None for one that is away.
        """
        with (
            using_replicas([KnownReplica(seconds_behind)]),
            self.allowed(ALIAS),
            CaptureQueriesContext(connections[ALIAS]) as queries,
        ):
            yield queries

    def allowed(self, alias):
        # Django lets a test use the databases that were there when its class was made.
        return patch.object(type(self), "databases", {DEFAULT_DB_ALIAS, alias})


@contextmanager
def using_replicas(known, **changes):
    """
    Let this process use replicas at `ALIAS`, whose connection differs from the primary's in `changes`.
    """
    connections.databases[ALIAS] = {**connections[DEFAULT_DB_ALIAS].settings_dict, **changes}
    ours = Replicas([])
    ours.all = known
    try:
        with (
            override_settings(DATABASE_REPLICAS=[ALIAS], DATABASE_ROUTERS=[ROUTER]),
            patch.object(replicas, "replicas", ours),
        ):
            yield
    finally:
        connections[ALIAS].close()
        del connections[ALIAS], connections.databases[ALIAS]

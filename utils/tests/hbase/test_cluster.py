"""
A cluster of two region servers, with the settings of a real one: rows spread, and one server may die.
"""

import time
from collections import Counter

import pytest
from django.conf import settings
from django.test import override_settings

from utils.hbase.exceptions import HBaseUnavailable
from utils.hbase.pool import reset_pool
from utils.tests.hbase.conftest import PATIENCE_MS
from utils.tests.hbase.samples import Entry
from utils.tests.hbase.servers import Cluster

pytestmark = [pytest.mark.stack, pytest.mark.hbase]

OWNERS = range(1_000, 1_512)
# The master misses a server after its session of 6 s, reads its WAL and deals out its regions.
MOVED_WITHIN_S = 60


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    cluster = Cluster(tmp_path_factory.mktemp("cluster"))
    try:
        cluster.run("start")
        here = {
            **settings.HBASE,
            "HOST": "127.0.0.1",
            "PORT": cluster.port,
            "MORE_GATEWAYS": [("127.0.0.1", cluster.port + 1)],
            "TABLE_PREFIX": "test_",
            "TIMEOUT_MS": PATIENCE_MS,
        }
        with override_settings(HBASE=here):
            reset_pool()
            yield cluster
        reset_pool()
    finally:
        cluster.run("stop")


def read_all():
    """
    Return how many of the owners' rows can be read, each by its own get.
    """
    return sum(Entry.get(owner_id=owner, tweet_id=1) is not None for owner in OWNERS)


def read_all_in_time():
    """
    Return what `read_all` says, as soon as every region answers.
    """
    end = time.monotonic() + MOVED_WITHIN_S
    while True:
        try:
            return read_all()
        except HBaseUnavailable:
            if time.monotonic() > end:
                raise


def servers():
    return Counter(region.server for region in Entry.regions())


class TestTwoRegionServers:
    def test_a_table_spreads_over_both_and_one_takes_over_from_the_other(self, cluster):
        listed = [line for line in cluster.run("status").stdout.splitlines() if line.startswith("localhost,")]
        assert len(listed) == 2

        cluster.run("create-table", *Entry.create_table_arguments())
        assert Entry.create_table() is False
        assert sorted(servers().values()) == [2, 2]

        Entry.batch_create([Entry(owner_id=owner, tweet_id=1) for owner in OWNERS])
        assert Entry.count() == len(OWNERS)
        assert [Entry.count(prefix=(owner,)) for owner in OWNERS[:8]] == [1] * 8

        cluster.run("kill-server", "1")
        assert read_all_in_time() == len(OWNERS)
        assert list(servers().values()) == [4]
        Entry.batch_create([Entry(owner_id=owner, tweet_id=2) for owner in OWNERS])
        assert Entry.count() == 2 * len(OWNERS)

        rows = Entry.filter()
        assert rows == sorted(rows, key=lambda row: Entry._meta.key.encode(row.key))
        assert Entry.filter(limit=300) == rows[:300]

        cluster.run("start-server", "1")
        listed = [line for line in cluster.run("status").stdout.splitlines() if line.startswith("localhost,")]
        assert len(listed) == 2
        assert Entry.count() == 2 * len(OWNERS)

    def test_a_gateway_that_is_killed_is_missed_by_nobody(self, cluster):
        Entry.create_table()
        before = Entry.count()

        cluster.run("kill-gateway", "1")
        for owner in OWNERS:
            Entry.create(owner_id=owner, tweet_id=4)
            assert Entry.get(owner_id=owner, tweet_id=4) is not None

        cluster.run("start-gateway", "1")
        assert Entry.count() == before + len(OWNERS)

    def test_what_was_written_is_there_after_a_stop_and_a_start(self, cluster):
        Entry.create_table()
        Entry.create(owner_id=7, tweet_id=7)

        cluster.run("stop")
        cluster.run("start")

        assert Entry.get(owner_id=7, tweet_id=7) is not None

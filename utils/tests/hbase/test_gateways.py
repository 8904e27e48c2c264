"""
Several Thrift servers before one HBase: one of them dies under reads and writes, and nobody notices.
"""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.conf import settings
from django.test import override_settings

from testing.stack_chaos import ChaosProxy
from utils.hbase.pool import reset_pool
from utils.observability.metrics import HBASE_KEYS
from utils.observability.probes import hbase_is_up
from utils.tests.hbase.samples import Entry

pytestmark = [pytest.mark.stack, pytest.mark.hbase]

WRITERS = 4
ROWS = 100


@pytest.fixture
def gateways(tables):
    """
    Two proxies, which stand for two Thrift servers.
    """
    address = settings.HBASE["HOST"], settings.HBASE["PORT"]
    with ChaosProxy(*address) as one, ChaosProxy(*address) as two:
        here = {"HOST": "127.0.0.1", "PORT": one.port, "MORE_GATEWAYS": [("127.0.0.1", two.port)]}
        with override_settings(HBASE={**settings.HBASE, **here}):
            reset_pool()
            yield one, two
        reset_pool()


class TestAGatewayDies:
    def test_under_reads_and_writes_nobody_meets_an_error(self, gateways):
        half_way = threading.Barrier(WRITERS + 1)

        def write_and_read(owner):
            for number in range(ROWS):
                if number == ROWS // 2:
                    half_way.wait(30)
                Entry.create(owner_id=owner, tweet_id=number)
                assert Entry.get(owner_id=owner, tweet_id=number) is not None
            return Entry.count(prefix=(owner,))

        with ThreadPoolExecutor(WRITERS) as threads:
            writers = [threads.submit(write_and_read, owner) for owner in range(WRITERS)]
            half_way.wait(30)
            gateways[0].refuse()

            assert [writer.result() for writer in writers] == [ROWS] * WRITERS
        assert hbase_is_up()

    def test_both_served_before(self, gateways):
        before = [gateway.round_trips for gateway in gateways]

        for number in range(10):
            Entry.create(owner_id=77, tweet_id=number)

        assert all(gateway.round_trips > count for gateway, count in zip(gateways, before))

    def test_a_hot_region_stands_out(self, tables):
        # Reversed, so that the lowest byte of the owner's id comes first.
        before = written_rows()
        Entry.batch_create([Entry(owner_id=owner, tweet_id=1) for owner in range(256)])
        even = written_rows()
        Entry.batch_create([Entry(owner_id=0x35, tweet_id=number) for number in range(2_000)])
        hot = written_rows()

        assert even - before == Counter({f"{digit:x}": 16 for digit in range(16)})
        assert hot - even == Counter({"3": 2_000})


def written_rows():
    """
    Return how many entries this process has written, by the first hex digit of their keys.
    """
    samples = [sample for family in HBASE_KEYS.collect() for sample in family.samples]
    return Counter(
        {
            sample.labels["digit"]: int(sample.value)
            for sample in samples
            if (sample.labels["table"], sample.labels["call"]) == (Entry.table(), "write")
        }
    )

"""
A real server that is killed, frozen, restarted or overrun: errors come soon, and no answer is ever wrong.
"""

import os
import random
import select
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.conf import settings

from utils.hbase import wire
from utils.hbase.exceptions import HBaseUnavailable
from utils.hbase.pool import get_pool, reset_pool, timeout
from utils.tests.hbase.conftest import THRIFT_THREADS
from utils.tests.hbase.samples import Entry
from utils.tests.hbase.test_pool import takes_at_most

pytestmark = [pytest.mark.stack, pytest.mark.hbase]


def table():
    return Entry.table().encode()


def the_connection(pool):
    """
    Return the connection that the next call will use.
    """
    return pool.run(lambda connection: connection, table="")


def wait_until_hung_up(connection):
    """
    Return as soon as the server has closed `connection`.
    """
    readable, _, _ = select.select([connection.socket.sock], [], [], 10)
    assert readable, "the server keeps idle connections"


def wait_until_answered(seconds=10):
    """
    Return the first answer after a fault; the breaker may hold calls back for two seconds.
    """
    end = time.monotonic() + seconds
    while True:
        try:
            return Entry.filter(limit=1)
        except HBaseUnavailable:
            if time.monotonic() > end:
                raise


class TestIdleConnections:
    def test_the_first_call_after_the_server_hung_up_succeeds(self, server, make_pool):
        pool = make_pool(server.port)
        connection = the_connection(pool)
        wait_until_hung_up(connection)

        rows = pool.run(lambda connection: wire.scan_page(connection, table(), b"", None, 1), table=Entry.table())

        assert rows == []
        assert the_connection(pool) is not connection

    def test_one_that_idled_for_long_is_reopened_and_not_tried(self, server, make_pool):
        pool = make_pool(server.port, idle_seconds=0)

        first, second = (pool.run(lambda connection: connection, table="") for _ in range(2))

        assert second is not first

    def test_one_that_was_used_just_now_is_used_again(self, server, make_pool):
        pool = make_pool(server.port)

        assert the_connection(pool) is the_connection(pool)


class TestAKilledServer:
    def test_what_was_acknowledged_is_there_after_the_restart_and_every_first_call_succeeds(self, server):
        Entry.batch_create([Entry(owner_id=1, tweet_id=number) for number in range(1_000)])
        open_connections(4)
        server.kill()
        server.start()

        with ThreadPoolExecutor(4) as threads:
            counts = list(threads.map(lambda _: Entry.count(prefix=(1,)), range(4)))

        assert counts == [1_000] * 4

    def test_kill_in_the_middle_of_writing_loses_nothing_that_was_acknowledged(self, server):
        acknowledged = []
        well_under_way = threading.Event()

        def write():
            for number in range(100_000):
                try:
                    Entry.create(owner_id=2, tweet_id=number)
                except HBaseUnavailable:
                    return
                acknowledged.append(number)
                if number == 500:
                    well_under_way.set()

        writer = threading.Thread(target=write)
        writer.start()
        assert well_under_way.wait(30)
        server.kill()
        writer.join()
        server.start()
        wait_until_answered()

        found = {row.tweet_id for row in Entry.filter(prefix=(2,))}

        assert set(acknowledged) <= found
        # The write that was under way may have happened; it may be repeated, and nothing else was made up.
        assert found - set(acknowledged) <= {len(acknowledged)}

    def test_while_it_is_down_calls_fail_soon_and_then_at_once(self, server):
        server.kill()

        with takes_at_most(1):
            for _ in range(3):
                with pytest.raises(HBaseUnavailable):
                    Entry.get(owner_id=1, tweet_id=1)
            with pytest.raises(HBaseUnavailable, match="has not responded recently"):
                Entry.get(owner_id=1, tweet_id=1)


class TestAFrozenServer:
    def test_a_call_gives_up_after_the_timeout_and_the_next_answer_belongs_to_the_next_question(self, server):
        Entry.batch_create([Entry(owner_id=owner, tweet_id=owner) for owner in range(1, 51)])

        for owner in range(1, 6):
            with timeout(300):
                server.freeze()
                with takes_at_most(1), pytest.raises(HBaseUnavailable, match="within 300 ms"):
                    Entry.filter(prefix=(owner,))
                server.thaw()
            wait_until_answered()
            for other in random.sample(range(1, 51), 10):
                assert [row.key for row in Entry.filter(prefix=(other,))] == [(other, other)]
                assert Entry.get(owner_id=other, tweet_id=other).key == (other, other)
                assert Entry.get(owner_id=other, tweet_id=0) is None

    def test_a_page_of_many_threads_is_refused_within_a_second(self, server):
        open_connections(4)
        server.freeze()

        def ask(_):
            begun = time.monotonic()
            with pytest.raises(HBaseUnavailable), timeout(400):
                Entry.filter(prefix=(1,), limit=20)
            return time.monotonic() - begun

        with ThreadPoolExecutor(40) as threads:
            longest = max(threads.map(ask, range(80)))
        server.thaw()

        assert longest < 1
        wait_until_answered()

    def test_a_caller_stopped_in_the_middle_leaves_no_answer_behind(self, server, make_pool):
        """
        A task's time limit is an exception that may come between the question and the answer.
        """
        Entry.create(owner_id=1, tweet_id=1)
        pool = make_pool(server.port)

        def stopped(connection):
            connection.client._send("getRow", tableName=table(), row=b"some other row", attributes={})
            raise SystemExit

        with pytest.raises(SystemExit):
            pool.run(stopped, table=Entry.table())
        rows = pool.run(lambda connection: wire.scan_page(connection, table(), b"", None, 5), table=Entry.table())

        assert len(rows) == 1


class TestMoreConnectionsThanTheServerHasThreads:
    def test_those_past_the_last_thread_are_unavailable_and_the_others_get_their_own_answers(self, server, make_pool):
        Entry.batch_create([Entry(owner_id=owner, tweet_id=1) for owner in range(30)])
        reset_pool()  # gives its threads back
        pool = make_pool(server.port, size=THRIFT_THREADS + 4, timeout_ms=1_000)
        all_asked = threading.Barrier(THRIFT_THREADS + 4)
        responses = []

        def ask(owner):
            key = Entry._meta.key.encode((owner, 1))

            def hold(connection):
                try:
                    responses.append((key, wire.get_row(connection, table(), key)))
                finally:
                    all_asked.wait(5)

            try:
                pool.run(hold, table=Entry.table())
            except HBaseUnavailable:
                return "unavailable"
            return "answered"

        with ThreadPoolExecutor(THRIFT_THREADS + 4) as threads:
            ends = list(threads.map(ask, range(THRIFT_THREADS + 4)))

        assert ends.count("unavailable") == 4
        assert [cells for _, cells in responses] == [{b"f:": b""}] * THRIFT_THREADS


class TestManyThreads:
    def test_each_gets_its_own_answers(self, server):
        def live(owner):
            for number in range(50):
                Entry.create(owner_id=owner, tweet_id=number)
                assert Entry.filter(prefix=(owner,), limit=1) == [Entry(owner_id=owner, tweet_id=number)]
                assert Entry.get(owner_id=owner, tweet_id=number + 1) is None
            return len(Entry.filter(prefix=(owner,)))

        # Fewer than the server's threads; the pool of the project would allow more.
        with ThreadPoolExecutor(THRIFT_THREADS - 2) as threads:
            assert list(threads.map(live, range(100, 112))) == [50] * 12


FORK = """
import os, sys, django
django.setup()
from django.conf import settings
settings.HBASE = {**settings.HBASE, "TABLE_PREFIX": "test_", "TIMEOUT_MS": 5_000}
from utils.hbase.pool import get_pool
from utils.tests.hbase.samples import Entry

Entry.create(owner_id=1, tweet_id=1)
parents = get_pool().run(lambda connection: connection, table="")
children = []
for child in range(3):
    pid = os.fork()
    if pid == 0:
        for number in range(100):
            Entry.create(owner_id=10 + child, tweet_id=number)
            assert Entry.get(owner_id=10 + child, tweet_id=number).tweet_id == number
        assert get_pool().run(lambda connection: connection, table="") is not parents
        sys.exit(0)  # with all that an interpreter does at its end
    children.append(pid)
while children:
    assert Entry.get(owner_id=1, tweet_id=1).key == (1, 1)
    pid, status = os.waitpid(-1, os.WNOHANG)
    if pid:
        assert status == 0
        children.remove(pid)
assert Entry.get(owner_id=1, tweet_id=1).key == (1, 1)
assert get_pool().run(lambda connection: connection, table="") is parents
print([len(Entry.filter(prefix=(10 + child,))) for child in range(3)])
"""


class TestForks:
    def test_children_have_connections_of_their_own_and_leave_the_parents_alone(self, server):
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "twitter.settings",
            "HBASE_URL": f"hbase://127.0.0.1:{server.port}",
        }
        reset_pool()

        options = {"env": environment, "cwd": settings.BASE_DIR, "capture_output": True, "text": True, "timeout": 60}

        done = subprocess.run([sys.executable, "-c", FORK], **options)

        assert done.stdout == "[100, 100, 100]\n", done.stderr


def open_connections(count):
    """
    Make the project's pool hold `count` open connections.
    """
    together = threading.Barrier(count)
    with ThreadPoolExecutor(count) as threads:
        asked = [threads.submit(get_pool().run, lambda connection: together.wait(5), table="") for _ in range(count)]
    for question in asked:
        question.result()

"""
Connections when nobody answers, without a server: refused, silent, busy, not configured.
"""

import contextlib
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from utils.hbase.connection import Hbase_thrift
from utils.hbase.exceptions import GatewayUnavailable, HBaseUnavailable
from utils.hbase.pool import GatewayPools, get_pool, reset_pool, timeout
from utils.tests.hbase.samples import Entry
from utils.tests.hbase.servers import free_ports


def ask(connection):
    return connection.tables()


@contextlib.contextmanager
def listener(response=None):
    """
    A port that accepts connections and then says nothing, or hangs up.
    """
    with socket.create_server(("127.0.0.1", 0)) as server:
        accepted = []

        def serve():
            with contextlib.suppress(OSError):
                while True:
                    accepted.append(server.accept()[0])
                    if response == "hang up":
                        accepted[-1].recv(1024)
                        accepted[-1].close()

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1], accepted
        server.shutdown(socket.SHUT_RDWR)
        for connection in accepted:
            connection.close()


@contextlib.contextmanager
def takes_at_most(seconds):
    begun = time.monotonic()
    yield
    assert time.monotonic() - begun < seconds


class TestNobodyAnswers:
    def test_a_pool_is_made_without_a_server(self, make_pool):
        (port,) = free_ports(1)

        make_pool(port)

    def test_a_refused_connection_is_unavailable_at_once(self, make_pool):
        (port,) = free_ports(1)

        with takes_at_most(1), pytest.raises(HBaseUnavailable, match=f"no answer from HBase at 127.0.0.1:{port}"):
            make_pool(port).run(ask, table="t")

    def test_a_silent_server_is_unavailable_after_the_timeout(self, make_pool):
        with (
            listener() as (port, _),
            takes_at_most(1),
            pytest.raises(HBaseUnavailable, match=f"no answer from HBase at 127.0.0.1:{port} within 200 ms"),
        ):
            make_pool(port, timeout_ms=200).run(ask, table="t")

    def test_a_task_may_be_more_patient_than_a_request(self, make_pool):
        with listener() as (port, _):
            pool = make_pool(port, timeout_ms=5_000)

            with takes_at_most(1), timeout(100), pytest.raises(HBaseUnavailable, match="within 100 ms"):
                pool.run(ask, table="t")

    def test_after_a_timeout_the_connection_is_closed_and_a_new_one_is_made(self, make_pool):
        with listener() as (port, accepted):
            pool = make_pool(port, timeout_ms=100)

            for _ in range(2):
                with pytest.raises(HBaseUnavailable):
                    pool.run(ask, table="t")

            assert len(accepted) == 2
            assert all(hung_up(connection) for connection in accepted)

    def test_a_server_that_hangs_up_is_asked_a_second_time_and_no_more(self, make_pool):
        with listener("hang up") as (port, accepted):
            with pytest.raises(HBaseUnavailable):
                make_pool(port).run(ask, table="t")

            assert len(accepted) == 2


class TestTheBreaker:
    def test_after_three_failures_nobody_waits_any_more(self, make_pool):
        with listener() as (port, accepted):
            pool = make_pool(port, timeout_ms=100)
            for _ in range(3):
                with pytest.raises(HBaseUnavailable, match="within 100 ms"):
                    pool.run(ask, table="t")

            with takes_at_most(1):
                for _ in range(1_000):
                    with pytest.raises(HBaseUnavailable, match="has not responded recently"):
                        pool.run(ask, table="t")

            assert len(accepted) == 3

    def test_who_waited_for_a_connection_does_not_wait_for_the_timeout_too(self, make_pool):
        with listener() as (port, accepted), ThreadPoolExecutor(9) as threads:
            pool = make_pool(port, size=3, timeout_ms=300, wait_seconds=5)

            asked = [threads.submit(pool.run, ask, table="t") for _ in range(9)]
            ends = [question.exception() for question in asked]

            # Until the third failure is noted, up to two of those who waited get through.
            assert len(accepted) <= 5
            assert sum("has not responded recently" in str(end) for end in ends) >= 4

    def test_a_mistake_of_the_callers_is_no_failure_of_the_servers(self, make_pool):
        def mistake(connection):
            raise KeyError("of the caller's")

        with listener() as (port, _):
            pool = make_pool(port)
            for _ in range(5):
                with pytest.raises(KeyError):
                    pool.run(mistake, table="t")

        assert not pool.breaker.is_open


class TestAFullPool:
    def test_who_finds_no_free_connection_waits_a_little_and_gives_up(self, make_pool):
        release = threading.Event()
        with listener() as (port, _), ThreadPoolExecutor(2) as threads:
            pool = make_pool(port, size=2, wait_seconds=0.1)
            holding = threading.Barrier(3)

            def hold(connection):
                holding.wait()
                release.wait(5)

            for _ in range(2):
                threads.submit(pool.run, hold, table="t")
            holding.wait()

            with (
                takes_at_most(1),
                pytest.raises(HBaseUnavailable, match="all 2 connections to HBase are in use; waited 0.1 s"),
            ):
                pool.run(ask, table="t")
            release.set()

        assert not pool.breaker.is_open


def ask_port(connection):
    return connection.port


class TestSeveralGateways:
    def test_they_take_turns(self, make_pool):
        with listener() as (one, _), listener() as (two, _):
            gateways = GatewayPools([make_pool(one), make_pool(two)])

            assert [gateways.run(ask_port, table="t") for _ in range(4)] == [one, two, one, two]

    def test_a_dead_one_is_no_error(self, make_pool):
        (dead,) = free_ports(1)
        with listener() as (alive, _):
            gateways = GatewayPools([make_pool(dead), make_pool(alive)])

            assert [gateways.run(ask_port, table="t") for _ in range(20)] == [alive] * 20

    def test_a_frozen_one_costs_three_timeouts_and_is_left_alone(self, make_pool):
        with listener() as (frozen, asked), listener() as (alive, _):
            gateways = GatewayPools([make_pool(frozen, timeout_ms=100), make_pool(alive)])

            def call(connection):
                return connection.tables() if connection.port == frozen else connection.port

            with takes_at_most(1):
                assert [gateways.run(call, table="t") for _ in range(100)] == [alive] * 100
            assert len(asked) == 3

    def test_when_none_responds_that_is_said(self, make_pool):
        gateways = GatewayPools([make_pool(port) for port in free_ports(2)])

        with pytest.raises(GatewayUnavailable, match="no answer from HBase"):
            gateways.run(ask, table="t")

    def test_what_hbase_behind_them_says_is_believed(self, make_pool):
        def call(connection):
            raise Hbase_thrift.IOError(message=b"NotServingRegionException: moving")

        with listener() as (one, _), listener() as (two, asked):
            gateways = GatewayPools([make_pool(one), make_pool(two)])

            with pytest.raises(HBaseUnavailable, match="cannot be served right now"):
                gateways.run(call, table="t")
            assert asked == []


class TestTheProjectsPool:
    def test_without_an_address_hbase_is_unavailable(self, settings):
        settings.HBASE = {**settings.HBASE, "HOST": "", "PORT": ""}
        reset_pool()

        with pytest.raises(HBaseUnavailable, match="HBASE_URL is not set"):
            Entry.get(owner_id=1, tweet_id=2)

    def test_threads_that_come_first_together_share_one(self, settings):
        settings.HBASE = {**settings.HBASE, "HOST": "127.0.0.1", "PORT": "1"}
        reset_pool()
        together = threading.Barrier(8)

        def come():
            together.wait()
            return get_pool()

        with ThreadPoolExecutor(8) as threads:
            pools = [come.result() for come in [threads.submit(come) for _ in range(8)]]

        assert len(set(map(id, pools))) == 1
        reset_pool()


def hung_up(connection):
    """
    Say whether the other side has closed the connection.
    """
    connection.settimeout(2)
    try:
        while connection.recv(1024):
            pass
    except ConnectionResetError:
        pass
    return True

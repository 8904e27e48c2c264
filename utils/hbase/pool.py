"""
Connections to HBase, shared by the threads of a process.

Observed on a real server: it closes connections that are idle for a minute, so a connection that was
idle for long is reopened before it is used. After a timeout the next call on the same connection would
read the response to the previous one, so the connection is closed. A connection inherited by a fork
would be used by two processes, so each process has its own pool.
"""

import contextlib
import contextvars
import itertools
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from django.conf import settings

from utils.caching.breaker import CircuitBreaker
from utils.caching.recording import note_unrecorded
from utils.hbase.connection import (
    CLIENT_ERRORS,
    SERVER_ERRORS,
    Connection,
    is_dropped,
    translate_client_error,
    translate_server_error,
)
from utils.hbase.exceptions import GatewayUnavailable, HBaseUnavailable

# The server closes a connection that was silent for 60 s (hbase.thrift.server.socket.read.timeout).
IDLE_SECONDS = 45

_timeout_ms: contextvars.ContextVar[int | None] = contextvars.ContextVar("hbase_timeout_ms", default=None)

Result = TypeVar("Result")


@contextlib.contextmanager
def timeout(milliseconds: int) -> Iterator[None]:
    """
    Let every call in the block wait up to `milliseconds` for each response instead of HBASE["TIMEOUT_MS"].

    For tasks and commands, which prefer waiting to failing; requests use the short one.
    """
    token = _timeout_ms.set(milliseconds)
    try:
        yield
    finally:
        _timeout_ms.reset(token)


class ConnectionPool:
    """
    Up to `size` connections, opened when they are needed; the most recently used one is taken first.

    That keeps few connections busy and lets the server close the others: each open one occupies
    a thread of the Thrift server.

    :param timeout_ms: limit for connecting and for each response.
    :param wait_seconds: how long a thread waits for a free connection.
    :param idle_seconds: a connection that was idle for longer is reopened before use.
    """

    def __init__(
        self,
        *,
        host: str,
        port: int,
        timeout_ms: int,
        size: int,
        wait_seconds: float,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self.address = f"{host}:{port}"
        self.timeout_ms = timeout_ms
        self.breaker = CircuitBreaker()
        self._host = host
        self._port = port
        self._size = size
        self._wait_seconds = wait_seconds
        self._idle_seconds = idle_seconds
        self._places = threading.BoundedSemaphore(size)
        self._lock = threading.Lock()
        self._idle: list[Connection] = []

    def run(self, call: Callable[[Connection], Result], *, table: str) -> Result:
        """
        Return what `call(connection)` returns.

        If the socket turned out to be closed, `call` runs a second time on a new connection, so it must
        be safe to repeat. It is not repeated after a timeout: the caller has waited long enough. At
        worst this takes `wait_seconds` plus one timeout; with the breaker open it fails at once.

        :param table: the name for error messages.
        :raises GatewayUnavailable: no response, no free connection, or the breaker is open.
        :raises HBaseUnavailable: it responded that HBase behind it cannot serve right now.
        :raises HBaseError: the server refused.
        """
        note_unrecorded()
        self._check_breaker()
        if not self._places.acquire(timeout=self._wait_seconds):
            raise GatewayUnavailable(
                f"all {self._size} connections to HBase are in use; waited {self._wait_seconds} s for one"
            )
        try:
            # Again: while this thread waited, the calls of others may have timed out.
            self._check_breaker()
            return self._run(call, table, may_retry=True)
        finally:
            self._places.release()

    def has_failed_within(self, seconds: float) -> bool:
        """
        Return whether any call has failed recently.
        """
        return self.breaker.has_failed_within(seconds)

    def _check_breaker(self) -> None:
        if self.breaker.is_open:
            raise GatewayUnavailable(
                f"HBase at {self.address} has not responded recently, so no call is sent to it for a moment"
            )

    def _run(self, call: Callable[[Connection], Result], table: str, *, may_retry: bool) -> Result:
        timeout_ms = _timeout_ms.get() or self.timeout_ms
        try:
            return self._attempt(call, table, timeout_ms)
        except CLIENT_ERRORS as error:
            if is_dropped(error):
                # Most likely the server was restarted, and then all idle connections are dead as well.
                self.close()
                if may_retry:
                    return self._run(call, table, may_retry=False)
            translated = translate_client_error(error, self.address, timeout_ms)
            if isinstance(translated, GatewayUnavailable):
                self.breaker.record_failure()
            raise translated from error

    def _attempt(self, call: Callable[[Connection], Result], table: str, timeout_ms: int) -> Result:
        connection = self._take(timeout_ms)
        try:
            result = call(connection)
        except SERVER_ERRORS as error:
            self._give_back(connection)
            raise translate_server_error(error, table) from error
        except BaseException:
            # Whatever it was (the time limit of a task, for example), the response may still arrive on this connection.
            connection.close()
            raise
        self._give_back(connection)
        return result

    def _take(self, timeout_ms: int) -> Connection:
        with self._lock:
            connection = self._idle.pop() if self._idle else None
        if connection and time.monotonic() - connection.last_used >= self._idle_seconds:
            connection.close()
            self.close()  # the others have been idle for even longer
            connection = None
        if connection is None:
            connection = Connection(self._host, self._port, timeout_ms)
            connection.open()
        connection.set_timeout(timeout_ms)
        return connection

    def _give_back(self, connection: Connection) -> None:
        connection.last_used = time.monotonic()
        with self._lock:
            self._idle.append(connection)

    def close(self) -> None:
        """
        Close the idle connections; the pool opens new ones as they are needed.
        """
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()


class GatewayPools:
    """
    A pool for each of several Thrift servers, which all lead to the same HBase. They take turns.
    """

    def __init__(self, pools: Sequence[ConnectionPool]) -> None:
        self._pools = pools
        self._turns = itertools.cycle(range(len(pools)))

    def run(self, call: Callable[[Connection], Result], *, table: str) -> Result:
        """
        Return what `call(connection)` returns, from another gateway if the one whose turn it is does not respond.

        So a dead gateway costs a second attempt, and none while its breaker is open. `call` must be safe to
        repeat. At worst this takes as long as `ConnectionPool.run` does, once for each gateway.

        :raises GatewayUnavailable: none responded.
        :raises HBaseUnavailable: HBase behind the gateway cannot serve right now; another would say the same.
        :raises HBaseError: the server refused.
        """
        first, *others = self._in_turn()
        for pool in others:
            try:
                return first.run(call, table=table)
            except GatewayUnavailable:
                first = pool
        return first.run(call, table=table)

    def _in_turn(self) -> list[ConnectionPool]:
        """
        Return the pools, beginning with the one whose turn it is; those that are not asked for a moment come last.
        """
        start = next(self._turns)
        return sorted([*self._pools[start:], *self._pools[:start]], key=lambda pool: pool.breaker.is_open)

    def has_failed_within(self, seconds: float) -> bool:
        """
        Return whether a call has failed recently at each of them.
        """
        return all(pool.has_failed_within(seconds) for pool in self._pools)

    def close(self) -> None:
        """
        Close the idle connections to all of them.
        """
        for pool in self._pools:
            pool.close()


_pools: dict[int, ConnectionPool | GatewayPools] = {}


def get_pool() -> ConnectionPool | GatewayPools:
    """
    Return this process's pool. It is created on first use, so never before a fork, and does not connect yet.

    :raises HBaseUnavailable: HBASE_URL is not set.
    """
    pool = _pools.get(os.getpid())
    if pool is None:
        if not settings.HBASE.get("HOST"):
            raise HBaseUnavailable("HBASE_URL is not set")
        # A parent's pool stays in the dictionary and is never touched: closing its sockets here would
        # shut them down for the parent. If two threads create a pool at the same time, one of them is used.
        pool = _pools.setdefault(os.getpid(), new_pool())
    return pool


def new_pool() -> ConnectionPool | GatewayPools:
    pools = [
        ConnectionPool(
            host=host,
            port=port,
            timeout_ms=settings.HBASE["TIMEOUT_MS"],
            size=settings.HBASE["POOL_SIZE"],
            wait_seconds=settings.HBASE["POOL_TIMEOUT_S"],
        )
        for host, port in get_gateways()
    ]
    return GatewayPools(pools) if len(pools) > 1 else pools[0]


def get_gateways() -> list[tuple[str, int]]:
    """
    Return the host and port of each Thrift server; [] if HBASE_URL is not set.
    """
    if not settings.HBASE["HOST"]:
        return []
    return [(settings.HBASE["HOST"], int(settings.HBASE["PORT"])), *settings.HBASE["MORE_GATEWAYS"]]


def reset_pool() -> None:
    """
    Forget this process's pool, so that the next call reads the settings again. For tests.
    """
    pool = _pools.pop(os.getpid(), None)
    if pool:
        pool.close()

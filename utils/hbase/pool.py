"""
Connections to HBase, shared by the threads of a process.

What the pool is for was learned on a real server: connections that idle for a minute are closed
by the server, so one that idled long is reopened instead of tried; after a timeout the same
connection would answer the next question with the previous answer, so it is closed; and a
connection that is inherited by a fork would be spoken on by two processes, so each process has
its own pool.
"""

import contextlib
import contextvars
import os
import threading
import time

from django.conf import settings

from utils.caching.breaker import CircuitBreaker
from utils.hbase.connection import (
    NO_ANSWER,
    SERVER_ERRORS,
    Connection,
    is_dropped,
    no_answer,
    server_error,
)
from utils.hbase.exceptions import HBaseUnavailable

# The server closes a connection that was silent for 60 s (hbase.thrift.server.socket.read.timeout).
IDLE_SECONDS = 45

_timeout_ms = contextvars.ContextVar("hbase_timeout_ms", default=None)


@contextlib.contextmanager
def timeout(milliseconds):
    """
    Let every call in the block wait up to `milliseconds` for each answer instead of HBASE["TIMEOUT_MS"].

    For tasks and commands, which would rather wait than fail; a request keeps to the short one.
    """
    token = _timeout_ms.set(milliseconds)
    try:
        yield
    finally:
        _timeout_ms.reset(token)


class ConnectionPool:
    """
    Up to `size` connections, made when they are needed; the one used last is taken first.

    Taking the last used keeps few connections busy and lets the others end: each open one
    occupies a thread of the Thrift server.

    :param timeout_ms: limit for connecting and for each answer.
    :param wait_seconds: how long a thread waits for a free connection.
    :param idle_seconds: a connection that was silent for longer is reopened before use.
    """

    def __init__(self, *, host, port, timeout_ms, size, wait_seconds, idle_seconds=IDLE_SECONDS):
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
        self._idle = []

    def run(self, call, *, table, idempotent=True):
        """
        Return what `call(connection)` returns.

        `call` is run a second time on a new connection when it is `idempotent` and the socket
        turned out to be closed. A timeout is never tried again: the caller has waited enough.
        At worst this takes `wait_seconds` plus one timeout; with the breaker open no time at all.

        :param table: the name that errors speak of.
        :raises HBaseUnavailable: no answer, no free connection, or no answer of late (breaker).
        :raises HBaseError: the server refused.
        """
        self._check_breaker()
        if not self._places.acquire(timeout=self._wait_seconds):
            raise HBaseUnavailable(
                f"all {self._size} connections to HBase are in use; waited {self._wait_seconds} s for one"
            )
        try:
            # Again: what this thread waited for may have been the others' timeouts.
            self._check_breaker()
            return self._run(call, table, retries=1 if idempotent else 0)
        finally:
            self._places.release()

    def _check_breaker(self):
        if self.breaker.is_open:
            raise HBaseUnavailable(f"HBase at {self.address} did not answer of late and is not asked for a moment")

    def _run(self, call, table, retries):
        timeout_ms = _timeout_ms.get() or self.timeout_ms
        try:
            return self._attempt(call, table, timeout_ms)
        except NO_ANSWER as error:
            if is_dropped(error):
                # Most likely the server was restarted, and then all that idle here are dead as well.
                self.close()
                if retries:
                    return self._run(call, table, retries - 1)
            unusable = no_answer(error, self.address, timeout_ms)
            if isinstance(unusable, HBaseUnavailable):
                self.breaker.record_failure()
            raise unusable from error

    def _attempt(self, call, table, timeout_ms):
        connection = self._take(timeout_ms)
        try:
            result = call(connection)
        except SERVER_ERRORS as error:
            self._give_back(connection)
            raise server_error(error, table) from error
        except BaseException:
            # Whatever it was (a task's time limit, say), the answer may still be under way on this connection.
            connection.close()
            raise
        self._give_back(connection)
        return result

    def _take(self, timeout_ms):
        with self._lock:
            connection = self._idle.pop() if self._idle else None
        if connection and time.monotonic() - connection.last_used >= self._idle_seconds:
            connection.close()
            self.close()  # the others have idled for longer still
            connection = None
        if connection is None:
            connection = Connection(self._host, self._port, timeout_ms)
            connection.open()
        connection.set_timeout(timeout_ms)
        return connection

    def _give_back(self, connection):
        connection.last_used = time.monotonic()
        with self._lock:
            self._idle.append(connection)

    def close(self):
        """
        Close the connections that nobody uses right now; the pool opens new ones as they are needed.
        """
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()


_pools = {}


def get_pool():
    """
    Return this process's pool; made on first use, so never before a fork, and without connecting.

    :raises HBaseUnavailable: HBASE_URL is not set.
    """
    pool = _pools.get(os.getpid())
    if pool is None:
        if not settings.HBASE.get("HOST"):
            raise HBaseUnavailable("HBASE_URL is not set")
        # A parent's pool stays in the dictionary and is never touched: closing its sockets here would
        # shut them down for the parent. Of two threads that come first together, one pool wins.
        pool = _pools.setdefault(
            os.getpid(),
            ConnectionPool(
                host=settings.HBASE["HOST"],
                port=int(settings.HBASE["PORT"]),
                timeout_ms=settings.HBASE["TIMEOUT_MS"],
                size=settings.HBASE["POOL_SIZE"],
                wait_seconds=settings.HBASE["POOL_TIMEOUT_S"],
            ),
        )
    return pool


def reset_pool():
    """
    Forget this process's pool, so that the next call reads the settings again. For tests.
    """
    pool = _pools.pop(os.getpid(), None)
    if pool:
        pool.close()

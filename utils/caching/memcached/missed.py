"""
Which Memcached servers have missed an invalidation: kept in Redis, because the server itself cannot be asked.

A server that was frozen or cut off comes back with its old values. So a process that fails to invalidate something on
one of several servers marks that server for all processes. Each process reads the marks once a second. A marked server
is neither read nor filled: it is emptied first, then its mark is removed, and then it is filled again.
"""

import os
import time

from utils.caching.redis.client import RedisUnavailable, Script, client

CHECK_SECONDS = 1.0
# As long as a tombstone: a value that was read from the database before a change is stored within this time.
QUIET_SECONDS = 3.0
KEY = "memcached_missed:{address}"

# The mark stays if another invalidation was missed in the meantime.
CLEAR = Script(
    "clear_mark", "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"
)


class MissedInvalidations:
    """
    What this process knows about the mark of one server.
    """

    def __init__(self, address: str) -> None:
        self._key = KEY.format(address=address)
        self._token: bytes | None = None
        self._seen_at = 0.0
        self._check_at = 0.0
        self._fill_at = 0.0

    def mark(self) -> None:
        """
        Keep all processes from using the server until it is empty. Without Redis the repeated event has to be enough.
        """
        token = os.urandom(8).hex()
        try:
            client.call("SET", self._key, token)
        except RedisUnavailable:
            return
        self._see(token.encode())

    def may_read(self) -> bool:
        """
        Say whether the server had missed nothing up to a second ago. One round trip to Redis a second.
        """
        now = time.monotonic()
        if now >= self._check_at:
            self._check_at = now + CHECK_SECONDS
            try:
                self._see(client.call("GET", self._key))
            except RedisUnavailable:
                # Redis did not respond: keep the last known state.
                pass
        return self._token is None

    def may_fill(self) -> bool:
        """
        Say whether values may be stored on the server: not while it is marked, and not right after that.
        """
        return self.may_read() and time.monotonic() >= self._fill_at

    def may_empty(self) -> bool:
        """
        Say whether the server is marked and all processes have known it long enough to have stopped using it.
        """
        return self._token is not None and time.monotonic() - self._seen_at >= QUIET_SECONDS

    def clear(self) -> None:
        """
        Remove the mark after the server was emptied, unless it was set again in the meantime.
        """
        if self._token is not None:
            try:
                client.run(CLEAR, [self._key], [self._token.decode()])
            except RedisUnavailable:
                return
            self._check_at = 0.0

    def _see(self, token: bytes | None) -> None:
        if token == self._token:
            return
        now = time.monotonic()
        if token is None:
            self._fill_at = now + QUIET_SECONDS
        else:
            self._seen_at = now
        self._token = token

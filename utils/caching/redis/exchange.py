"""
One pipeline to one master of a Redis Cluster, and the check that its content can be trusted.
"""

import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import redis
from redis.connection import ConnectionInterface
from redis.exceptions import MovedError

from utils.caching.breaker import CircuitBreaker

# Shorter than cluster-node-timeout, so that no node can stop being a master and become one again within one lease.
TRUST_SECONDS = 1.0
# A promoted replica may lack writes that its master had confirmed. Redis gives it a new replication id, so that the
# copied marker does not match any more, and the master is emptied before it is read. There is a marker in each bucket,
# because buckets may move: a slot that arrives brings the marker of its source, which does not match here either.
TRUST = """
local id, known = string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)'), false
local missing = {}
for _, bucket in ipairs(ARGV) do
    local marker = 'history:{' .. bucket .. '}'
    if redis.pcall('GET', marker) == id then known = true else missing[#missing + 1] = marker end
end
if not known then redis.call('FLUSHDB') end
for _, marker in ipairs(missing) do redis.pcall('SET', marker, id) end
return known and 1 or 0
"""


class BreakerOpen(redis.RedisError):
    """
    The master has not replied recently, so nothing is sent to it.
    """


class Master:
    """
    One master as this process knows it: idle connections, a breaker, and until when its content is trusted.
    """

    def __init__(self) -> None:
        self.breaker = CircuitBreaker()
        self.idle: deque[ConnectionInterface] = deque()
        self.trusted_until = 0.0


class Exchange:
    """
    One pipeline to one master: first `send`, then `read`; the pipelines to other masters are sent in between.
    """

    def __init__(self, master: Master, connect: Callable[[], ConnectionInterface], buckets: Sequence[int]) -> None:
        self._master = master
        self._connect = connect
        self._buckets = buckets
        self._count = 0

    def send(self, commands: Sequence[Sequence[Any]]) -> None:
        """
        Send the commands, after a check of the master's history if the last check has expired.

        :raises redis.RedisError, OSError: nothing was sent.
        """
        if self._master.breaker.is_open:
            raise BreakerOpen("the circuit breaker of this master is open")
        self._started_at = time.monotonic()
        self._is_check_due = self._started_at >= self._master.trusted_until
        check = [("EVAL", TRUST, 0, *self._buckets)] if self._is_check_due else []
        self._count = len(commands)
        try:
            self._connection, self._is_used = self._master.idle.pop(), True
        except IndexError:
            self._connection, self._is_used = self._connect(), False
        try:
            self._connection.send_packed_command(self._connection.pack_commands([*check, *commands]))
        except BaseException as error:
            self._failed(error)
            raise

    def read(self) -> list[Any]:
        """
        Return the replies, with an error in the place of each command that failed.

        :raises redis.RedisError, OSError: the master did not reply, or its content cannot be trusted.
        """
        try:
            trust = self._read_one() if self._is_check_due else 1
            replies = [self._read_one() for _ in range(self._count)]
        except BaseException as error:
            self._failed(error)
            raise
        self._master.idle.append(self._connection)
        if isinstance(trust, redis.RedisError) or not self._buckets:
            # A node that is no longer a master redirects, and the redirection is followed.
            return [
                reply if isinstance(reply, MovedError) else BreakerOpen(f"unknown history: {trust}")
                for reply in replies
            ]
        if self._is_check_due:
            self._master.trusted_until = self._started_at + TRUST_SECONDS
        return replies

    def _read_one(self) -> Any:
        try:
            return self._connection.read_response()
        except redis.ResponseError as error:
            return error

    def _failed(self, error: BaseException) -> None:
        self._connection.disconnect()
        if isinstance(error, redis.TimeoutError | TimeoutError):
            self._master.breaker.record_timeout()
        elif self._is_used and isinstance(error, redis.ConnectionError):
            # The server has closed idle connections, perhaps by a restart. A new connection may work.
            while self._master.idle:
                self._master.idle.pop().disconnect()
        else:
            self._master.breaker.record_failure()

"""
Commands and scripts on a Redis Cluster: one pipeline for each master, all sent at the same time.

The map of slots is redis-py's (`RedisCluster`). Connections are in stacks of our own, as in client.py, because a master
is checked on the same connection that is then used (exchange.py).
"""

import os
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any
from urllib.parse import unquote, urlsplit

import redis
from redis.backoff import NoBackoff
from redis.cluster import ClusterNode, RedisCluster
from redis.connection import ConnectionInterface
from redis.crc import key_slot
from redis.exceptions import (
    AskError,
    MovedError,
    NoScriptError,
    RedisClusterException,
    TryAgainError,
)
from redis.retry import Retry

from utils.caching.breaker import CircuitBreaker
from utils.caching.redis.exchange import BreakerOpen, Exchange, Master

SCHEME = "redis+cluster"
# Keys of one script share a hash tag, `{owner id modulo BUCKETS}`. There are enough tags for thirty masters, and few
# enough that a batch of 1,000 lists is some forty scripts on each of three masters. A different number would empty
# all caches.
BUCKETS = 128
# While slots are moved, each attempt follows one redirection.
ATTEMPTS = 5
PAUSE_SECONDS = 0.02
# A command without a key is for every master.
FOR_ALL = frozenset({"PING", "FLUSHDB", "KEYS", "INFO"})
# Some errors of redis-py's cluster are not RedisErrors.
ERRORS = (redis.RedisError, RedisClusterException, OSError)
# The key that determines the master of a command, and the command.
Command = tuple[str, Sequence[Any]]


def get_slot(key: str) -> int:
    """
    Return the hash slot of a key, which determines its master.
    """
    slot: int = key_slot(key.encode())
    return slot


def tagged(name: str, id: int) -> str:
    """
    Return the key `name:{bucket}:id`, whose bucket determines its slot.
    """
    return f"{name}:{{{id % BUCKETS}}}:{id}"


class Cluster:
    """
    The masters of one Redis Cluster, for the threads of one process.
    """

    def __init__(self, url: str, timeout: float) -> None:
        self._url = url
        self._timeout = timeout
        self._pid = 0
        self._breaker = CircuitBreaker()

    def ask(self, commands: Sequence[Command]) -> list[Any]:
        """
        Return the reply to each command, or its error: one pipeline for each master.

        Redirections are followed. If a master does not reply, only its own commands fail.
        """
        replies: list[Any] = [None] * len(commands)
        pending = list(range(len(commands)))
        for attempt in range(ATTEMPTS):
            if attempt > 1:
                time.sleep(PAUSE_SECONDS * attempt)
            again = []
            for index, reply in self._ask_once(commands, pending):
                replies[index] = reply
                if isinstance(reply, MovedError | AskError | TryAgainError | redis.ConnectionError):
                    again.append(index)
            pending = self._redirect(commands, replies, again)
            if not pending:
                break
        return replies

    def ask_all(self, arguments: Sequence[Any]) -> list[Any]:
        """
        Return each master's reply to a command without a key.
        """
        self._connect()
        tags = {self._node(get_slot(str(bucket))).name: f"{{{bucket}}}" for bucket in range(BUCKETS)}
        if arguments[0] == "FLUSHDB":
            # This deletes the markers as well. The next call writes them again before anything else.
            for master in self._masters.values():
                master.trusted_until = 0.0
        replies = self.ask([(tag, arguments) for tag in tags.values()])
        if arguments[0] == "FLUSHDB":
            for master in self._masters.values():
                master.trusted_until = 0.0
        return replies

    def _ask_once(self, commands: Sequence[Command], indexes: Iterable[int]) -> list[tuple[int, Any]]:
        replies: list[tuple[int, Any]] = []
        groups: dict[str, list[int]] = defaultdict(list)
        for index in indexes:
            try:
                self._connect()
                groups[self._node(get_slot(commands[index][0])).name].append(index)
            except ERRORS as error:
                replies.append((index, BreakerOpen(str(error))))
        exchanges = []
        for name, group in groups.items():
            exchange = Exchange(self._masters[name], partial(self._connection_to, name), self._get_buckets(name))
            try:
                exchange.send([commands[index][1] for index in group])
                exchanges.append((name, group, exchange))
            except ERRORS as error:
                replies += self._lost(name, group, error)
        for name, group, exchange in exchanges:
            try:
                replies += zip(group, exchange.read())
            except ERRORS as error:
                replies += self._lost(name, group, error)
        return replies

    def _lost(self, name: str, group: Sequence[int], error: Exception) -> list[tuple[int, Any]]:
        if not isinstance(error, BreakerOpen):
            # Another node may have become the master.
            self._refresh(name)
        return [(index, error) for index in group]

    def _redirect(self, commands: Sequence[Command], replies: list[Any], indexes: Iterable[int]) -> list[int]:
        """
        Update the map of slots from the errors of these commands, and return the commands to send again.
        """
        pending = []
        for index in indexes:
            error = replies[index]
            if isinstance(error, AskError):
                replies[index] = self._ask_other(error, commands[index][1])
                if isinstance(replies[index], TryAgainError):
                    pending.append(index)
                continue
            if isinstance(error, MovedError):
                manager = self._cluster.nodes_manager
                if error.slot_id not in manager.slots_cache:
                    manager.initialize()
                manager.move_slot(error)
                manager.create_redis_connections(list(manager.nodes_cache.values()))
                self._buckets.clear()
            pending.append(index)
        return pending

    def _ask_other(self, error: AskError, arguments: Sequence[Any]) -> Any:
        """
        Ask the node that is importing the slot. It is not the master of the slot yet.
        """
        name = f"{error.host}:{error.port}"
        exchange = Exchange(self._masters[name], partial(self._connection_to, name), self._get_buckets(name) or [0])
        try:
            exchange.send([("ASKING",), arguments])
            return exchange.read()[1]
        except ERRORS as failure:
            return failure

    def _connect(self) -> None:
        if self._pid == os.getpid():
            return
        if self._breaker.is_open:
            raise BreakerOpen("no node of the cluster has answered")
        parts = urlsplit(self._url)
        credentials, _, hosts = parts.netloc.rpartition("@")
        username, _, password = credentials.partition(":")
        nodes = [(host, int(port or 6379)) for host, _, port in (item.rpartition(":") for item in hosts.split(","))]
        try:
            self._cluster = RedisCluster(
                startup_nodes=[ClusterNode(host, port) for host, port in nodes],
                username=unquote(username) or None,
                password=unquote(password) or None,
                socket_timeout=self._timeout,
                socket_connect_timeout=self._timeout,
                require_full_coverage=False,
                retry=Retry(NoBackoff(), 0),
            )
        except ERRORS:
            self._breaker.record_failure()
            raise
        self._masters: defaultdict[str, Master] = defaultdict(Master)
        self._buckets: dict[str, list[int]] = {}
        self._pid = os.getpid()

    def _refresh(self, failed: str) -> None:
        # A process reads the map a few times a second at most, even if many of its calls fail.
        if self._breaker.is_open:
            return
        self._breaker.record_failure()
        try:
            self._cluster.nodes_manager.initialize(last_failed_node_name=failed)
        except ERRORS:
            return
        self._buckets.clear()

    def _node(self, slot: int) -> ClusterNode:
        return self._cluster.nodes_manager.get_node_from_slot(slot)

    def _get_buckets(self, name: str) -> list[int]:
        if not self._buckets:
            buckets = defaultdict(list)
            for bucket in range(BUCKETS):
                try:
                    buckets[self._node(get_slot(str(bucket))).name].append(bucket)
                except RedisClusterException:
                    # No node has this slot at the moment.
                    continue
            self._buckets = buckets
        return self._buckets.get(name, [])

    def _connection_to(self, name: str) -> ConnectionInterface:
        node = self._cluster.nodes_manager.get_node(node_name=name)
        if node is None or node.redis_connection is None:
            raise BreakerOpen(f"{name} is not in the map of the cluster")
        connection: ConnectionInterface = node.redis_connection.connection_pool.make_connection()
        return connection


def is_missing_script(reply: Any) -> bool:
    """
    Say whether a master lacks the script, because it was restarted after the script was last sent.
    """
    return isinstance(reply, NoScriptError)


def is_of_another_type(reply: Any) -> bool:
    """
    Say whether a key that should be a string is something else.
    """
    return isinstance(reply, redis.ResponseError) and str(reply).startswith("WRONGTYPE")

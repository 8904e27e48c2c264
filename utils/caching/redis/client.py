"""
The one way to Redis for everything that is not Django's cache API.

Every call has a timeout and passes a circuit breaker. "Redis is down", "Redis is frozen" and
"this profile has no Redis" are the same to a caller: it gets `RedisUnavailable` and asks the database.
"""

import hashlib
import os
from collections import deque
from collections.abc import Sequence
from typing import Any

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.connection import ConnectionInterface
from redis.retry import Retry

from utils.caching.breaker import CircuitBreaker
from utils.caching.recording import note_unrecorded
from utils.caching.redis import cluster
from utils.caching.redis.prefetching import take_known
from utils.errors import StoreUnavailable


class RedisUnavailable(StoreUnavailable):
    """
    Redis did not respond: refused, timed out, not configured, or the breaker is open.
    """


# What Redis takes as an argument; what it returns depends on the command, hence `Any`.
Argument = str | bytes | int | float

breaker = CircuitBreaker()


class Script:
    """
    A Lua function `name(keys, args)`, and the script that calls it.

    Redis knows a script by its SHA-1 after the first run. Another script may include the
    function (`source`) to do in one round trip what would be several.
    """

    def __init__(self, name: str, body: str, *, includes: Sequence["Script"] = ()) -> None:
        self.name = name
        self.source: str = "\n".join(
            [included.source for included in includes] + [f"local function {name}(KEYS, ARGV)\n{body}\nend"]
        )
        self.text = f"{self.source}\nreturn {name}(KEYS, ARGV)"
        self.sha = hashlib.sha1(self.text.encode(), usedforsecurity=False).hexdigest()


class RedisClient:
    """
    Runs commands and scripts on redis-py's connections, which it keeps in a stack of its own.

    The most recently used connection is taken first. None is opened before the first call, and so none
    before a fork. `redis.Redis` would need three times the CPU for each call, and with its default of
    ten retries it would wait 58 seconds for a frozen server.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """
        Close the connections and read the settings again, for a new process and for tests that change settings.
        """
        self._pid = os.getpid()
        self._idle: deque[ConnectionInterface] = deque()
        self._factory: redis.ConnectionPool | None = None
        self._cluster: cluster.Cluster | None = None
        self._is_cluster: bool | None = None

    @property
    def is_cluster(self) -> bool:
        """
        Say whether Redis is a cluster, where a script may use the keys of one slot only.
        """
        if self._is_cluster is None:
            self._is_cluster = settings.REDIS_URL.startswith(cluster.SCHEME)
        return self._is_cluster

    def _new_connection(self) -> ConnectionInterface:
        if self._factory is None:
            self._factory = redis.ConnectionPool.from_url(
                settings.REDIS_URL,
                socket_connect_timeout=settings.CACHE_TIMEOUT_SECONDS,
                socket_timeout=settings.CACHE_TIMEOUT_SECONDS,
                retry=Retry(NoBackoff(), 0),
            )
        return self._factory.make_connection()

    def call(self, command: str, *args: Argument) -> Any:
        """
        Send one command and return its reply: one round trip.

        :raises RedisUnavailable: no reply.
        """
        note_unrecorded()
        if not settings.REDIS_URL:
            raise RedisUnavailable("REDIS_URL is not set")
        if self.is_cluster:
            return self._call_cluster(command, args)
        if breaker.is_open:
            raise RedisUnavailable("the circuit breaker is open")
        try:
            return self._ask(command, args)
        except redis.exceptions.NoScriptError:
            raise
        except redis.ResponseError as error:
            # Redis did reply, so this is no reason to open the breaker.
            raise RedisUnavailable(str(error)) from error
        except (redis.TimeoutError, TimeoutError) as error:
            breaker.record_timeout()
            raise RedisUnavailable(str(error)) from error
        except (redis.RedisError, OSError) as error:
            breaker.record_failure()
            raise RedisUnavailable(str(error)) from error

    def _ask(self, command: str, args: Sequence[Argument]) -> Any:
        if self._pid != os.getpid():
            self.reset()
        while True:
            try:
                connection, is_used = self._idle.pop(), True
            except IndexError:
                connection, is_used = self._new_connection(), False
            try:
                connection.send_command(command, *args)
                reply = connection.read_response()
            except redis.ResponseError:
                self._idle.append(connection)
                raise
            except redis.ConnectionError:
                connection.disconnect()
                # The server has closed an idle connection, perhaps by a restart. A new connection may work.
                if not is_used:
                    raise
            except BaseException:
                # The reply may still arrive, and the next call must not read it as its own.
                connection.disconnect()
                raise
            else:
                self._idle.append(connection)
                return reply

    def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        """
        Return the values of string keys, None for missing ones: one round trip, none if prefetched.

        On a cluster the keys of a master that does not reply are misses. A key that is not a string is deleted, as the
        scripts of a single Redis do.

        :raises RedisUnavailable: no reply.
        """
        values: list[bytes | None] | None = take_known("MGET", keys) if len(keys) == 1 else None
        if values is None and not self.is_cluster:
            values = self.call("MGET", *keys)
        if values is not None:
            return values
        replies = self._ask_cluster([(key, ("GET", key)) for key in keys])
        foreign = [key for key, reply in zip(keys, replies) if cluster.is_of_another_type(reply)]
        if foreign:
            self.delete_many(foreign)
        elif replies and all(isinstance(reply, Exception) for reply in replies):
            raise RedisUnavailable(str(replies[0]))
        return [None if isinstance(reply, Exception) else reply for reply in replies]

    def delete_many(self, keys: Sequence[str]) -> None:
        """
        Delete keys: one round trip.

        :raises RedisUnavailable: they may still be there.
        """
        if self.is_cluster:
            self.call_each([(key, ("UNLINK", key)) for key in keys])
        else:
            self.call("UNLINK", *keys)

    def call_each(self, commands: Sequence[cluster.Command]) -> list[Any]:
        """
        Return the replies to commands, pairs (key, command), on a cluster: one pipeline for each master.

        :raises RedisUnavailable: one of them has no reply; others may have been executed.
        """
        replies = self._ask_cluster(commands)
        for reply in replies:
            if isinstance(reply, Exception):
                raise RedisUnavailable(str(reply)) from reply
        return replies

    def run_for_keys(
        self, script: Script, keys: Sequence[str], common: Sequence[Argument], values: Sequence[Argument]
    ) -> Any:
        """
        Run a script whose arguments are `common`, followed by one value for each key, or by none.

        One round trip. On a cluster the script runs once for each slot, and their lists of replies become one list.

        :raises RedisUnavailable: no reply; some of the keys may have been changed.
        """
        if not self.is_cluster:
            return self.run(script, keys, [*common, *values])
        groups: dict[int, list[int]] = {}
        for index, key in enumerate(keys):
            groups.setdefault(cluster.get_slot(key), []).append(index)
        calls = [
            ([keys[index] for index in group], [*common, *(values[index] for index in group if values)])
            for group in groups.values()
        ]
        results = self._run_on_cluster(script, calls)
        merged: list[Any] = [1] * len(keys)
        for group, result in zip(groups.values(), results):
            if isinstance(result, list):
                for index, reply in zip(group, result):
                    merged[index] = reply
        return merged

    def _call_cluster(self, command: str, args: Sequence[Argument]) -> Any:
        if command not in cluster.FOR_ALL:
            # The third argument of EVAL and EVALSHA is the first key.
            key = args[2] if command.startswith("EVAL") else args[0]
            return self.call_each([(str(key), (command, *args))])[0]
        try:
            replies = self._cluster_of_this_process().ask_all((command, *args))
        except cluster.ERRORS as error:
            raise RedisUnavailable(str(error)) from error
        for reply in replies:
            if isinstance(reply, Exception):
                raise RedisUnavailable(str(reply)) from reply
        return [item for reply in replies for item in reply] if command == "KEYS" else replies[0]

    def _run_on_cluster(self, script: Script, calls: Sequence[tuple[Sequence[str], Sequence[Argument]]]) -> list[Any]:
        replies = self._ask_cluster(
            [(keys[0], ("EVALSHA", script.sha, len(keys), *keys, *args)) for keys, args in calls]
        )
        unknown = [index for index, reply in enumerate(replies) if cluster.is_missing_script(reply)]
        again = [calls[index] for index in unknown]
        texts = self._ask_cluster([(keys[0], ("EVAL", script.text, len(keys), *keys, *args)) for keys, args in again])
        for index, reply in zip(unknown, texts):
            replies[index] = reply
        for reply in replies:
            if isinstance(reply, Exception):
                raise RedisUnavailable(str(reply)) from reply
        return replies

    def _ask_cluster(self, commands: Sequence[cluster.Command]) -> list[Any]:
        return self._cluster_of_this_process().ask(commands) if commands else []

    def _cluster_of_this_process(self) -> cluster.Cluster:
        if self._cluster is None:
            self._cluster = cluster.Cluster(settings.REDIS_URL, settings.CACHE_TIMEOUT_SECONDS)
        return self._cluster

    def run(self, script: Script, keys: Sequence[str], args: Sequence[Argument]) -> Any:
        """
        Run a `Script` and return its reply: one round trip, a second one after a restart, none if prefetched.

        :raises RedisUnavailable: no reply.
        """
        if (reply := take_known(script.name, keys)) is not None:
            return reply
        if self.is_cluster:
            return self._run_on_cluster(script, [(keys, args)])[0]
        try:
            return self.call("EVALSHA", script.sha, len(keys), *keys, *args)
        except redis.exceptions.NoScriptError:
            return self.call("EVAL", script.text, len(keys), *keys, *args)


client = RedisClient()

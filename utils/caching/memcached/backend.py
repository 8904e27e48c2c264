"""
Memcached behind Django's cache API: JSON, pooled connections, timeouts, circuit breakers, one server or several.
"""

import os
import random
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from hashlib import blake2b
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from pymemcache.client.rendezvous import RendezvousHash
from pymemcache.exceptions import MemcacheError

from utils.caching.breaker import CircuitBreaker
from utils.caching.memcached.connections import JSONSerde, Pool
from utils.caching.memcached.missed import MissedInvalidations

# RuntimeError: every connection of the pool is in use. ValueError: the response was not Memcached's.
MEMCACHED_ERRORS = (MemcacheError, OSError, RuntimeError, ValueError)


class Server:
    """
    The pool and the circuit breaker of one Memcached server, shared by all threads of a process.

    Django creates a cache object for each thread; with a pool for each, every thread would have
    to find out by itself that the server is frozen. The pool is created on first use and again
    after a fork, because two processes on one socket would read each other's responses.
    """

    def __init__(self, address: str, timeout: float, pool_size: int) -> None:
        self.breaker = CircuitBreaker()
        self._settings = {"connect_timeout": timeout, "timeout": timeout, "max_pool_size": pool_size}
        self._address = address
        self._pool: Pool | None = None
        self._pid: int | None = None
        self.missed = MissedInvalidations(address)

    @property
    def pool(self) -> Pool:
        if self._pool is None or self._pid != os.getpid():
            self._pool = Pool(self._address, serde=JSONSerde(), no_delay=True, **self._settings)
            self._pid = os.getpid()
        return self._pool

    def ask(self, fallback: Any, verb: str, *args: Any, **kwargs: Any) -> Any:
        """
        Call a verb of the pool; return `fallback` when the server does not respond.
        """
        if self.breaker.is_open:
            return fallback
        try:
            return getattr(self.pool, verb)(*args, **kwargs)
        except ConnectionError:
            # The server was restarted, so every idle connection is dead. A new connection may work.
            self.pool.client_pool.clear()
        except TimeoutError:
            self.breaker.record_timeout()
            return fallback
        except MEMCACHED_ERRORS:
            self.breaker.record_failure()
            return fallback
        try:
            return getattr(self.pool, verb)(*args, **kwargs)
        except TimeoutError:
            self.breaker.record_timeout()
            return fallback
        except MEMCACHED_ERRORS:
            self.breaker.record_failure()
            return fallback

    def empty(self) -> None:
        """
        Empty the server and remove its mark, if it has missed an invalidation and no process uses it any more.
        """
        if self.missed.may_empty() and self.ask(False, "flush_all", noreply=False):
            self.missed.clear()


@cache
def server_at(address: str, timeout: float, pool_size: int) -> Server:
    """
    Return the Server of this process with these settings; always the same object.
    """
    return Server(address, timeout, pool_size)


def hash_key(text: str, seed: int) -> int:
    """
    Return a whole number that is the same in every process; pymemcache's own function is in Python and takes longer.
    """
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest())


class MemcachedBackend(BaseCache):
    """
    A cache that may be unavailable. Then reads miss and writes return False. Each of several servers fails by itself.

    Django's own backend closes its connections after every request, and pymemcache's defaults
    have no timeouts.

    :param params: OPTIONS `timeout` (seconds, connect and read) and `pool_size`.
    """

    def __init__(self, location: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        options = params.get("OPTIONS", {})
        timeout, pool_size = options.get("timeout", 0.3), options.get("pool_size", 16)
        self._servers = {address: server_at(address, timeout, pool_size) for address in location.split(",")}
        self._server = next(iter(self._servers.values()))
        self._is_several = len(self._servers) > 1
        # Rendezvous hashing: adding or removing a server moves its own share of the keys and no other.
        self._hash = RendezvousHash(self._servers, hash_function=hash_key)

    # `Any`: what a method of the pool takes and returns; pymemcache has no types.
    def _get_server(self, key: str) -> Server:
        return self._servers[self._hash.get_node(key)] if self._is_several else self._server

    def _by_server(self, keys: Sequence[str]) -> Iterable[tuple[Server, Sequence[str]]]:
        if not self._is_several:
            return [(self._server, keys)]
        groups: defaultdict[Server, list[str]] = defaultdict(list)
        for key in keys:
            groups[self._get_server(key)].append(key)
        return groups.items()

    def _may_read(self, server: Server) -> bool:
        """
        Say whether a server may be read. One of several may not if it has missed an invalidation; then try to empty it.
        """
        if not self._is_several or server.missed.may_read():
            return True
        server.empty()
        return False

    def _may_fill(self, server: Server) -> bool:
        return not self._is_several or server.missed.may_fill()

    def _change(self, key: str, verb: str, *args: Any) -> bool:
        """
        Change one key on its server. If one of several servers does not confirm the change, it is marked.
        """
        server = self._get_server(key)
        confirmed = server.ask(None, verb, key, *args, noreply=False)
        if confirmed is None and self._is_several:
            server.missed.mark()
        return bool(confirmed)

    def _seconds(self, timeout: Any) -> int:
        """
        Return the time to live, up to ten per cent shorter, so that keys filled together do not expire together.
        """
        timeout = self.default_timeout if timeout is DEFAULT_TIMEOUT else timeout
        return 0 if timeout is None else max(1, int(timeout * random.uniform(0.9, 1)))

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        return self.get_many([key], version).get(key, default)

    def get_many(self, keys: Iterable[str], version: int | None = None) -> dict[str, Any]:
        if not keys:
            return {}
        # Django's key is prefix, version and name: the beginning is the same for all.
        head = self.make_key("", version)
        if not self._is_several:
            return dict(self._server.ask({}, "get_json_many", head, keys))
        found: dict[str, Any] = {}
        for server, names in self._by_server([f"{head}{key}" for key in keys]):
            if self._may_read(server):
                found |= server.ask({}, "get_json_many", head, [name.removeprefix(head) for name in names])
        return found

    def replies_the_same(self, commands: Sequence[bytes], replies: bytes) -> bool:
        """
        Say whether the only server still gives the replies that were recorded (utils/caching/recording.py).
        """
        return bool(self._server.ask(False, "replies_the_same", commands, replies))

    # Django's backends return nothing here. This one returns whether the server confirmed it.
    def set(  # type: ignore[override]
        self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> bool:
        return self._change(self.make_key(key, version), "set", value, self._seconds(timeout))

    def add(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        name = self.make_key(key, version)
        server = self._get_server(name)
        return self._may_fill(server) and bool(
            server.ask(False, "add", name, value, self._seconds(timeout), noreply=False)
        )

    def set_many(
        self, data: Mapping[str, Any], timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> list[str]:
        """
        Set several keys, in one round trip to each server, and return those that were not set.
        """
        values = {self.make_key(key, version): value for key, value in data.items()}
        failed: list[str] = []
        for server, names in self._by_server(list(values)):
            part = {name: values[name] for name in names}
            unconfirmed = server.ask(names, "set_many", part, self._seconds(timeout), noreply=False)
            if unconfirmed and self._is_several:
                server.missed.mark()
            failed += unconfirmed
        return [key for key in data if self.make_key(key, version) in failed]

    def add_many(self, data: Mapping[str, Any], timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        """
        Set those keys that do not exist, in one round trip to each server.
        """
        values = {self.make_key(key, version): value for key, value in data.items()}
        for server, names in self._by_server(list(values)):
            if self._may_fill(server):
                server.ask(None, "add_many", {name: values[name] for name in names}, self._seconds(timeout))

    def touch(self, key: str, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        name = self.make_key(key, version)
        return bool(self._get_server(name).ask(False, "touch", name, self._seconds(timeout), noreply=False))

    def delete(self, key: str, version: int | None = None) -> bool:
        return self._change(self.make_key(key, version), "delete")

    def clear(self) -> bool:  # type: ignore[override]  # as `set`
        emptied = [server.ask(False, "flush_all", noreply=False) for server in self._servers.values()]
        return all(emptied)

    def close(self, **kwargs: Any) -> None:
        """
        Keep the connections: Django calls this at the end of each request.
        """

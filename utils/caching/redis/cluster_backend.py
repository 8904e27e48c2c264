"""
Django's cache API on a Redis Cluster, through the project's own client: JSON, and a cache that may be unavailable.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson
from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache

from utils.caching.redis.backend import RateCounting
from utils.caching.redis.client import RedisUnavailable, client


class ClusterRedisBackend(BaseCache):
    """
    RedisBackend for a cluster: while Redis is unavailable, reads miss and writes are dropped.
    Several keys are one pipeline for each master.
    """

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(params)

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        return self.get_many([key], version).get(key, default)

    def get_many(self, keys: Iterable[str], version: int | None = None) -> dict[str, Any]:
        names = list(keys)
        try:
            values = client.get_many([self.make_key(name, version) for name in names])
        except RedisUnavailable:
            return {}
        # As in django-redis, a value that cannot be parsed counts as found, with the value
        # None: its reader replaces it.
        return {name: parse(value) for name, value in zip(names, values) if value is not None}

    def set(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        self.set_many({key: value}, timeout, version)

    def set_many(
        self, data: Mapping[str, Any], timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> list[str]:
        """
        Set several keys and return those that were not set: all of them if one was not.
        """
        expiry = self._expiry(timeout)
        commands = []
        for name, value in data.items():
            key = self.make_key(name, version)
            commands.append((key, ("SET", key, orjson.dumps(value), *expiry)))
        try:
            client.call_each(commands)
        except RedisUnavailable:
            return list(data)
        return []

    def add(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        return self._did("SET", self.make_key(key, version), orjson.dumps(value), "NX", *self._expiry(timeout))

    def touch(self, key: str, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        expiry = self._expiry(timeout)
        name = self.make_key(key, version)
        return self._did("PEXPIRE", name, expiry[1]) if expiry else self._did("PERSIST", name)

    def delete(self, key: str, version: int | None = None) -> bool:
        return self._did("DEL", self.make_key(key, version))

    def has_key(self, key: str, version: int | None = None) -> bool:
        return self._did("EXISTS", self.make_key(key, version))

    def clear(self) -> None:
        self._did("FLUSHDB")

    def _did(self, command: str, *args: Any) -> bool:
        try:
            return bool(client.call(command, *args))
        except RedisUnavailable:
            return False

    def _expiry(self, timeout: Any) -> tuple[Any, ...]:
        seconds = self.default_timeout if timeout is DEFAULT_TIMEOUT else timeout
        # Django does not store a value whose timeout is zero; Redis refuses such a timeout.
        return () if seconds is None else ("PX", max(1, int(seconds * 1000)))


def parse(value: bytes) -> Any:
    """
    Return the value of a JSON text, None if it is not JSON.
    """
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        return None


# The count may be unknown (None), which Django's signatures do not allow for.
class ClusterRateCounterBackend(RateCounting, ClusterRedisBackend):  # type: ignore[misc]
    """
    Rate counters in a cluster.
    """

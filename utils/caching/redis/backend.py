"""
django-redis behind the project's circuit breaker, with rate counting in one round trip.
"""

import threading
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django_redis.cache import RedisCache
from django_redis.serializers.json import JSONSerializer
from redis.exceptions import RedisError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from utils.caching.recording import note_unrecorded
from utils.caching.redis.client import RedisUnavailable, Script, breaker, client

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

# The time to live begins with the first count and is not extended by later ones.
COUNT = Script(
    "count_request",
    """
local count = redis.pcall('INCR', KEYS[1])
if type(count) == 'table' then
    redis.call('DEL', KEYS[1])
    count = redis.call('INCR', KEYS[1])
end
if count == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return count
""",
)

# Several rates of one request: returns what COUNT would return for each.
COUNT_EACH = Script(
    "count_each",
    """
local counts = {}
for index, key in ipairs(KEYS) do counts[index] = count_request({key}, {ARGV[index]}) end
return counts
""",
    includes=[COUNT],
)

# An expired counter is left alone, because the new key would never expire.
TAKE_BACK = Script(
    "take_back_request",
    """
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
return redis.call('DECR', KEYS[1])
""",
)

# For more than one at a time.
COUNT_AMOUNT = Script(
    "count_amount",
    """
local count = redis.call('INCRBY', KEYS[1], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return count
""",
)


class TolerantJSONSerializer(JSONSerializer):
    """
    Values are JSON, never pickle. A value that is not JSON reads as None, which is a miss.
    """

    def loads(self, value: bytes) -> Any:
        try:
            return super().loads(value)
        except (ValueError, RecursionError):
            return None


def survives(fallback: Result) -> Callable[[Callable[Parameters, Result]], Callable[Parameters, Result]]:
    """
    Decorate a cache method to return `fallback` if Redis does not respond, without waiting while the breaker is open.
    """

    def decorate(verb: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
        @wraps(verb)
        def call(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
            note_unrecorded()
            if breaker.is_open:
                return fallback
            try:
                return verb(*args, **kwargs)
            except ResponseError:
                # Redis is up but refuses: a value of another type, or no memory for this one.
                return fallback
            except (RedisTimeoutError, TimeoutError):
                breaker.record_timeout()
                return fallback
            except (RedisError, OSError):
                breaker.record_failure()
                return fallback

        return call

    return decorate


class RedisBackend(RedisCache):
    """
    A cache that may be unavailable. Then reads miss, writes are dropped, and counting returns None (unknown).
    """

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._ignore_exceptions = False

    get_many = survives(dict[Any, Any]())(RedisCache.get_many)
    add = survives(False)(RedisCache.add)
    set = survives(None)(RedisCache.set)
    touch = survives(False)(RedisCache.touch)
    delete = survives(0)(RedisCache.delete)
    has_key = survives(False)(RedisCache.has_key)

    def get(self, key: str, default: Any = None, version: int | None = None, client: Any = None) -> Any:
        return survives(default)(RedisCache.get)(self, key, default, version, client)

    def set_many(
        self, data: Mapping[str, Any], timeout: Any = DEFAULT_TIMEOUT, version: int | None = None, client: Any = None
    ) -> list[str]:
        """
        Set several keys in one round trip and return those that were not set.
        """
        return survives(list(data))(self._set_many)(data, timeout, version)

    def _set_many(self, data: Mapping[str, Any], timeout: Any, version: int | None) -> list[str]:
        self.client.set_many(data, timeout, version)
        return []


class RateCounting:
    """
    Counts in one round trip what django-ratelimit does in two (`add`, then `incr`).

    `add` counts and returns whether this was the first; the `incr` that follows in the same
    thread only returns that count.
    """

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)  # type: ignore[call-arg]  # it stands before a backend
        self._counted = threading.local()

    def add(self, key: str, value: Any, timeout: float, version: int | None = None, **kwargs: Any) -> bool:
        try:
            count = client.run(COUNT, [key], [int(timeout * 1000)])
        except RedisUnavailable:
            count = None
        self._counted.value = count
        return bool(count == 1)

    def count_ahead(self, seconds: dict[str, int]) -> dict[tuple[str, str], int] | None:
        """
        Count several keys in one round trip, and return what `add` would return for each, for `prefetched`.

        :param seconds: {key: how long it lives}.
        """
        try:
            counts = client.run_for_keys(COUNT_EACH, list(seconds), [], [value * 1000 for value in seconds.values()])
        except RedisUnavailable:
            return None
        return {(COUNT.name, key): count for key, count in zip(seconds, counts)}

    def incr(self, key: str, delta: int = 1, version: int | None = None, **kwargs: Any) -> int | None:
        count: int | None = self._counted.value
        return count

    def decr(self, key: str, delta: int = 1, version: int | None = None, **kwargs: Any) -> int | None:
        """
        Undo one count, if the counter has not expired.
        """
        try:
            count: int = client.run(TAKE_BACK, [key], [])
        except RedisUnavailable:
            return None
        return count

    def count_amount(self, key: str, amount: int, seconds: int) -> int | None:
        """
        Add to a counter, let it expire `seconds` from now, and return its value; None if Redis does not respond.
        """
        try:
            count: int = client.run(COUNT_AMOUNT, [key], [amount, seconds * 1000])
        except RedisUnavailable:
            return None
        return count


class RateCounterBackend(RateCounting, RedisBackend):
    """
    Rate counters in one Redis.
    """

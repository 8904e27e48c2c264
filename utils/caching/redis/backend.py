"""
django-redis behind the project's circuit breaker, with rate counting in one round trip.
"""

import threading
from functools import wraps
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django_redis.cache import RedisCache
from django_redis.serializers.json import JSONSerializer
from redis.exceptions import RedisError, ResponseError

from utils.caching.redis.client import RedisUnavailable, Script, breaker, client

# The key lives from its first count on, not from its last.
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

# Several rates of one request: what COUNT would answer of each.
COUNT_EACH = Script(
    "count_each",
    """
local counts = {}
for index, key in ipairs(KEYS) do counts[index] = count_request({key}, {ARGV[index]}) end
return counts
""",
    includes=[COUNT],
)

# Never of a counter whose window has ended: the new key would live for ever.
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
    Values travel as JSON, never as pickle. What is no JSON reads as None, which is a miss.
    """

    def loads(self, value: bytes) -> Any:
        try:
            return super().loads(value)
        except (ValueError, RecursionError):
            return None


def survives(fallback):
    """
    Decorate a cache verb to answer `fallback` when Redis does not answer, and fast when it is known not to.
    """

    def decorate(verb):
        @wraps(verb)
        def call(*args, **kwargs):
            if breaker.is_open:
                return fallback
            try:
                return verb(*args, **kwargs)
            except ResponseError:
                # It answers, and at once: a value of another type, or no room for this one.
                return fallback
            except (RedisError, OSError):
                breaker.record_failure()
                return fallback

        return call

    return decorate


class RedisBackend(RedisCache):
    """
    A cache that may be away: reads miss, writes are dropped, counting answers None (unknown).
    """

    def __init__(self, server, params):
        super().__init__(server, params)
        self._ignore_exceptions = False
        self._counted = threading.local()

    get_many = survives({})(RedisCache.get_many)
    add = survives(False)(RedisCache.add)
    set = survives(None)(RedisCache.set)
    touch = survives(False)(RedisCache.touch)
    delete = survives(0)(RedisCache.delete)
    has_key = survives(False)(RedisCache.has_key)

    def get(self, key, default=None, version=None, client=None):
        return survives(default)(RedisCache.get)(self, key, default, version, client)

    def set_many(self, data, timeout=DEFAULT_TIMEOUT, version=None, client=None):
        """
        Set several keys in one round trip and return those that were not set.
        """
        return survives(list(data))(self._set_many)(data, timeout, version)

    def _set_many(self, data, timeout, version):
        self.client.set_many(data, timeout, version)
        return []


class RateCounterBackend(RedisBackend):
    """
    Counts in one round trip what django-ratelimit asks for in two (`add`, then `incr`).

    `add` counts and tells whether this was the first; the `incr` that follows in the same
    thread only hands over what was counted.
    """

    def add(self, key, value, timeout=None, version=None, **kwargs):
        try:
            count = client.run(COUNT, [key], [int(timeout * 1000)])
        except RedisUnavailable:
            count = None
        self._counted.value = count
        return count == 1

    def count_ahead(self, seconds: dict[str, int]) -> dict[tuple[str, str], int] | None:
        """
        Count several keys in one round trip, and return what `add` will find out about each, for `prefetched`.

        :param seconds: {key: how long it lives}.
        """
        try:
            counts = client.run(COUNT_EACH, list(seconds), [value * 1000 for value in seconds.values()])
        except RedisUnavailable:
            return None
        return {(COUNT.name, key): count for key, count in zip(seconds, counts)}

    def incr(self, key, delta=1, version=None, **kwargs):
        return self._counted.value

    def decr(self, key, delta=1, version=None, **kwargs):
        """
        Undo one count; nothing where there is none.
        """
        try:
            return client.run(TAKE_BACK, [key], [])
        except RedisUnavailable:
            return None

    def count_amount(self, key, amount, seconds):
        """
        Add to a counter that ends `seconds` from now and return its value; None when Redis does not answer.
        """
        try:
            return client.run(COUNT_AMOUNT, [key], [amount, seconds * 1000])
        except RedisUnavailable:
            return None

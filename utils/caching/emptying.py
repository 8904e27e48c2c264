"""
Emptying the caches, on any number of servers.
"""

from django.conf import settings
from django.core.cache import caches

from utils.caching.redis.client import client as redis
from utils.errors import StoreUnavailable


def empty_caches() -> None:
    """
    Delete everything in the database of Redis and in Memcached, on each of their servers. Repeats safely.

    Without servers, only the memory of this process is emptied; that of other processes expires within seconds.

    :raises StoreUnavailable: a server did not confirm; it may still have some of the data.
    """
    if settings.REDIS_URL:
        # ASYNC frees the memory after the reply: emptying a large database takes longer than the client waits.
        redis.call("FLUSHDB", "ASYNC")
    else:
        caches["default"].clear()
        caches["rates"].clear()
    # Only Memcached's `clear` returns something.
    if caches["objects"].clear() is False:  # type: ignore[func-returns-value]
        raise StoreUnavailable("a server of Memcached did not confirm that it is empty")

"""
Emptying the caches, whichever servers they are.
"""

from django.conf import settings
from django.core.cache import caches

from utils.caching.redis.client import client as redis
from utils.errors import StoreUnavailable


def empty_caches() -> None:
    """
    Delete everything in the database of Redis and in Memcached, on each of their servers. Repeats safely.

    Without servers only what this process has in memory; that of another one expires within seconds.

    :raises StoreUnavailable: a server did not confirm; some of it may be there still.
    """
    if settings.REDIS_URL:
        # Its memory is freed behind the reply, or a large one would take longer than a client waits.
        redis.call("FLUSHDB", "ASYNC")
    else:
        caches["default"].clear()
        caches["rates"].clear()
    # Only Memcached's returns something.
    if caches["objects"].clear() is False:  # type: ignore[func-returns-value]
        raise StoreUnavailable("a server of Memcached did not confirm that it is empty")

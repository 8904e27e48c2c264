"""
Empties the caches of a test, but not those of tests that run in parallel.
"""

import os
from itertools import count

from django.conf import settings
from django.core.cache import caches

from utils.caching.redis.client import client

names = count()


def empty_caches():
    """
    Make every cache as empty as after a restart of its server, for this process and for
    those that it starts from now on.

    Redis has a database for each process. Memcached has none, and flushing it would affect every other
    process, so this changes the prefix of the keys instead.
    """
    if settings.REDIS_URL:
        client.call("FLUSHDB")
    if settings.MEMCACHED_URL:
        prefix = f"test{os.getpid()}.{next(names)}"
        os.environ["TEST_CACHE_PREFIX"] = prefix
        settings.CACHES["objects"]["KEY_PREFIX"] = prefix
        caches["objects"].key_prefix = prefix
    else:
        for name in settings.CACHES:
            caches[name].clear()

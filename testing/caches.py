"""
Caches that hold nothing, without taking anything from tests that run beside this one.
"""

import os
from itertools import count

from django.conf import settings
from django.core.cache import caches

from utils.caching.redis.client import client

names = count()


def empty_caches():
    """
    Let every cache be as empty as after a restart of its server, for this process and for those it starts from now on.

    Redis has a database for each process. Memcached has none, and emptying it would empty it for
    every other process: what is there gets out of sight under another prefix.
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

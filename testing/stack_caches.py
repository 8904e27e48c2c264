"""
Redis and Memcached behind proxies that a test controls, and how long a test waits for them.
"""

from contextlib import ExitStack, contextmanager
from copy import deepcopy
from urllib.parse import urlsplit

from django.conf import settings
from django.test import override_settings
from django.test.signals import clear_cache_handlers

from testing.stack_chaos import ChaosProxy
from utils.caching.memcached.backend import server_at
from utils.caching.redis.client import breaker, client

# How long a request waits for a cache.
REQUEST_SECONDS = settings.CACHE_TIMEOUT_SECONDS
# A test waits longer: what comes late on a busy machine is a hit nevertheless, and a miss would take further queries.
TEST_SECONDS = 5
TIMEOUTS = ("SOCKET_CONNECT_TIMEOUT", "SOCKET_TIMEOUT", "timeout")


@contextmanager
def cache_timeouts(seconds):
    """
    Let this process wait so long for each response of a cache.
    """
    configured = deepcopy(settings.CACHES)
    for cache in configured.values():
        options = cache.get("OPTIONS", {})
        options |= {name: seconds for name in TIMEOUTS if name in options}
    try:
        with override_settings(CACHE_TIMEOUT_SECONDS=seconds, CACHES=configured):
            forget_troubles()
            yield
    finally:
        forget_troubles()


@contextmanager
def caches_between_proxies():
    """
    Let this process use both caches through proxies; yield the proxies of Redis and of Memcached.
    """
    redis = urlsplit(settings.REDIS_URL)
    host, _, port = settings.MEMCACHED_URL.partition(":")
    with ExitStack() as stack:
        redis_proxy = stack.enter_context(ChaosProxy(redis.hostname, redis.port))
        memcached_proxy = stack.enter_context(ChaosProxy(host, int(port)))
        redis_url = redis._replace(netloc=f"{redis.netloc.rpartition('@')[0]}@127.0.0.1:{redis_proxy.port}").geturl()
        memcached_url = f"127.0.0.1:{memcached_proxy.port}"
        configured = deepcopy(settings.CACHES)
        configured["default"]["LOCATION"] = configured["rates"]["LOCATION"] = redis_url
        configured["objects"]["LOCATION"] = memcached_url
        try:
            with override_settings(REDIS_URL=redis_url, MEMCACHED_URL=memcached_url, CACHES=configured):
                forget_troubles()
                yield redis_proxy, memcached_proxy
        finally:
            forget_troubles()


def forget_troubles():
    """
    Close the circuit breakers and drop the connections, as in a new process.
    """
    breaker.__init__()
    client.reset()
    server_at.cache_clear()
    # Django then creates new cache objects for every thread.
    clear_cache_handlers(setting="CACHES")

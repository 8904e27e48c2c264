"""
Redis and Memcached, and what replaces them in the embedded profile.
"""

from typing import Any

from twitter.settings.environment import EMBEDDED, env

# default     sessions: Redis, through Django's cache API
# rates       rate counters: Redis, one round trip for each count
# objects     users and tweets as JSON: Memcached
# The lists of tweet ids use Redis directly (utils/caching/redis); without REDIS_URL there are no lists.

REDIS_URL = env.str("REDIS_URL", "") if EMBEDDED else env.str("REDIS_URL")
REDIS_IS_CLUSTER = REDIS_URL.startswith("redis+cluster://")
# A cluster has one database only.
if REDIS_URL and not REDIS_IS_CLUSTER and "TEST_REDIS_DATABASE" in env:
    REDIS_URL = f"{REDIS_URL.rpartition('/')[0]}/{env.str('TEST_REDIS_DATABASE')}"
MEMCACHED_URL = env.str("MEMCACHED_URL", "") if EMBEDDED else env.str("MEMCACHED_URL")
CACHE_TIMEOUT_SECONDS = 0.3

# Management commands run in other processes and cannot invalidate what the web process has in memory, so entries there
# expire after a few seconds.
IN_PROCESS_CACHE_SECONDS = 3


def in_process_cache(name: str) -> dict[str, Any]:
    return {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": name,
        "TIMEOUT": IN_PROCESS_CACHE_SECONDS,
        "OPTIONS": {"MAX_ENTRIES": 50_000},
    }


def redis_cache(backend: str) -> dict[str, Any]:
    if REDIS_IS_CLUSTER:
        return {"BACKEND": f"utils.caching.redis.cluster_backend.Cluster{backend}", "LOCATION": ""}
    return {
        "BACKEND": f"utils.caching.redis.backend.{backend}",
        "LOCATION": REDIS_URL,
        "OPTIONS": {
            "SERIALIZER": "utils.caching.redis.backend.TolerantJSONSerializer",
            "SOCKET_CONNECT_TIMEOUT": CACHE_TIMEOUT_SECONDS,
            "SOCKET_TIMEOUT": CACHE_TIMEOUT_SECONDS,
            "CONNECTION_POOL_KWARGS": {"max_connections": 50},
        },
    }


CACHES = {
    "default": redis_cache("RedisBackend") if REDIS_URL else in_process_cache("default"),
    "rates": redis_cache("RateCounterBackend") if REDIS_URL else in_process_cache("rates"),
    "objects": {
        "BACKEND": "utils.caching.memcached.backend.MemcachedBackend",
        "LOCATION": MEMCACHED_URL,
        "OPTIONS": {"timeout": CACHE_TIMEOUT_SECONDS, "pool_size": 16},
        # Set by tests, so that two processes of one run do not share keys.
        "KEY_PREFIX": env.str("TEST_CACHE_PREFIX", ""),
    }
    if MEMCACHED_URL
    else in_process_cache("objects"),
}

SESSION_ENGINE = "accounts.sessions" if REDIS_URL else "accounts.database_sessions"
SESSION_CACHE_ALIAS = "default"
SESSION_COOKIE_AGE = 30 * 86_400

# The newest ids kept of a feed or of an author's tweets; older pages come from the database.
MAX_CACHED_IDS = 800
LIST_CACHE_SECONDS = 86_400
# A change of a feature reaches every process within twice as many seconds: Memcached and the process keep it so long.
FEATURES_SECONDS = 10
OBJECT_CACHE_SECONDS = 300 if MEMCACHED_URL else IN_PROCESS_CACHE_SECONDS

"""
Probes for supervisors and load balancers: alive, and able to serve.
"""

import socket

from django.conf import settings
from django.core.cache import caches
from django.db import Error, connection
from django.http import HttpRequest, JsonResponse

from utils.caching.redis.client import RedisUnavailable, client
from utils.hbase.pool import get_gateways
from utils.observability import broker

HBASE_TIMEOUT_SECONDS = 0.5
WORDS = {True: "up", False: "down", None: "not used"}


def livez(request: HttpRequest) -> JsonResponse:
    """
    Respond that the process is alive.
    """
    return JsonResponse({"alive": True})


def readyz(request: HttpRequest) -> JsonResponse:
    """
    Respond with the state of each dependency: up, down or not used.

    503 only without the database, the one dependency that everything needs.
    """
    states = {
        "database": database_is_up(),
        "redis": redis_is_up(),
        "memcached": memcached_is_up(),
        "broker": broker.is_up(),
        "hbase": hbase_is_up(),
    }
    words = {name: WORDS[state] for name, state in states.items()}
    return JsonResponse(words, status=200 if states["database"] else 503)


def database_is_up() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return False
    return True


def redis_is_up() -> bool | None:
    if not settings.REDIS_URL:
        return None
    try:
        client.call("PING")
    except RedisUnavailable:
        return False
    return True


def memcached_is_up() -> bool | None:
    if not settings.MEMCACHED_URL:
        return None
    return bool(caches["objects"].set("readyz", 1, 10))  # type: ignore[func-returns-value]  # our backend tells


def hbase_is_up() -> bool | None:
    """
    Say whether something listens at an address of HBase's Thrift servers.
    """
    gateways = get_gateways()
    return any(map(listens, gateways)) if gateways else None


def listens(address: tuple[str, int]) -> bool:
    try:
        with socket.create_connection(address, timeout=HBASE_TIMEOUT_SECONDS):
            return True
    except OSError:
        return False

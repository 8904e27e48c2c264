"""
Counting the round trips of one request, at the sockets.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pymemcache.client.base import Client as MemcachedClient
from redis.connection import AbstractConnection

from benchmarks.world import OURS, World, open_session
from utils.caching.memcached.connections import Connection


@contextmanager
def counted_round_trips() -> Iterator[dict[str, int]]:
    """
    Yield a dict that, at the end, holds how often each store was asked: {"sql", "redis", "memcached"}.
    """
    round_trips = {"sql": 0, "redis": 0, "memcached": 0}
    send, fetch, store = AbstractConnection.send_packed_command, Connection.get_json_many, MemcachedClient._store_cmd

    # `Any`: the methods of the two libraries, passed on.
    def send_and_count(self: AbstractConnection, *args: Any, **kwargs: Any) -> Any:
        round_trips["redis"] += 1
        return send(self, *args, **kwargs)

    def fetch_and_count(self: Connection, *args: Any, **kwargs: Any) -> Any:
        round_trips["memcached"] += 1
        return fetch(self, *args, **kwargs)

    def store_and_count(self: MemcachedClient, *args: Any, **kwargs: Any) -> Any:
        round_trips["memcached"] += 1
        return store(self, *args, **kwargs)

    with (
        patch.object(AbstractConnection, "send_packed_command", send_and_count),
        patch.object(Connection, "get_json_many", fetch_and_count),
        patch.object(MemcachedClient, "_store_cmd", store_and_count),
        CaptureQueriesContext(connection) as queries,
    ):
        yield round_trips
    round_trips["sql"] = len(queries)


def count_for_home_feed(people: World) -> dict[str, int]:
    """
    Return the round trips of a warm home feed.
    """
    browser = Client(HTTP_HOST="127.0.0.1")
    name, _, key = open_session(people.readers[0], OURS).partition("=")
    browser.cookies[name] = key
    for _ in range(3):
        response = browser.get("/api/newsfeeds/")
    assert response.status_code == 200 and len(response.json()["results"]) == 20
    with counted_round_trips() as round_trips:
        browser.get("/api/newsfeeds/")
    return round_trips

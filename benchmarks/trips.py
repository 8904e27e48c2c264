"""
Counting the round trips of one request, at the sockets.
"""

from contextlib import contextmanager
from unittest.mock import patch

from django.db import connection
from django.test.utils import CaptureQueriesContext
from pymemcache.client.base import Client
from redis.connection import AbstractConnection

from utils.memcached.backend import Connection


@contextmanager
def counted_trips():
    """
    Yield a dict that, at the end, holds how often each store was asked: {"sql", "redis", "memcached"}.
    """
    trips = {"sql": 0, "redis": 0, "memcached": 0}
    send, fetch, store = AbstractConnection.send_packed_command, Connection.get_json_many, Client._store_cmd

    def redis_trip(self, *args, **kwargs):
        trips["redis"] += 1
        return send(self, *args, **kwargs)

    def fetch_trip(self, *args, **kwargs):
        trips["memcached"] += 1
        return fetch(self, *args, **kwargs)

    def store_trip(self, *args, **kwargs):
        trips["memcached"] += 1
        return store(self, *args, **kwargs)

    with (
        patch.object(AbstractConnection, "send_packed_command", redis_trip),
        patch.object(Connection, "get_json_many", fetch_trip),
        patch.object(Client, "_store_cmd", store_trip),
        CaptureQueriesContext(connection) as queries,
    ):
        yield trips
    trips["sql"] = len(queries)

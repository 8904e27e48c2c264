"""
Where the tests of the HBase layer get their server and their tables.

What needs no server runs everywhere. The rest is marked `stack` and `hbase`; it is never skipped:
without a server at HBASE_URL it fails.
"""

import os
import secrets

import pytest
from django.conf import settings
from django.test import override_settings
from hypothesis import settings as hypothesis_settings

from utils.hbase.pool import ConnectionPool, reset_pool
from utils.tests.hbase.samples import ALL, Entry
from utils.tests.hbase.servers import Server

# On a busy machine an example may take long; that is no failure.
hypothesis_settings.register_profile("patient", deadline=None)
hypothesis_settings.load_profile("patient")

# A server that was started just now, on a busy machine, is slow. A test that is about the timeout sets its own.
PATIENCE_MS = 5_000

# Few threads and a short patience, so that tests of both need not wait for a minute.
THRIFT_THREADS = 8
THRIFT_IDLE_MS = 3_000


@pytest.fixture(scope="module")
def tables():
    """
    All sample tables, empty, on the server at HBASE_URL, under names of their own; dropped after the module.
    """
    prefix = f"test_{os.getpid()}_{secrets.token_hex(3)}_"
    with override_settings(HBASE={**settings.HBASE, "TABLE_PREFIX": prefix, "TIMEOUT_MS": PATIENCE_MS}):
        reset_pool()
        for model in ALL:
            model.create_table()
        yield
        for model in ALL:
            model.drop_table()
    reset_pool()


@pytest.fixture(scope="session")
def own_server(tmp_path_factory):
    """
    A server to be ill-treated, left running by each test; started once.
    """
    server = Server(
        tmp_path_factory.mktemp("hbase"),
        HBASE_THRIFT_THREADS=str(THRIFT_THREADS),
        HBASE_THRIFT_IDLE_MS=str(THRIFT_IDLE_MS),
    )
    server.start()
    yield server
    server.kill()


@pytest.fixture
def server(own_server):
    """
    The server to be ill-treated, up and with an empty `Entry` table; the project's pool points to it.
    """
    own_server.start()
    here = {
        **settings.HBASE,
        "HOST": "127.0.0.1",
        "PORT": own_server.port,
        "TABLE_PREFIX": "test_",
        "TIMEOUT_MS": PATIENCE_MS,
    }
    with override_settings(HBASE=here):
        reset_pool()
        Entry.drop_table()
        Entry.create_table()
        yield own_server
        own_server.start()
    reset_pool()


@pytest.fixture
def make_pool():
    """
    Return a maker of pools, which are closed after the test.
    """
    made = []

    def make(port, **options):
        defaults = {"host": "127.0.0.1", "timeout_ms": 400, "size": 4, "wait_seconds": 0.2}
        pool = ConnectionPool(port=port, **defaults | options)
        made.append(pool)
        return pool

    yield make
    for pool in made:
        pool.close()

"""
Fixtures of every test: tasks run in its own process, caches are empty at its start, HBase is used only where intended.
"""

from unittest.mock import patch

import celery
import pytest
from django.conf import settings as project
from django.db import connection
from django.test import override_settings

from friendships.hbase_models import Follower, Following, FollowingPair
from gatekeeper.cache import memory as features
from newsfeeds.hbase_models import Feed
from newsfeeds.services.reads import pending as pending_reads
from stores.cache import forget_phases
from testing.caches import empty_caches
from testing.stack_caches import TEST_SECONDS, cache_timeouts
from utils.api.unchanged import remembered
from utils.database.time_ids import clock, next_id
from utils.hbase.models import HBaseModel
from utils.hbase.pool import reset_pool

HBASE_TABLES = (Feed, Following, Follower, FollowingPair)
# A request waits 400 ms. A test waits longer, because a slow response on a busy machine is not a failure.
HBASE_PATIENCE_MS = 5_000


def is_on_hbase():
    """
    Say whether this is the third profile: feeds are stored in HBase, and friendships are read from it.
    """
    return not project.EMBEDDED and project.STORE == "hbase" and bool(project.HBASE_URL)


@pytest.fixture(autouse=True, scope="session")
def hbase_tables(request):
    """
    With STORE=hbase, make this process's HBase tables, named after its test database, and drop them at the end.
    """
    if not is_on_hbase():
        # A prefix without tables, so that no test ever writes to those of the developer.
        with override_settings(HBASE={**project.HBASE, "TABLE_PREFIX": "test_nowhere_"}):
            yield
        return
    request.getfixturevalue("django_db_setup")
    # If no test of the run needs a database, there is no test database, and the name would be the developer's.
    prefix = f"test_{connection.settings_dict['NAME'].removeprefix('test_')}_"
    hbase = {**project.HBASE, "TABLE_PREFIX": prefix, "TIMEOUT_MS": HBASE_PATIENCE_MS}
    # The phases stay in memory for the whole run: otherwise a query that depends on the
    # clock would change counts of queries.
    with override_settings(HBASE=hbase, PHASE_SECONDS=3_600):
        reset_pool()
        for table in HBASE_TABLES:
            # A killed run may have left the table.
            table.drop_table()
            table.create_table()
        yield
        for table in HBASE_TABLES:
            table.drop_table()
    reset_pool()


@pytest.fixture(autouse=True)
def hbase_rows_go_with_their_test():
    """
    Delete what a test has written to the tables of its process: HBase has no transaction to roll back.
    """
    if not is_on_hbase():
        yield
        return
    written, put = [], HBaseModel.batch_create.__func__

    def note_and_put(table, rows, *, version=None):
        # A test may have moved the clock, and the version of the deletion must not be lower than those of its writes.
        version = next_id() if version is None else version
        written.append((table, table_prefix(), [row.key for row in rows], version))
        return put(table, rows, version=version)

    with patch.object(HBaseModel, "batch_create", classmethod(note_and_put)):
        yield
    for table, prefix, keys, version in written:
        if table in HBASE_TABLES and prefix == table_prefix():
            table.batch_delete(keys, version=version)


def table_prefix():
    return project.HBASE["TABLE_PREFIX"]


@pytest.fixture(autouse=True)
def hbase_where_it_is_meant(request, settings):
    """
    Without STORE=hbase, ignore HBASE_URL except in tests that are about HBase.
    """
    if not is_on_hbase() and not request.node.get_closest_marker("hbase"):
        settings.HBASE = {**settings.HBASE, "HOST": ""}


@pytest.fixture(autouse=True)
def uploads_elsewhere(settings, tmp_path):
    """
    Store uploads of tests in a folder of their own.
    """
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture(autouse=True, scope="session")
def caches_have_time():
    """
    Wait longer for caches than requests do, except in tests about caches that are frozen.
    """
    with cache_timeouts(TEST_SECONDS):
        yield


@pytest.fixture(autouse=True)
def nothing_cached(settings):
    """
    Start each test with empty caches and no counted rates; limits are off except in tests about them.
    """
    settings.RATELIMIT_ENABLE = False
    # Longer than a test that counts queries of warm pages takes on a slow machine.
    settings.OBJECT_CACHE_SECONDS = 300
    settings.FEATURES_SECONDS = 300
    features.forget()
    pending_reads.forget()
    forget_phases()
    remembered.clear()
    clock.forget()
    empty_caches()


@pytest.fixture(autouse=True, scope="session")
def tasks_run_at_once():
    """
    Let the relay run tasks in this process instead of publishing them; tests of the broker start workers of their own.
    """
    celery.current_app.conf.task_always_eager = True

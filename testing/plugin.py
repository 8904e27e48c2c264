"""
The pytest plugin of the project: tasks run in the test's own process, caches are empty before each test.
"""

import os

import celery
import pytest
from django.core.cache import caches

from utils.redis.client import client

# One Redis database and one Memcached prefix a process, so that parallel tests do not meet. Set when
# this plugin is loaded, which is before anybody reads the settings.
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
os.environ["TEST_REDIS_DATABASE"] = str(WORKER + 1)
os.environ["TEST_CACHE_PREFIX"] = f"test{os.getpid()}"


@pytest.fixture(autouse=True)
def uploads_elsewhere(settings, tmp_path):
    """
    Keep what tests upload out of the project's own media.
    """
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture(autouse=True)
def empty_caches(settings):
    """
    Start each test with nothing cached and no rate counted; limits are off but where a test is about them.
    """
    settings.RATELIMIT_ENABLE = False
    # Longer than a slow machine takes for a test that counts queries of warm pages.
    settings.OBJECT_CACHE_SECONDS = 300
    if settings.REDIS_URL:
        client.call("FLUSHDB")
    for name in settings.CACHES:
        caches[name].clear()


@pytest.fixture(autouse=True, scope="session")
def tasks_run_at_once():
    """
    Let the relay run what it publishes in this process; tests of the broker start workers of their own.
    """
    celery.current_app.conf.task_always_eager = True

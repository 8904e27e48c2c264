"""
The pytest plugin of the project: sets what must be set before anybody reads the settings, then brings the fixtures.
"""

import os

# One Redis database a process, so that parallel tests do not meet.
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
os.environ["TEST_REDIS_DATABASE"] = str(WORKER + 1)


def pytest_configure(config):
    """
    Bring the fixtures now that Django is set up: they import models.
    """
    config.pluginmanager.import_plugin("testing.fixtures")


def pytest_collection_modifyitems(config, items):
    """
    Leave out what needs the real servers where there are none.
    """
    if os.environ.get("PROFILE", "embedded") == "embedded":
        config.hook.pytest_deselected(items=[item for item in items if item.get_closest_marker("stack")])
        items[:] = [item for item in items if not item.get_closest_marker("stack")]

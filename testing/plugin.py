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
    Leave out what needs the real servers, generators of clients, or axe-core (deploy/axe.sh), where there are none.
    """
    left_out = set()
    if os.environ.get("PROFILE", "embedded") == "embedded":
        left_out.add("stack")
    if "CLIENT_TOOLS" not in os.environ:
        left_out.add("clients")
    if "AXE" not in os.environ:
        left_out.add("axe")
    lacking = [item for item in items if left_out & {mark.name for mark in item.iter_markers()}]
    config.hook.pytest_deselected(items=lacking)
    items[:] = [item for item in items if item not in lacking]


def pytest_terminal_summary(terminalreporter, config):
    """
    Say in which order the tests ran, and how to have the same again; pytest-randomly is silent with -q.
    """
    seed = config.getoption("randomly_seed", None)
    if seed is not None:
        terminalreporter.write_line(f"Random order; the same again: ARGS='--randomly-seed={seed}'")

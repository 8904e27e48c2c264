"""
The pytest plugin of the project: it sets variables before Django reads the settings, and loads the fixtures.
"""

import os

# One Redis database for each process, so that parallel tests do not disturb each other.
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
os.environ["TEST_REDIS_DATABASE"] = str(WORKER + 1)


def pytest_configure(config):
    """
    Load the fixtures, which import models, now that Django is set up.
    """
    config.pluginmanager.import_plugin("testing.fixtures")


def pytest_collection_modifyitems(config, items):
    """
    Deselect tests that need real servers, client generators or axe-core (deploy/axe.sh) if these are missing, and on
    the stack those that have nothing to do with it.
    """
    left_out = {"stack" if os.environ.get("PROFILE", "embedded") == "embedded" else "embedded"}
    if "CLIENT_TOOLS" not in os.environ:
        left_out.add("clients")
    if "AXE" not in os.environ:
        left_out.add("axe")
    lacking = [item for item in items if left_out & {mark.name for mark in item.iter_markers()}]
    config.hook.pytest_deselected(items=lacking)
    items[:] = [item for item in items if item not in lacking]


def pytest_terminal_summary(terminalreporter, config):
    """
    Print the seed of the random order and how to repeat it; pytest-randomly does not with -q.
    """
    seed = config.getoption("randomly_seed", None)
    if seed is not None:
        terminalreporter.write_line(f"Random order; the same again: ARGS='--randomly-seed={seed}'")

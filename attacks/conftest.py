"""
Prepares the settings before they are read, starts the site, and writes the report.

The attacker's own process also loads the project, with the same database and caches, to prepare what a check needs
and to see what an attack has changed. The attacks themselves go through the network.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import environ
import pytest

from testing.stack_environment import production_environment

ROOT = Path(__file__).resolve().parent.parent
CASES = int(os.environ.get("CASES") or 5_000)
REDIS_DATABASE = "15"


def prepare_environment() -> str:
    """
    Set production settings on a database, caches and a folder that nobody else uses.
    """
    stack_env = Path(os.environ.get("DATA_DIR") or ROOT / "var") / "stack.env"
    if stack_env.exists():
        environ.Env.read_env(stack_env)
    data_dir = tempfile.mkdtemp(prefix="attacks-")
    os.environ |= production_environment(database="test_attacks") | {
        "DATA_DIR": data_dir,
        "TEST_REDIS_DATABASE": REDIS_DATABASE,
        "TEST_CACHE_PREFIX": f"attacks{os.getpid()}",
        "TEST_HBASE_PREFIX": "test_attacks_",
    }
    return data_dir


DATA_DIR = prepare_environment()

import django  # noqa: E402

django.setup()

from attacks.report import Report  # noqa: E402
from attacks.site import Site  # noqa: E402
from testing.stack_processes import TEST_HOST  # noqa: E402
from utils.caching.redis.client import client as redis  # noqa: E402

report = Report()


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    """
    The running site. Only one run of attacks or of the stack's tests may use the queues at a time.
    """
    port = urlsplit(os.environ["BROKER_URL"]).port
    with (Path(tempfile.gettempdir()) / f"{TEST_HOST}-{port}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        redis.call("FLUSHDB")
        site = Site()
        try:
            site.start()
            yield site
        finally:
            site.stop()
            shutil.rmtree(DATA_DIR, ignore_errors=True)


@pytest.fixture
def measured(request: pytest.FixtureRequest) -> list[str]:
    """
    The list of what a check has measured. It is printed in the check's row of the report.
    """
    notes: list[str] = request.node.stash.setdefault(NOTES, [])
    return notes


NOTES = pytest.StashKey[list[str]]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    result = yield
    if result.when == "call" or result.failed:
        report.add(result, item.stash.get(NOTES, []))
    return result


def pytest_sessionfinish() -> None:
    """
    Write the report to the path that deploy/attacks.sh sets, which it does for a whole run only.
    """
    path = os.environ.get("ATTACKS_REPORT")
    if path and report.rows:
        report.write(ROOT / path, CASES)

"""
Prepares the settings before anybody reads them, starts the project, and writes the report.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import environ
import pytest

ROOT = Path(__file__).resolve().parent.parent


def prepare_environment() -> None:
    """
    Set production settings on the servers of a DATA_DIR that is there for this alone.
    """
    environ.Env.read_env(Path(os.environ["DATA_DIR"]) / "stack.env")
    database = urlsplit(os.environ["DATABASE_URL"])
    os.environ |= {
        "PROFILE": "stack",
        "DJANGO_SETTINGS_MODULE": "twitter.settings",
        "DATABASE_URL": database._replace(path="/test_faults").geturl(),
        "HBASE_URL": "",
        "STORE": "mysql",
        "SECURE": "on",
        "DEBUG": "off",
        "TRUSTED_PROXIES": "127.0.0.1",
        "PYTHONUNBUFFERED": "1",
    }


prepare_environment()

import django  # noqa: E402

django.setup()

from faults.control import World  # noqa: E402
from faults.report import Report  # noqa: E402
from utils.caching.redis.client import client as redis  # noqa: E402


@pytest.fixture(scope="session")
def world() -> Iterator[World]:
    redis.call("FLUSHDB")
    world = World()
    try:
        world.start()
        yield world
    finally:
        world.stop()


@pytest.fixture(scope="session")
def report(request: pytest.FixtureRequest) -> Iterator[Report]:
    """
    The report, which is written where FAULTS_REPORT says; deploy/faults.sh sets it for a whole run.
    """
    report = Report(len(request.session.items))
    yield report
    if folder := os.environ.get("FAULTS_REPORT"):
        report.write(ROOT / folder)

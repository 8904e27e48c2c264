"""
Prepares the settings before anybody reads them, starts the project, and writes the report.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import environ
import pytest

from testing.stack_environment import production_environment

IS_CLUSTER = os.environ.get("FAULTS") == "cluster"
ROOT = Path(__file__).resolve().parent.parent


def prepare_environment() -> None:
    """
    Set production settings on the servers of a DATA_DIR that is there for this alone.
    """
    environ.Env.read_env(Path(os.environ["DATA_DIR"]) / f"{os.environ.get('FAULTS', 'stack')}.env")
    os.environ |= production_environment(database="test_faults")
    if IS_CLUSTER:
        # Its nginx speaks no TLS.
        os.environ["SECURE"] = "off"


prepare_environment()

import django  # noqa: E402

django.setup()

from faults.cluster import ClusterWorld  # noqa: E402
from faults.control import World  # noqa: E402
from faults.report import Report  # noqa: E402
from utils.caching.redis.client import client as redis  # noqa: E402


@pytest.fixture(scope="session")
def world() -> Iterator[World]:
    redis.call("FLUSHDB")
    world = ClusterWorld() if IS_CLUSTER else World()
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

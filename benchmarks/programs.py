"""
The processes of the stack, and the CPU that each group of them has used.
"""

import configparser
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psutil
from django.conf import settings

from benchmarks.environment import PORT
from benchmarks.http import is_answering
from outbox.models import Message

SUPERVISOR = Path(settings.BASE_DIR, "deploy", "supervisord.conf")
MAX_START_SECONDS = 60
MAX_DRAIN_SECONDS = 120

Usage = dict[str, float]


class Programs:
    """
    What runs: {group: its first processes}. Whatever descends from them belongs to the group.
    """

    def __init__(self, started: dict[str, subprocess.Popen], servers: dict[str, psutil.Process]) -> None:
        self._roots = {name: psutil.Process(process.pid) for name, process in started.items()} | servers

    def pid(self, group: str) -> int:
        return self._roots[group].pid

    def cpu_seconds(self) -> Usage:
        """
        Return the CPU time of each group so far: user and system, of children that have ended as well.
        """
        return {group: cpu_seconds_of_family(root) for group, root in self._roots.items()}


def cpu_seconds_of_family(root: psutil.Process) -> float:
    return sum(sum(process.cpu_times()[:4]) for process in [root, *root.children(recursive=True)])


def used_since(before: Usage, after: Usage) -> Usage:
    return {group: after[group] - before[group] for group in after}


def program_commands() -> dict[str, list[str]]:
    """
    Return {program: command} as production starts them.
    """
    parser = configparser.RawConfigParser(inline_comment_prefixes=(";",))
    parser.read(SUPERVISOR)
    return {
        section.removeprefix("program:"): shlex.split(
            parser[section]["command"].replace("%(ENV_VENV)s", sys.prefix).replace("%%", "%")
        )
        for section in parser.sections()
        if section.startswith("program:")
    }


def listening_servers() -> dict[str, psutil.Process]:
    """
    Return the servers of this stack by name, as far as they run on this machine and may be seen.
    """
    database = settings.DATABASES["default"]
    ports = {
        "MariaDB": int(database["PORT"] or 3306),
        "Redis": urlsplit(settings.REDIS_URL).port or 6379,
        "Memcached": int(settings.CACHES["objects"]["LOCATION"].rpartition(":")[2]),
        "RabbitMQ": urlsplit(settings.BROKER_URL).port or 5672,
    }
    pids = {
        connection.laddr.port: connection.pid
        for connection in psutil.net_connections(kind="tcp")
        if connection.status == psutil.CONN_LISTEN and connection.pid
    }
    return {name: psutil.Process(pids[port]) for name, port in ports.items() if port in pids}


@contextmanager
def running_programs(**environment: str) -> Iterator[Programs]:
    """
    Run web, workers, relay and beat, and yield them with the servers once the web server answers.

    What they complain of is in DATA_DIR/benchmarks.

    :param environment: variables of theirs beside the usual ones.
    """
    folder = Path(settings.DATA_DIR, "benchmarks")
    metrics = folder / "metrics"
    shutil.rmtree(metrics, ignore_errors=True)
    metrics.mkdir(parents=True)
    own = {"HOST": "127.0.0.1", "PORT": str(PORT), "PROMETHEUS_MULTIPROC_DIR": str(metrics)}
    started: dict[str, subprocess.Popen] = {}
    try:
        for name, command in program_commands().items():
            with (folder / f"{name}.log").open("w") as log:
                started[name] = subprocess.Popen(
                    command, env=os.environ | own | environment, cwd=settings.BASE_DIR, stdout=log, stderr=log
                )
        wait_until(lambda: is_answering(PORT), MAX_START_SECONDS, "the web server does not answer")
        yield Programs(started, listening_servers())
    finally:
        for process in started.values():
            process.terminate()
        for process in started.values():
            process.wait(90)


def wait_until_drained() -> float:
    """
    Wait until every event was handled, and return the seconds it took.

    :raises TimeoutError: it takes two minutes.
    """
    return wait_until(
        lambda: not Message.objects.exists(),
        MAX_DRAIN_SECONDS,
        "events are still in the outbox; does somebody else use the queues?",
    )


def wait_until(condition: Callable[[], bool], seconds: float, complaint: str) -> float:
    """
    Look twenty times a second whether `condition` holds, and return the seconds until it did.

    :raises TimeoutError: it does not within `seconds`.
    """
    started = time.monotonic()
    while not condition():
        if time.monotonic() - started > seconds:
            raise TimeoutError(complaint)
        time.sleep(0.05)
    return time.monotonic() - started

"""
Web servers beside each other, the project behind each: `make bench BENCH=servers`.

All of them run, and are measured in turn, so that the machine's drift hits all alike.
granian is measured when it is installed; docs/adr/0009-the-web-server.md has a table of one run.
"""

import os
import re
import shutil
import statistics
import subprocess
import sys
from collections.abc import Callable

import psutil
from django.db import connection

import benchmarks.environment  # noqa: F401 - first: sets Django up
from benchmarks import world
from benchmarks.environment import PORT
from benchmarks.http import http_request, is_answering
from benchmarks.programs import cpu_seconds_of_family, wait_until
from benchmarks.wrk import hammer

SECONDS, ROUNDS = 4, 3
CONNECTIONS = 8
APPLICATION = "twitter.wsgi:application"
GUNICORN = ["-m", "gunicorn", APPLICATION, "--workers=2", "--threads=4"]
SERVERS = {
    "waitress in gunicorn": lambda port: [*GUNICORN, "-c", "deploy/gunicorn.conf.py", f"--bind=127.0.0.1:{port}"],
    "gunicorn's gthread": lambda port: [
        *GUNICORN,
        *("-c", "deploy/gunicorn.conf.py", "--worker-class=gthread", f"--bind=127.0.0.1:{port}"),
    ],
}
if shutil.which("granian", path=os.path.dirname(sys.executable)):
    SERVERS["granian"] = lambda port: [
        *("-m", "granian", APPLICATION, "--interface=wsgi", "--workers=2", "--blocking-threads=4"),
        *("--no-ws", "--http=1", f"--port={port}", "--log-level=error"),
    ]


class Started:
    """
    One server with its processes.
    """

    def __init__(self, port: int, arguments: Callable[[int], list[str]]) -> None:
        self.port = port
        environment = os.environ | {"HOST": "127.0.0.1", "PORT": str(port)}
        self.process = subprocess.Popen(
            [sys.executable, *arguments(port)],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_until(lambda: is_answering(port), 60, "the server does not answer")

    def measure(self, request: bytes) -> tuple[float, ...]:
        """
        Return (requests a second, CPU ms a request, p50 ms, p99 ms) at `CONNECTIONS` connections.
        """
        family = psutil.Process(self.process.pid)
        before = cpu_seconds_of_family(family)
        load = hammer(self.port, [request], connections=CONNECTIONS, seconds=SECONDS, expected=200)
        used = cpu_seconds_of_family(family) - before
        return load.requests_per_second, used / load.count * 1000, load.p50_ms, load.p99_ms

    def memory(self) -> float:
        """
        Return the megabytes that its workers hold for themselves.
        """
        pages = 0
        for worker in psutil.Process(self.process.pid).children():
            with open(f"/proc/{worker.pid}/status") as status:
                pages += int(re.search(r"RssAnon:\s+(\d+) kB", status.read())[1])
        return pages / 1024

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(60)


def main() -> None:
    people = world.create()
    session = world.open_session(people.readers[0], world.OURS)
    pages = {
        "nothing": http_request("GET", "/floor/static/"),
        "home feed": http_request("GET", "/api/newsfeeds/", cookie=session),
        "tweet": http_request("GET", f"/api/tweets/{people.talked_about.id}/", cookie=session),
    }
    connection.close()
    servers = {name: Started(PORT + number, make) for number, (name, make) in enumerate(SERVERS.items())}
    try:
        print(f"{'':10} {'':22} {'requests/s':>11} {'CPU ms':>8} {'p50 ms':>8} {'p99 ms':>8}")
        for page, request in pages.items():
            taken = {name: [] for name in servers}
            for turn in range(ROUNDS + 1):
                for name, server in servers.items():
                    measured = server.measure(request)
                    # The first turn warms up.
                    taken[name] += [measured] if turn else []
            for name, rounds in taken.items():
                rate, cpu, p50, p99 = (statistics.median(column) for column in zip(*rounds))
                print(f"{page:10} {name:22} {rate:11.0f} {cpu:8.3f} {p50:8.2f} {p99:8.2f}", flush=True)
        for name, server in servers.items():
            print(f"{'memory':10} {name:22} {server.memory():11.0f} MB")
    finally:
        for server in servers.values():
            server.stop()


if __name__ == "__main__":
    main()

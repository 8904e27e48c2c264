"""
Web servers beside each other, the project behind each: `deploy/with-stack.sh .venv/bin/python -m benchmarks.servers`.

All of them run, and are measured in turn by wrk (a Debian package), so that the machine's drift hits all alike.
granian is measured when it is installed; docs/adr/0009-the-web-server.md has a table of one run.
"""

import os
import re
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
os.environ["PROFILE"] = "stack"

import django  # noqa: E402

django.setup()

from django.db import connection  # noqa: E402

from benchmarks import load, world  # noqa: E402

PORT = int(os.environ.get("BENCH_PORT", "8765"))
SECONDS = int(os.environ.get("BENCH_SECONDS", "4"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
CONNECTIONS = 8
UNITS = {"us": 0.001, "ms": 1, "s": 1000}
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
        self.wait_for_it()
        found = subprocess.run(["ps", "--ppid", str(self.process.pid), "-o", "pid="], capture_output=True, text=True)
        self.pids = [int(pid) for pid in found.stdout.split()]

    def wait_for_it(self) -> None:
        deadline = time.monotonic() + 60
        while True:
            try:
                load.Connection(self.port).ask(load.http_request("GET", "/livez"))
                return
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)

    def measure(self, path: str, cookie: str) -> tuple[float, ...]:
        """
        Return (requests a second, CPU ms a request, p50 ms, p99 ms) at `CONNECTIONS` connections.
        """
        command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "--latency", "-H", f"Cookie: {cookie}"]
        before = load.cpu_seconds(self.pids)
        said = subprocess.run(
            [*command, f"http://127.0.0.1:{self.port}{path}"], capture_output=True, text=True, check=True
        ).stdout
        used = load.cpu_seconds(self.pids) - before
        assert "Non-2xx" not in said and "Socket errors" not in said, said
        count = int(re.search(r"(\d+) requests in", said)[1])
        latencies = [float(value) * UNITS[unit] for value, unit in re.findall(r"(?:50|99)%\s+([\d.]+)(us|ms|s)", said)]
        return count / SECONDS, used / count * 1000, *latencies

    def memory(self) -> float:
        """
        Return the megabytes that its workers hold for themselves.
        """
        pages = 0
        for pid in self.pids:
            with open(f"/proc/{pid}/status") as status:
                pages += int(re.search(r"RssAnon:\s+(\d+) kB", status.read())[1])
        return pages / 1024

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(60)


def main() -> None:
    world.create_database()
    people = world.World()
    session = world.open_session(people.readers[0], world.OURS)
    pages = {
        "nothing": ("/floor/static/", ""),
        "home feed": ("/api/newsfeeds/", session),
        "tweet": (f"/api/tweets/{people.talked_about.id}/", session),
    }
    connection.close()
    servers = {name: Started(PORT + number, make) for number, (name, make) in enumerate(SERVERS.items())}
    try:
        print(f"{'':10} {'':22} {'requests/s':>11} {'CPU ms':>8} {'p50 ms':>8} {'p99 ms':>8}")
        for page, (path, cookie) in pages.items():
            taken = {name: [] for name in servers}
            for turn in range(ROUNDS + 1):
                for name, server in servers.items():
                    measured = server.measure(path, cookie)
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

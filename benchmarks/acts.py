"""
What acting costs, all in: the CPU of every process of the project and of its servers, until the outbox is empty.

    python -m benchmarks.acts [SECONDS]
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
os.environ["PROFILE"] = "stack"

import django  # noqa: E402

django.setup()

from django.db import connection  # noqa: E402

from benchmarks import load, world  # noqa: E402
from outbox.models import Message  # noqa: E402

PORT = int(os.environ.get("BENCH_PORT", "8765"))
TOKEN = "a" * 32
MAX_DRAIN_SECONDS = 60
# The project's own processes, by the command lines of deploy/supervisord.conf.
PROGRAMS = {
    "web": ["-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "twitter.wsgi:application"],
    "relay": ["manage.py", "relay"],
    "fanout": [
        "-m",
        "celery",
        "-A",
        "twitter",
        "worker",
        "-Q",
        "fanout",
        "-n",
        "fanout@%h",
        "-c",
        "2",
        "--prefetch-multiplier",
        "1",
    ],
    "default": ["-m", "celery", "-A", "twitter", "worker", "-Q", "default", "-n", "default@%h", "-c", "1"],
}
# The servers' processes, by their names.
SERVERS = {"mariadbd": "MariaDB", "redis-server": "Redis", "memcached": "Memcached", "beam.smp": "RabbitMQ"}


@contextmanager
def running_programs() -> Iterator[dict[str, list[int]]]:
    """
    Run the project's processes and yield {group: pids}, those of the servers included.
    """
    env = os.environ | {"HOST": "127.0.0.1", "PORT": str(PORT), "WEB_WORKERS": "2", "WEB_THREADS": "4"}
    started = {
        name: subprocess.Popen(
            [sys.executable, *arguments], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for name, arguments in PROGRAMS.items()
    }
    try:
        wait_for_port(PORT)
        # Workers have forked by then, and helpers of their start have ended.
        time.sleep(8)
        groups = {name: family(process.pid) for name, process in started.items()}
        for stat in Path("/proc").glob("[0-9]*/comm"):
            name = stat.read_text().strip()
            if name in SERVERS:
                groups.setdefault(SERVERS[name], []).append(int(stat.parent.name))
        yield groups
    finally:
        for process in started.values():
            process.send_signal(signal.SIGTERM)
        for process in started.values():
            process.wait(40)


def wait_for_port(port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            load.Connection(port).ask(load.http_request("GET", "/livez"))
            return
        except OSError:
            time.sleep(0.2)
    raise TimeoutError("the web server does not answer")


def family(pid: int) -> list[int]:
    """
    Return a process and all that descend from it.
    """
    found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True).stdout.split()
    return [pid, *(descendant for child in found for descendant in family(int(child)))]


def requests_of(path: str, bodies: Sequence[dict], cookies: Sequence[str]) -> list[bytes]:
    return [
        load.http_request(
            "POST",
            path.format(**body),
            cookie=f"{cookie}; csrftoken={TOKEN}",
            body=json.dumps(body).encode(),
            headers=[f"X-CSRFToken: {TOKEN}"],
        )
        for body in bodies
        for cookie in cookies
    ]


def measure(groups: dict[str, list[int]], requests: list[bytes], seconds: float) -> dict[str, float]:
    """
    Hammer for so many seconds, wait until everything has followed, and return the figures of one act.
    """
    before = {name: load.cpu_seconds(pids) for name, pids in groups.items()}
    started = time.monotonic()
    measured = load.measure(PORT, groups["web"], requests, seconds=seconds, expected=201)
    hammered = time.monotonic() - started
    count = measured.requests_per_second * hammered
    while Message.objects.exists():
        if time.monotonic() - started - hammered > MAX_DRAIN_SECONDS:
            raise TimeoutError(
                f"{Message.objects.count()} events are still in the outbox; does somebody else use the queues?"
            )
        time.sleep(0.05)
    drained = time.monotonic() - started - hammered
    used = {name: (load.cpu_seconds(pids) - before[name]) / count * 1000 for name, pids in groups.items()}
    return {
        "acts/s": measured.requests_per_second,
        "p50 ms": measured.p50_ms,
        "p99 ms": measured.p99_ms,
        "drained s": round(drained, 1),
        "CPU ms": round(sum(used.values()), 2),
        **{name: round(ms, 2) for name, ms in used.items()},
    }


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 8.0
    print("Seeding a database of the benchmark's own …", flush=True)
    world.create_database()
    people = world.World()
    world.empty_outbox()
    cookies = [world.open_session(reader, world.OURS) for reader in people.readers]
    author = [world.open_session(people.followees[0], world.OURS)]
    tweets = people.tweets
    likes = [{"content_type": "tweet", "object_id": tweet.id} for tweet in tweets]
    comments = [{"tweet_id": tweet.id, "content": "Well said!"} for tweet in tweets]
    follows = [{"id": user.id} for user in people.crowd[:400]]
    cases = {
        "like": requests_of("/api/likes/", likes, cookies),
        "comment": requests_of("/api/comments/", comments, cookies),
        "follow": requests_of("/api/friendships/{id}/follow/", follows, cookies),
        "post to 40": requests_of("/api/tweets/", [{"content": "Hello to everybody who follows me"}], author),
    }
    connection.close()
    rows = {}
    with running_programs() as groups:
        for name, requests in cases.items():
            rows[name] = measure(groups, requests, seconds)
            print(name, rows[name], flush=True)
    names = list(rows["like"])
    print("\n" + f"{'':12}" + "".join(f"{name:>11}" for name in names))
    for name, row in rows.items():
        print(f"{name:12}" + "".join(f"{row[figure]:11.2f}" for figure in names))


if __name__ == "__main__":
    main()

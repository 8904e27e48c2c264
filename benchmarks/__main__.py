"""
Runs every benchmark and prints one table.
"""

import json
import os
import platform
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
os.environ["PROFILE"] = "stack"

import django  # noqa: E402

django.setup()

from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402

from benchmarks import fan_out, load, stores, world  # noqa: E402
from benchmarks.trips import counted_trips  # noqa: E402
from utils.redis.client import client as redis_client  # noqa: E402

PORT = int(os.environ.get("BENCH_PORT", "8765"))
SECONDS = float(os.environ.get("BENCH_SECONDS", "4"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
TOKEN = "a" * 32
RESULTS = Path(__file__).parent / "results" / "latest.json"


def start_server():
    """
    Serve the project with gunicorn as production does, and return (process, worker pids).
    """
    command = [sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "twitter.wsgi:application"]
    env = os.environ | {"HOST": "127.0.0.1", "PORT": str(PORT), "WEB_WORKERS": "2", "WEB_THREADS": "4"}
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            load.Connection(PORT).ask(load.http_request("GET", "/livez"))
            break
        except OSError:
            time.sleep(0.2)
    children = subprocess.run(["ps", "--ppid", str(process.pid), "-o", "pid="], capture_output=True, text=True).stdout
    return process, [int(pid) for pid in children.split()]


def measure_reads(people, pids):
    """
    Return the home feed beside its floors.
    """
    ours = [world.open_session(reader, world.OURS) for reader in people.readers]
    djangos = [world.open_session(reader, world.DJANGOS) for reader in people.readers]

    def gets(path, cookies):
        requests = [load.http_request("GET", path, cookie=cookie) for cookie in cookies]
        return lambda: load.measure(PORT, pids, requests, seconds=SECONDS)

    runs = {
        "static": gets("/floor/static/", [""]),
        "empty": gets("/floor/empty/", djangos),
        "home_feed": gets("/api/newsfeeds/", ours),
        "timeline": gets(f"/api/tweets/?user_id={people.followees[0].id}", ours),
        "detail": gets(f"/api/tweets/{people.talked_about.id}/", ours),
    }
    for warm_up in runs.values():
        warm_up()
    return load.interleave(ROUNDS, **runs)


def measure_posts(people, pids):
    """
    Return posting for an author without followers and for one with 14,060.
    """

    def posts(author):
        cookie = world.open_session(author, world.OURS) + "; csrftoken=" + "a" * 32
        body = b'{"content": "Hello to everybody who follows me"}'
        request = load.http_request(
            "POST", "/api/tweets/", cookie=cookie, body=body, headers=["X-CSRFToken: " + "a" * 32]
        )

        def run():
            world.empty_outbox()
            return load.measure(PORT, pids, [request], seconds=SECONDS / 2, expected=201)

        return run

    runs = {"post_0": posts(people.lonely), "post_14060": posts(people.star)}
    for warm_up in runs.values():
        warm_up()
    return load.interleave(ROUNDS, **runs)


def measure_writes(people, pids):
    """
    Return likes, comments and logins. Each like is somebody's or something's first.
    """

    def writes(path, bodies, cookies, expected):
        requests = [
            load.http_request(
                "POST",
                path,
                cookie=f"{cookie}; csrftoken={TOKEN}" if cookie else "",
                body=json.dumps(body).encode(),
                headers=[f"X-CSRFToken: {TOKEN}"],
            )
            for body in bodies
            for cookie in cookies
        ]

        def run():
            world.empty_outbox()
            return load.measure(PORT, pids, requests, seconds=SECONDS / 2, expected=expected)

        return run

    ours = [world.open_session(reader, world.OURS) for reader in people.readers]
    tweets = [tweet.id for tweet in people.tweets]
    likes = [{"content_type": "tweet", "object_id": tweet_id} for tweet_id in tweets]
    comments = [{"tweet_id": tweet_id, "content": "Well said!"} for tweet_id in tweets]
    logins = [{"username": user.username, "password": world.PASSWORD} for user in people.door_users]
    return {
        "like": writes("/api/likes/", likes, ours, 201)(),
        "comment": writes("/api/comments/", comments, ours, 201)(),
        "login": writes("/api/accounts/login/", logins, [""], 200)(),
    }


def count_trips(people):
    """
    Return the round trips of a warm home feed.
    """
    browser = Client(HTTP_HOST="127.0.0.1")
    name, _, key = world.open_session(people.readers[0], world.OURS).partition("=")
    browser.cookies[name] = key
    for _ in range(3):
        response = browser.get("/api/newsfeeds/")
    assert response.status_code == 200 and len(response.json()["results"]) == 20
    with counted_trips() as trips:
        browser.get("/api/newsfeeds/")
    return trips


def describe():
    with connection.cursor() as cursor:
        cursor.execute("SELECT VERSION()")
        mariadb = cursor.fetchone()[0]
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    return {
        "when": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "commit": commit,
        "cores": os.cpu_count(),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "django": django.get_version(),
        "mariadb": mariadb,
        "redis": redis_client.call("INFO", "server").split(b"redis_version:")[1].split()[0].decode(),
    }


def main():
    print("Seeding a database of the benchmark's own …", flush=True)
    world.create_database()
    people = world.World()
    trips = count_trips(people)
    connection.close()
    server, pids = start_server()
    try:
        print("Reading …", flush=True)
        reads = measure_reads(people, pids)
        print("Posting …", flush=True)
        posts = measure_posts(people, pids)
        print("Liking, commenting, logging in …", flush=True)
        writes = measure_writes(people, pids)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)
    print("Fanning out …", flush=True)
    rows = fan_out.measure(people)
    results = {"http": {**reads, **posts, **writes}, "trips": trips, "fan_out_rows_per_second": rows}
    if stores.is_there():
        print("HBase beside MariaDB …", flush=True)
        results["stores"] = stores.measure(people)
    report({**describe(), **results})


def report(results):
    http = results["http"]
    ratios = {
        "home feed / authenticated empty view (requests/s)": http["home_feed"].requests_per_second
        / http["empty"].requests_per_second,
        "home feed / static view (requests/s)": http["home_feed"].requests_per_second
        / http["static"].requests_per_second,
        "tweet detail / authenticated empty view (requests/s)": http["detail"].requests_per_second
        / http["empty"].requests_per_second,
        "fan-out / INSERT..SELECT (rows/s)": results["fan_out_rows_per_second"]["tasks"]
        / results["fan_out_rows_per_second"]["insert_select"],
        "fan-out / executemany (rows/s)": results["fan_out_rows_per_second"]["tasks"]
        / results["fan_out_rows_per_second"]["executemany"],
        "POST p50 with 14,060 followers / with none": http["post_14060"].p50_ms / http["post_0"].p50_ms,
    }
    if "stores" in results:
        ratios |= stores.ratios(results["stores"])
    # A core is busy all the time while people log in: what one login takes of it is what limits them.
    results["logins_per_second_and_core"] = round(1000 / http["login"].cpu_ms, 1)
    results["ratios"] = {name: round(value, 2) for name, value in ratios.items()}
    results["http"] = {name: asdict(measured) for name, measured in http.items()}
    print(f"\n{'':12} {'requests/s':>11} {'CPU ms':>8} {'p50 ms':>8} {'p99 ms':>8}")
    for name, one in results["http"].items():
        rate, latencies = f"{one['requests_per_second']:11.0f}", f"{one['p50_ms']:8.1f} {one['p99_ms']:8.1f}"
        print(f"{name:12} {rate} {one['cpu_ms']:8.2f} {latencies}")
    print(
        "\nround trips of a warm home feed:", ", ".join(f"{count} {name}" for name, count in results["trips"].items())
    )
    print(
        "fan-out rows/s:", ", ".join(f"{name} {speed:,}" for name, speed in results["fan_out_rows_per_second"].items())
    )
    if "stores" in results:
        stores.report(results["stores"])
    print(f"logins per second and core: {results['logins_per_second_and_core']}")
    print()
    for name, value in results["ratios"].items():
        print(f"{value:6.2f} ×  {name}")
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=2) + "\n")
    print(f"\nwritten to {RESULTS.relative_to(Path.cwd())}")


if __name__ == "__main__":
    main()

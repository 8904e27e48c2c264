"""
The table that is printed, and the file with all figures.
"""

import json
import os
import platform
import subprocess
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import django
from django.conf import settings
from django.db import connection

from benchmarks import stores
from benchmarks.cases import READ_FLOOR, VIEW_FLOOR, WRITE_FLOOR
from benchmarks.measuring import Measured
from utils.caching.redis.client import client as redis_client

RESULTS = Path(settings.BASE_DIR, "benchmarks", "results", "latest.json")


def show(results: Mapping[str, Measured], more: Mapping, *, is_whole: bool) -> None:
    """
    Print everything; only a whole run becomes results/latest.json.
    """
    machine = describe_machine()
    print(f"\n{machine['when']} · commit {machine['commit']} · Python {machine['python']} · {machine['cores']} cores\n")
    print_table(results)
    print_groups(results)
    if not is_whole:
        return
    print("\nround trips of a warm home feed: " + ", ".join(f"{count} {name}" for name, count in more["trips"].items()))
    speeds = more["fan_out_rows_per_second"]
    print("fan-out rows/s: " + ", ".join(f"{way} {speed:,}" for way, speed in speeds.items()))
    if "stores" in more:
        stores.report(more["stores"])
    ratios = more_ratios(results, more)
    for name, value in ratios.items():
        print(f"{value:6.2f} ×  {name}")
    cases = {name: asdict(measured) for name, measured in results.items()}
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({**machine, "cases": cases, **more, "ratios": ratios}, indent=2) + "\n")
    print(f"\nwritten to {RESULTS.relative_to(settings.BASE_DIR)}")


def save(name: str, content: Mapping) -> None:
    """
    Write results/<name>.json: the machine, and what was measured on it.
    """
    path = RESULTS.with_name(f"{name}.json")
    path.write_text(json.dumps({**describe_machine(), **content}, indent=2) + "\n")
    print(f"\nwritten to {path.relative_to(settings.BASE_DIR)}")


def print_table(results: Mapping[str, Measured]) -> None:
    """
    Print a line a case. The last two columns are ratios of CPU: all of it, against that of the floors of this run.
    """
    view = next(measured.cpu_ms for name, measured in results.items() if name.startswith(VIEW_FLOOR))
    print("| case | requests/s | p50 ms | p99 ms | all-in CPU ms | × empty view | × raw SQL |")
    print("|---|---|---|---|---|---|---|")
    for name, one in results.items():
        floor = results[WRITE_FLOOR if is_write(name) else READ_FLOOR].cpu_ms
        figures = f"{one.requests_per_second:,.0f} | {one.p50_ms:.1f} | {one.p99_ms:.1f} | {one.cpu_ms:.2f}"
        print(f"| {name} | {figures} | {one.cpu_ms / view:.1f} | {one.cpu_ms / floor:.1f} |")


def is_write(name: str) -> bool:
    return name == WRITE_FLOOR or name.startswith(("post", "like", "comment", "follow"))


def print_groups(results: Mapping[str, Measured]) -> None:
    """
    Print whose CPU it was, in milliseconds a request.
    """
    groups = list(dict.fromkeys(group for one in results.values() for group in one.cpu_ms_by_group))
    print(f"\n| CPU ms | {' | '.join(groups)} | drained s |")
    print("|---" * (len(groups) + 2) + "|")
    for name, one in results.items():
        figures = " | ".join(f"{one.cpu_ms_by_group.get(group, 0):.2f}" for group in groups)
        print(f"| {name} | {figures} | {one.drained_seconds:.1f} |")


def more_ratios(results: Mapping[str, Measured], more: Mapping) -> dict[str, float]:
    """
    Return {what is compared: ratio} of what the table does not show.
    """
    by_case = {name.partition(", c=1")[0]: one for name, one in results.items() if name.endswith(", c=1")}
    speeds = more["fan_out_rows_per_second"]
    ratios = {
        "POST p50 with 14,060 followers / with 40": by_case["post to 14,060"].p50_ms / by_case["post"].p50_ms,
        "fan-out / INSERT..SELECT (rows/s)": speeds["tasks"] / speeds["insert_select"],
        "fan-out / executemany (rows/s)": speeds["tasks"] / speeds["executemany"],
    }
    if "stores" in more:
        ratios |= stores.ratios(more["stores"])
    return {name: round(value, 2) for name, value in ratios.items()}


def describe_machine() -> dict[str, str | int | None]:
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

"""
A backlog: how long relay and workers take to handle events that have piled up.

    python -m benchmarks.backlog [--events 100000] [--flamegraphs]
"""

import argparse
import contextlib
import time

from django.db import connection

import benchmarks.environment  # noqa: F401 - first: sets Django up
from benchmarks import events, flamegraphs, world
from benchmarks.programs import running_programs, used_since
from outbox.models import Message

# The last of a hundred thousand may have died with a worker, and comes again after two minutes.
MAX_SECONDS = 600


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--flamegraphs", action="store_true", help="write one of the relay and one of each worker")
    options = parser.parse_args()
    print("Seeding a database of the benchmarks' own …", flush=True)
    people = world.create()
    events.create_events(people, options.events)
    count = Message.objects.count()
    print(f"{count:,} events wait; relay and workers start.", flush=True)
    connection.close()
    with running_programs() as programs, contextlib.ExitStack() as recordings:
        started, before = time.monotonic(), programs.cpu_seconds()
        if options.flamegraphs:
            for group in ("relay", "default", "fanout"):
                recordings.enter_context(flamegraphs.recording(programs.pid(group), f"backlog-{group}"))
        watch(started)
        seconds, used = time.monotonic() - started, used_since(before, programs.cpu_seconds())
    print(f"\ndrained in {seconds:.1f} s: {count / seconds:,.0f} events a second")
    print("CPU ms an event: " + ", ".join(f"{group} {1000 * used[group] / count:.3f}" for group in used))


def watch(started: float) -> None:
    """
    Print what is left every five seconds, until nothing is.
    """
    shown = 0.0
    while left := Message.objects.count():
        elapsed = time.monotonic() - started
        if elapsed > MAX_SECONDS:
            raise TimeoutError(f"{left} events are left after {MAX_SECONDS} s")
        if elapsed - shown >= 5:
            shown = elapsed
            print(f"{elapsed:6.0f} s  {left:9,} left", flush=True)
        time.sleep(0.2)


if __name__ == "__main__":
    main()

"""
Measures the cases and prints one table: `make bench`.

    python -m benchmarks [--only NAME ...] [--seconds 4] [--rounds 3] [--flamegraphs]

NAME is the beginning of a case's name: --only like post. The floors are always measured.
"""

import argparse
import contextlib

import benchmarks.environment  # noqa: F401 - first: sets Django up
from benchmarks import fan_out, flamegraphs, floors, report, stores, world
from benchmarks.cases import READ_FLOOR, VIEW_FLOOR, WRITE_FLOOR, Case, all_cases
from benchmarks.measuring import Measured, measure, medians, send
from benchmarks.programs import Programs, running_programs, wait_until_drained
from benchmarks.round_trips import count_for_home_feed

WARM_UP_SECONDS = 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", metavar="NAME", help="cases whose names begin so, and nothing but cases")
    parser.add_argument("--seconds", type=float, default=4, help="of load for each case and round (4)")
    parser.add_argument("--rounds", type=int, default=3, help="of which the median is shown (3)")
    parser.add_argument("--flamegraphs", action="store_true", help="afterwards write docs/flamegraphs, one a case")
    options = parser.parse_args()
    print("Seeding a database of the benchmarks' own …", flush=True)
    people = world.create()
    more = {} if options.only else {"trips": count_for_home_feed(people)}
    with running_programs() as programs:
        cases = [case for case in all_cases(people) if is_wanted(case, options.only)]
        results = measure_all(cases, people, programs, options.seconds, options.rounds)
        if options.flamegraphs:
            draw(cases, programs, options.seconds)
    if not options.only:
        more["fan_out_rows_per_second"] = fan_out.measure(people)
        if stores.is_configured():
            more["stores"] = stores.measure(people)
    report.show(results, more, is_whole=not options.only)


def is_wanted(case: Case, names: list[str] | None) -> bool:
    return not names or case.name == VIEW_FLOOR or case.name.startswith(tuple(names))


def measure_all(
    cases: list[Case], people: world.World, programs: Programs, seconds: float, rounds: int
) -> dict[str, Measured]:
    runs = {
        READ_FLOOR: lambda: floors.measure_read(people, WARM_UP_SECONDS),
        WRITE_FLOOR: lambda: floors.measure_write(people, WARM_UP_SECONDS),
    }
    for case in cases:
        print(f"Warming up: {case.title}", flush=True)
        send(case, WARM_UP_SECONDS)
        wait_until_drained()
        runs[case.title] = lambda case=case: measure(case, programs, seconds)
    print(f"Measuring {len(runs)} cases in {rounds} rounds …", flush=True)
    return medians(rounds, runs)


def draw(cases: list[Case], programs: Programs, seconds: float) -> None:
    """
    Write a flame graph of the web server for each case, and of the worker behind it for each act.
    """
    for case in cases:
        name = case.title.replace(", c=", "-").replace(" ", "-").replace(",", "")
        print(f"Drawing {name}", flush=True)
        with contextlib.ExitStack() as recordings:
            recordings.enter_context(flamegraphs.recording(programs.pid("web"), name))
            if case.is_act:
                worker = "fanout" if case.name.startswith("post") else "default"
                recordings.enter_context(flamegraphs.recording(programs.pid(worker), f"{name}-worker"))
            send(case, seconds)
            wait_until_drained()


if __name__ == "__main__":
    main()

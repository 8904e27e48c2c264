"""
Capacity: mixed acts at a rate of so many a second, and how old the oldest event becomes that is not handled yet.

    python -m benchmarks.capacity                               a rising rate, until the oldest event passes 2 s
    python -m benchmarks.capacity --rate 250 --minutes 10       one rate
"""

import argparse
import itertools
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

import benchmarks.environment
from benchmarks import world
from benchmarks.cases import Case, all_cases
from benchmarks.http import Connection
from benchmarks.programs import running_programs, wait_until_drained
from outbox.services import OutboxService

MAX_AGE_SECONDS = 2.0
# The rates of the rising run, and how long each of them lasts.
FIRST_RATE, FACTOR, STEP_SECONDS = 50, 1.25, 20
# Enough connections that a request which takes a tenth of a second holds up no other one.
CONNECTIONS = 32
# Of twelve acts: nobody writes as much as they like.
MIX = {"like": 6, "comment": 3, "post": 2, "follow": 1}


@dataclass
class Outcome:
    """
    What became of the acts of one rate. Seconds; `ages` are those of the oldest event, four times a second.
    """

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    ages: list[float] = field(default_factory=list)
    wrong: list[int] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.seconds

    def __str__(self) -> str:
        return (
            f"{self.rate:6.0f} acts/s  p50 {1000 * percentile(self.latencies, 50):5.0f} ms  "
            f"p99 {1000 * percentile(self.latencies, 99):5.0f} ms  "
            f"oldest event p99 {percentile(self.ages, 99):5.2f} s  wrong {len(self.wrong)}"
        )

    def is_sustained(self, rate: float) -> bool:
        return not self.wrong and self.rate > 0.95 * rate and percentile(self.ages, 99) < MAX_AGE_SECONDS


def percentile(values: Sequence[float], percent: int) -> float:
    ordered = sorted(values) or [0.0]
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, help="acts a second; without it a rising rate")
    parser.add_argument("--minutes", type=float, default=1, help="how long, with --rate (1)")
    options = parser.parse_args()
    print("Seeding a database of the benchmarks' own …", flush=True)
    people = world.create()
    with running_programs():
        acts = mixed(all_cases(people))
        run(acts, rate=20, seconds=5)
        wait_until_drained()
        if options.rate:
            outcome = run(acts, rate=options.rate, seconds=60 * options.minutes)
            print(f"{outcome}\n{'sustained' if outcome.is_sustained(options.rate) else 'NOT sustained'}")
        else:
            print(f"sustained: {find_limit(acts):.0f} acts a second")


def find_limit(acts: Iterator[tuple[bytes, int]]) -> float:
    """
    Raise the rate by a quarter a step, and return the last one that was sustained.
    """
    sustained, rate = 0.0, float(FIRST_RATE)
    while True:
        outcome = run(acts, rate=rate, seconds=STEP_SECONDS)
        print(outcome, flush=True)
        if not outcome.is_sustained(rate):
            return sustained
        sustained, rate = outcome.rate, rate * FACTOR


def mixed(cases: Sequence[Case]) -> Iterator[tuple[bytes, int]]:
    """
    Yield (request, expected status) of all four kinds, in an order that is random and always the same.
    """
    by_name = {case.name: case for case in cases if case.connections > 1}
    # Of one user's acts on many things and many users' acts on one thing, neither shall come in a row.
    random = Random(1)
    left = {name: random.sample(by_name[name].requests, len(by_name[name].requests)) for name in MIX}
    names = [name for name, share in MIX.items() for _ in range(share)]
    while all(left.values()):
        name = random.choice(names)
        yield left[name].pop(), by_name[name].expected


def run(acts: Iterator[tuple[bytes, int]], *, rate: float, seconds: float) -> Outcome:
    """
    Send acts at this rate, whether or not those before have been answered, as long as a connection is free.
    """
    outcome, lock, numbers = Outcome(), threading.Lock(), itertools.count()
    started = time.monotonic()

    def work() -> None:
        connection = Connection(benchmarks.environment.PORT)
        while True:
            with lock:
                due = started + next(numbers) / rate
                request, expected = next(acts)
            if due > started + seconds:
                return
            time.sleep(max(0.0, due - time.monotonic()))
            begun = time.monotonic()
            status, _ = connection.send(request)
            outcome.latencies.append(time.monotonic() - begun)
            if status != expected:
                outcome.wrong.append(status)

    threads = [threading.Thread(target=work) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        outcome.ages.append(OutboxService.get_oldest_age())
        time.sleep(0.25)
    outcome.seconds = time.monotonic() - started
    return outcome


if __name__ == "__main__":
    main()

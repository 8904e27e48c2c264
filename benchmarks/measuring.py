"""
Measuring a case all-in: what every process has used until all that had to follow has followed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from benchmarks.cases import Case
from benchmarks.environment import PORT
from benchmarks.programs import Programs, Usage, used_since, wait_until_drained
from benchmarks.wrk import Load, hammer


@dataclass(frozen=True, slots=True)
class Measured:
    """
    Figures of one case; CPU in milliseconds a request, background work included.
    """

    requests_per_second: float
    p50_ms: float
    p99_ms: float
    drained_seconds: float
    cpu_ms: float
    cpu_ms_by_group: Usage

    @classmethod
    def of(
        cls, *, count: int, seconds: float, p50_ms: float, p99_ms: float, drained_seconds: float, used: Usage
    ) -> "Measured":
        by_group = {group: 1000 * cpu / count for group, cpu in used.items()}
        return cls(count / seconds, p50_ms, p99_ms, drained_seconds, sum(by_group.values()), by_group)


def measure(case: Case, programs: Programs, seconds: float) -> Measured:
    """
    Send the requests of a case for so many seconds, wait for what follows, and return its figures.
    """
    case.renew_requests()
    before = programs.cpu_seconds()
    load = hammer_case(case, seconds)
    drained = wait_until_drained()
    return Measured.of(
        count=load.count,
        seconds=load.seconds,
        p50_ms=load.p50_ms,
        p99_ms=load.p99_ms,
        drained_seconds=drained,
        used=used_since(before, programs.cpu_seconds()),
    )


def send(case: Case, seconds: float) -> Load:
    """
    Send the requests of a case for so many seconds without measuring: to warm up, to record.
    """
    case.renew_requests()
    return hammer_case(case, seconds)


def hammer_case(case: Case, seconds: float) -> Load:
    load = hammer(
        PORT, case.requests, connections=case.connections, seconds=case.seconds or seconds, expected=case.expected
    )
    case.drop_sent(load.count)
    return load


def medians(rounds: int, runs: Mapping[str, Callable[[], Measured]]) -> dict[str, Measured]:
    """
    Run all of them in turn, several times over, and return for each the run of median CPU: drift hits all alike.
    """
    taken: dict[str, list[Measured]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            taken[name].append(run())
    return {
        name: sorted(all_of_it, key=lambda one: one.cpu_ms)[len(all_of_it) // 2] for name, all_of_it in taken.items()
    }

"""
That nothing is lost by whatever happens to the project under load.
"""

import os
import time
from collections.abc import Sequence

import pytest

from faults.checker import Checker, feed_fsck
from faults.cluster_scenarios import CLUSTER_SCENARIOS
from faults.control import World
from faults.load import Call, Load, Outcome, Person
from faults.report import Report, Row
from faults.scenarios import READ_SECONDS, SCENARIOS, Scenario

PEOPLE = 4
BASELINE_SECONDS = 6
RECOVERY_SECONDS = 3
# A database or a web server that was away may need so long to be found again.
RESTART_SECONDS = 10
# Of a machine that is busy with others: what took long before the fault may take longer during it.
FACTOR = 5


CHOSEN = CLUSTER_SCENARIOS if os.environ.get("FAULTS") == "cluster" else SCENARIOS


@pytest.mark.parametrize(
    "scenario", [pytest.param(it, id=it.sentence, marks=[pytest.mark.brief] * it.is_brief) for it in CHOSEN]
)
def test_nothing_is_lost_when(scenario: Scenario, world: World, report: Report) -> None:
    people = world.make_people(PEOPLE)
    with Load(people) as load:
        load.runs_for(BASELINE_SECONDS)
        begin = time.monotonic()
        with scenario.fault(world):
            load.runs_for(scenario.seconds)
        end = time.monotonic()
        load.runs_for(RESTART_SECONDS * scenario.is_away + RECOVERY_SECONDS)
    settled, complaints = settle(people, scenario.settled_seconds)
    before, during = load.split(begin)
    found_at = RESTART_SECONDS + (end if scenario.is_away else begin)
    bounded = [call for call in during if call.at >= found_at or not (scenario.is_away or scenario.fails_over)]
    reads = Latency("reads", before, bounded, READ_SECONDS)
    writes = Latency("writes", before, bounded, scenario.write_seconds)
    complaints += [*bad_answers(during, scenario), *reads.complaints, *writes.complaints]
    figures = {
        "calls": f"{len(load.calls):,}",
        "unknown": str(sum(call.outcome is Outcome.UNKNOWN for call in during)),
        "reads": str(reads),
        "writes": str(writes),
        "settled": f"{settled:.1f}",
    }
    fault = begin - load.started_at, end - load.started_at
    report.rows.append(Row(scenario.sentence, load.calls, load.started_at, fault, figures, complaints))

    assert not complaints, "\n".join(complaints[:20])


def settle(people: Sequence[Person], limit: float) -> tuple[float, list[str]]:
    """
    Look until all is well, `limit` seconds at most; return when the last look began, and what it found.
    """
    started = time.monotonic()
    while True:
        seconds = time.monotonic() - started
        complaints = Checker(people).look() or feed_fsck()
        if not complaints or seconds > limit:
            return seconds, complaints
        time.sleep(0.5)


def bad_answers(calls: Sequence[Call], scenario: Scenario) -> list[str]:
    bad = [call for call in calls if call.status not in scenario.allowed and not call.is_answered]
    return [f"{call.act} was answered with {call.status} after {call.seconds:.2f} s" for call in bad]


class Latency:
    """
    The 99th percentile of reads or writes before a fault and during it, in seconds.

    The bound is the one that is promised, or more where the calls before it say that the machine is busy with others.
    """

    def __init__(self, name: str, before: Sequence[Call], during: Sequence[Call], promised: float) -> None:
        self.name = name
        self.is_read = name == "reads"
        self.before, self.during = (p99(calls, is_read=self.is_read) for calls in (before, during))
        self.slowest = sorted((it for it in during if it.is_read is self.is_read), key=lambda it: -it.seconds)[:3]
        self.bound = max(promised, FACTOR * self.before)

    def __str__(self) -> str:
        return f"{self.before:.2f} → {self.during:.2f} ≤ {self.bound:.2f}"

    @property
    def complaints(self) -> list[str]:
        if self.during <= self.bound:
            return []
        slowest = ", ".join(f"{it.act} {it.seconds:.2f} s ({it.status})" for it in self.slowest)
        return [f"p99 of {self.name} is {self.during:.2f} s, more than {self.bound:.2f} s; the slowest: {slowest}"]


def p99(calls: Sequence[Call], *, is_read: bool) -> float:
    seconds = sorted(call.seconds for call in calls if call.is_read is is_read)
    return seconds[int(len(seconds) * 0.99)] if seconds else 0.0

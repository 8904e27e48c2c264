"""
The report of a run: a table of the scenarios, and for each a plot of rate, errors and latency over time.
"""

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from faults.load import Call, Outcome

TITLE = """# What was broken under load, and what held

Written by `make faults`. In each scenario people post, follow, like, comment, delete and read without pause while a part
of the project or of its servers is killed or stands still; then everything that the API shows is compared with what
was acknowledged. Latencies are the 99th percentile in seconds: before the fault → during it ≤ its bound; *unknown* are the calls
without a clear answer, each of which may have done its work or not; *settled*, how many seconds after the load everything
was right. A bound is what is promised, or five times the latency before the fault where a busy machine makes that more.
"""
WIDTH, LANE, LEFT, GAP = 720, 90, 60, 26


@dataclass(frozen=True)
class Row:
    """
    What one scenario measured. Seconds, the fault's from the beginning of the load on.
    """

    name: str
    calls: Sequence[Call]
    started_at: float
    fault: tuple[float, float]
    figures: dict[str, str]
    complaints: Sequence[str]


class Report:
    """
    Collects a row for each scenario that came to its end, of `count` that were begun.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self.rows: list[Row] = []
        self.started_at = datetime.now(UTC)

    def write(self, folder: Path) -> None:
        """
        Write README.md and the plots into a folder.
        """
        folder.mkdir(parents=True, exist_ok=True)
        held = sum(not row.complaints for row in self.rows)
        seconds = (datetime.now(UTC) - self.started_at).total_seconds()
        names = list(dict.fromkeys(name for row in self.rows for name in row.figures))
        lines = [
            TITLE,
            f"{self.started_at:%Y-%m-%d %H:%M} UTC, Python {platform.python_version()}, {platform.machine()}: "
            f"{held} of {self.count} scenarios held in {seconds:.0f} s.\n",
            f"| scenario | outcome | {' | '.join(names)} |",
            "|---" * (len(names) + 2) + "|",
        ]
        for row in self.rows:
            outcome = "**broken**" if row.complaints else "held"
            figures = " | ".join(row.figures.get(name, "–") for name in names)
            lines.append(f"| [{row.name}]({file_name(row)}) | {outcome} | {figures} |")
            (folder / file_name(row)).write_text(plot(row))
        for row in self.rows:
            lines += [f"\n## {row.name}\n", f"![{row.name}]({file_name(row)})", *(f"\n* {it}" for it in row.complaints)]
        (folder / "README.md").write_text("\n".join(lines) + "\n")


def file_name(row: Row) -> str:
    return f"{''.join(letter if letter.isalnum() else '-' for letter in row.name)}.svg"


def per_second(row: Row) -> dict[str, list[float]]:
    """
    Return what each lane of a plot shows, a number for each second.
    """
    length = int(max((call.at for call in row.calls), default=row.started_at) - row.started_at) + 1
    seconds: list[list[Call]] = [[] for _ in range(length)]
    for call in row.calls:
        seconds[int(call.at - row.started_at)].append(call)
    return {
        "calls/s": [float(len(calls)) for calls in seconds],
        "not ok/s": [float(sum(call.outcome is not Outcome.OK for call in calls)) for calls in seconds],
        "slowest, s": [max((call.seconds for call in calls), default=0.0) for calls in seconds],
    }


def plot(row: Row) -> str:
    """
    Return an SVG with a lane for each measure; the time of the fault is shaded.
    """
    lanes = per_second(row)
    length = max(len(next(iter(lanes.values()))), 2)
    step = (WIDTH - LEFT - 10) / (length - 1)
    height = len(lanes) * (LANE + GAP) + 10
    start, end = (LEFT + step * moment for moment in row.fault)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="11">',
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        f'<rect x="{start:.1f}" width="{end - start:.1f}" height="{height}" fill="#fbe3e0"/>',
    ]
    for number, ((name, values), color) in enumerate(zip(lanes.items(), ("#1b6ca8", "#c0392b", "#6a4c93"))):
        bottom = (number + 1) * (LANE + GAP) - 10
        top = max(values) or 1
        points = " ".join(
            f"{LEFT + step * second:.1f},{bottom - LANE * value / top:.1f}" for second, value in enumerate(values)
        )
        parts += [
            f'<line x1="{LEFT}" x2="{WIDTH - 10}" y1="{bottom}" y2="{bottom}" stroke="#999"/>',
            f'<text x="4" y="{bottom - LANE + 4}">{top:.3g}</text><text x="4" y="{bottom}">0</text>',
            f'<text x="{LEFT}" y="{bottom - LANE - 4}">{name}</text>',
            f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="1.5"/>',
        ]
    return "\n".join([*parts, "</svg>"]) + "\n"

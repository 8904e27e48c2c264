"""
The report of a run: a row for each check, with its measurements.
"""

import platform
from datetime import UTC, datetime
from pathlib import Path

from pytest import TestReport

TITLE = """# What was attacked, and what held

Written by `make attacks`. Each row is a test of the folder `attacks/`, run over HTTP against the server in production
settings on the real stack. [The threat model](../threat-model.md) says what may be attacked, by whom, and what is
trusted.
"""


class Report:
    """
    Collects the outcome of each check while pytest runs.
    """

    def __init__(self) -> None:
        self.rows: list[tuple[str, str, str, str, float]] = []
        self.started_at = datetime.now(UTC)

    def add(self, result: TestReport, measured: list[str]) -> None:
        theme = Path(result.fspath).stem.removeprefix("test_").replace("_", " ")
        name, _, case = result.nodeid.partition("::")[2].partition("[")
        sentence = name.removeprefix("test_").replace("_", " ")
        if case:
            # The text of a case may be thousands of characters long.
            sentence += f": `{case.removesuffix(']').replace('`', '')[:60]}`"
        outcome = "held" if result.passed else "**broken**"
        self.rows.append((theme, sentence, outcome, "; ".join(measured) or "–", result.duration))

    def write(self, path: Path, cases: int) -> None:
        held = sum(outcome == "held" for _, _, outcome, *_ in self.rows)
        seconds = (datetime.now(UTC) - self.started_at).total_seconds()
        lines = [
            TITLE,
            f"{self.started_at:%Y-%m-%d %H:%M} UTC, Python {platform.python_version()}, {platform.machine()}: "
            f"{held} of {len(self.rows)} checks held in {seconds:.0f} s; the fuzzer sent {cases:,} cases.",
        ]
        for theme in dict.fromkeys(row[0] for row in self.rows):
            lines += [f"\n## {theme.capitalize()}\n", "| check | outcome | measured | seconds |", "|---|---|---|---|"]
            lines += [
                f"| {cell(sentence)} | {outcome} | {cell(measured)} | {duration:.1f} |"
                for row_theme, sentence, outcome, measured, duration in self.rows
                if row_theme == theme
            ]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(lines) + "\n")


def cell(text: str) -> str:
    """
    Return a text escaped for a cell of a Markdown table.
    """
    return text.replace("|", "&#124;")

"""
The report: Markdown in English and Chinese, JSON, and pictures.
"""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from string import Template
from typing import Any

from newsfeeds.lab.costs import MIXES, Crossover, Spread, Summary, choose, find_crossovers
from newsfeeds.lab.plots import draw
from newsfeeds.lab.trace import Trace
from newsfeeds.lab.words import WORDS, Words

# Figures that are shown in one table, in this order: rows of the report's second table.
FIGURES = (
    "post_cpu_ms",
    "post_rows",
    "post_round_trips",
    "read_cpu_ms",
    "read_p50_ms",
    "read_p99_ms",
    "read_round_trips",
    "fresh_p50_ms",
    "fresh_p99_ms",
    "fresh_worst_ms",
    "stored_rows",
    "stored_bytes",
)


@dataclass(frozen=True, slots=True)
class Run:
    """
    What was run, and where: the head of the report.

    :param graph: the name of the file, or "generated".
    """

    command: str
    commit: str
    profile: str
    graph: str
    repeats: int
    seconds: float

    @property
    def machine(self) -> str:
        return f"{os.cpu_count()} × {platform.machine()}, {platform.system()}, Python {platform.python_version()}"


def write(folder: Path, run: Run, trace: Trace, summaries: Sequence[Summary]) -> None:
    """
    Write report.md, report.zh-CN.md, report.json and the pictures into the folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    crossovers = find_crossovers(summaries)
    for name, words in WORDS.items():
        (folder / name).write_text(Page(words, run, trace, summaries, crossovers).text(), encoding="utf-8")
        draw(summaries, words, folder)
    values = {
        **asdict(run),
        "machine": run.machine,
        "trace": {
            "seed": trace.seed,
            "sha256": trace.digest,
            "mix": trace.mix,
            "history": len(trace.history),
            "acts": trace.count(),
        },
        "strategies": [asdict(summary) for summary in summaries],
        "totals": {s.strategy: {mix: s.total_cpu_ms(mix) for mix in MIXES} for s in summaries},
        "crossovers": [asdict(crossover) for crossover in crossovers],
        "choice": chosen.strategy if (chosen := choose(summaries, trace.mix)) else None,
    }
    (folder / "report.json").write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Page:
    """
    The report in one language.
    """

    words: Words
    run: Run
    trace: Trace
    summaries: Sequence[Summary]
    crossovers: Sequence[Crossover]

    def text(self) -> str:
        parts = {
            "machine": self.run.machine,
            "commit": self.run.commit,
            "command": self.run.command,
            "profile": self.run.profile,
            "graph": self.words["generated"] if self.run.graph == "generated" else self.run.graph,
            "people": f"{len({id for edge in self.trace.edges for id in edge}):,}",
            "edges": f"{len(self.trace.edges):,}",
            "history": f"{len(self.trace.history):,}",
            "acts": self.words["comma"].join(
                f"{count:,} {self.words[f'kind_{kind}']}" for kind, count in sorted(self.trace.count().items())
            ),
            "seed": self.trace.seed,
            "digest": self.trace.digest,
            "repeats": self.run.repeats,
            "mix": f"{self.trace.mix:g}",
            "seconds": f"{self.run.seconds:.0f}",
            "choice": self.choice(),
            "truth": self.truth(),
            "figures": self.figures(),
            "classes": self.classes(),
            "totals": self.totals(),
            "crossovers": self.crossing(),
        }
        return Template(self.words["page"]).substitute(parts)

    def say(self, name: str, **values: Any) -> str:  # Any: what is filled in
        return Template(self.words[name]).substitute(values)

    def choice(self) -> str:
        chosen = choose(self.summaries, self.trace.mix)
        if chosen is None:
            return self.words["no_choice"]
        others = [summary for summary in self.summaries if summary is not chosen and not summary.differences]
        total = number(chosen.total_cpu_ms(self.trace.mix))
        if not others:
            return self.say("only_choice", strategy=chosen.strategy, total=total)
        second = min(others, key=lambda summary: summary.total_cpu_ms(self.trace.mix))
        why = self.say(
            "choice",
            strategy=chosen.strategy,
            mix=f"{self.trace.mix:g}",
            total=total,
            second=second.strategy,
            second_total=number(second.total_cpu_ms(self.trace.mix)),
            post=number(chosen.figures["post_cpu_ms"].median),
            read=number(chosen.figures["read_cpu_ms"].median),
            second_post=number(second.figures["post_cpu_ms"].median),
            second_read=number(second.figures["read_cpu_ms"].median),
        )
        return self.words["space"].join([why, self.turning_point(chosen.strategy, second.strategy)])

    def turning_point(self, chosen: str, second: str) -> str:
        """
        Return the sentence that says at which mix the other one would be chosen.
        """
        (crossover,) = find_crossovers([one for one in self.summaries if one.strategy in {chosen, second}])
        if crossover.reads_per_post is None:
            return self.say("choice_always", second=second)
        name = "choice_below" if crossover.below == chosen else "choice_above"
        return self.say(name, second=second, point=number(crossover.reads_per_post))

    def truth(self) -> str:
        return table(
            self.words["truth_titles"].split("|"),
            [[summary.strategy, f"{summary.pages:,}", f"{summary.differences:,}"] for summary in self.summaries],
        )

    def figures(self) -> str:
        rows = [[self.words[name], *(spread(summary.figures[name]) for summary in self.summaries)] for name in FIGURES]
        return table(["", *self.names()], rows)

    def classes(self) -> str:
        rows = [
            [
                name,
                summary.strategy,
                *(number(figures[key]) for key in ("posts", "cpu_ms", "rows", "bytes", "round_trips")),
            ]
            for summary in self.summaries
            for name, figures in summary.by_class.items()
        ]
        return table(self.words["class_titles"].split("|"), sorted(rows, key=lambda row: row[0]))

    def totals(self) -> str:
        rows = [[f"{mix:,}", *(number(summary.total_cpu_ms(mix)) for summary in self.summaries)] for mix in MIXES]
        return table([self.words["reads_per_post"], *self.names()], rows)

    def crossing(self) -> str:
        rows = [
            [one.below, one.above, self.point(one.reads_per_post), self.point(one.predicted)] for one in self.crossovers
        ]
        return table(self.words["crossover_titles"].split("|"), rows)

    def point(self, value: float | None) -> str:
        return self.words["never"] if value is None else number(value)

    def names(self) -> list[str]:
        return [f"`{summary.strategy}`" for summary in self.summaries]


def number(value: float) -> str:
    """
    Return three significant digits, or whole numbers with commas where they have more.
    """
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"


def spread(values: Spread) -> str:
    if values.low == values.high:
        return number(values.median)
    return f"{number(values.median)} ({number(values.low)}–{number(values.high)})"


def table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)

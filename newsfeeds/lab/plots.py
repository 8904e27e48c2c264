"""
The pictures of the report, as SVG: readable without a network, and the same bytes for the same figures.
"""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from newsfeeds.lab.costs import CLASSES, MIXES, Summary

# Text stays text, for readers and for searching; ids that are drawn by chance would change with every run.
mpl.rcParams |= {"svg.fonttype": "none", "svg.hashsalt": "lab", "font.family": "sans-serif"}
SIZE = (7, 4)


def draw(summaries: Sequence[Summary], folder: Path) -> None:
    """
    Write totals.svg, posts.svg and reads.svg into the folder.
    """
    for name, plot in {"totals": draw_totals, "posts": draw_posts, "reads": draw_reads}.items():
        figure = Figure(figsize=SIZE, layout="constrained")
        plot(figure.subplots(), summaries)
        figure.savefig(folder / f"{name}.svg", metadata={"Date": None})


def draw_totals(axes: Axes, summaries: Sequence[Summary]) -> None:
    for summary in summaries:
        axes.plot(MIXES, [summary.total_cpu_ms(mix) for mix in MIXES], marker="o", label=summary.strategy)
    axes.set(xscale="log", yscale="log", xlabel="reads per post", ylabel="CPU ms of a post and its reads")
    axes.legend()
    axes.grid(visible=True, alpha=0.3)


def draw_posts(axes: Axes, summaries: Sequence[Summary]) -> None:
    for summary in summaries:
        names = [name for name in CLASSES if name in summary.by_class]
        axes.plot(names, [summary.by_class[name]["cpu_ms"] for name in names], marker="o", label=summary.strategy)
    axes.set(yscale="log", xlabel="followers of the author", ylabel="CPU ms of a post")
    axes.legend()
    axes.grid(visible=True, alpha=0.3)


def draw_reads(axes: Axes, summaries: Sequence[Summary]) -> None:
    for offset, figure in ((-0.2, "read_p50_ms"), (0.2, "read_p99_ms")):
        spreads = [summary.figures[figure] for summary in summaries]
        places = [index + offset for index in range(len(summaries))]
        heights = [spread.median for spread in spreads]
        errors = [
            [spread.median - spread.low for spread in spreads],
            [spread.high - spread.median for spread in spreads],
        ]
        axes.bar(places, heights, width=0.4, yerr=errors, label=figure.split("_")[1])
    axes.set_xticks(range(len(summaries)), [summary.strategy for summary in summaries])
    axes.set(ylabel="ms of a first page")
    axes.legend()

"""
The pictures of the report, as SVG: readable without a network, and the same bytes for the same figures.
"""

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

from newsfeeds.lab.costs import CLASSES, MIXES, Summary, find_crossovers
from newsfeeds.lab.words import Words
from newsfeeds.services.strategies import STRATEGIES

# Any: colours, sizes, flags.
STYLE: dict[str, Any] = {
    # Text stays text, for readers and for searching; ids that are drawn by chance would change with every run.
    "svg.fonttype": "none",
    "svg.hashsalt": "lab",
    "font.size": 10.5,
    "axes.titlesize": 11.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 12,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#999999",
    "axes.labelcolor": "#444444",
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": "#e4e4e4",
    "xtick.color": "#444444",
    "ytick.color": "#444444",
    "legend.frameon": False,
    "lines.linewidth": 2.2,
    "lines.markersize": 6,
}
# Told apart by people who do not see all colours too (Okabe and Ito).
COLOURS = ("#0072b2", "#d55e00", "#e69f00", "#009e73", "#cc79a7", "#56b4e9")
GREY = "#555555"
# Pictures whose colours a legend explains; the others have a row for each strategy.
NAMED_BELOW = ("totals", "posts")
# Inches.
WIDE, NARROW, HIGH = 10.0, 7.0, 4.4
# Height of a row that is one strategy, and of what is around the rows.
ROW, AROUND = 0.45, 1.5
# Where bars of a logarithmic axis begin: below a single row.
LEAST_ROWS = 0.5
# Points of a curve.
STEPS = 200


def draw(summaries: Sequence[Summary], words: Words, folder: Path) -> None:
    """
    Write the pictures in one language into the folder: totals, posts, reads, freshness, storage.
    """
    rows = AROUND + ROW * len(summaries)
    pictures: dict[str, tuple[tuple[float, float], Sequence[Callable[[Axes, Sequence[Summary], Words], None]]]] = {
        "totals": ((WIDE, HIGH), [draw_totals, draw_ratios]),
        "posts": ((WIDE, HIGH), [draw_post_cpu, draw_post_rows]),
        "reads": ((WIDE, rows), [draw_read_cpu, draw_read_waits]),
        "freshness": ((NARROW, rows), [draw_freshness]),
        "storage": ((NARROW, rows), [draw_storage]),
    }
    with style.context(STYLE), warnings.catch_warnings():
        # Where the machine has no Chinese font: text stays text, and the reader's machine has one.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        for name, (size, parts) in pictures.items():
            figure = Figure(figsize=size, layout="constrained")
            for index, part in enumerate(parts, start=1):
                part(figure.add_subplot(1, len(parts), index), summaries, words)
            if name in NAMED_BELOW:
                handles, labels = figure.axes[0].get_legend_handles_labels()
                figure.legend(handles, labels, loc="outside lower center", ncols=len(summaries))
            figure.savefig(folder / f"{name}{words['suffix']}.svg", metadata={"Date": None})


def get_colour(strategy: str) -> str:
    """
    Return the colour of a strategy, which is the same in every picture, whatever is played beside it.
    """
    return COLOURS[list(STRATEGIES).index(strategy) % len(COLOURS)]


def draw_totals(axes: Axes, summaries: Sequence[Summary], words: Words) -> None:
    for summary in summaries:
        totals = [summary.total_cpu_ms(mix) for mix in MIXES]
        axes.plot(MIXES, totals, marker="o", color=get_colour(summary.strategy), label=summary.strategy)
    axes.set(title=words["plot_totals"], xlabel=words["reads_per_post"], ylabel=words["cpu_ms"])
    label_logarithms(axes, "x", subs=(1,))
    label_logarithms(axes, "y", subs=(1,))


def draw_ratios(axes: Axes, summaries: Sequence[Summary], words: Words) -> None:
    # Lines of totals are straight; their ratios are not, and take more points.
    mixes = [MIXES[0] * (MIXES[-1] / MIXES[0]) ** (step / STEPS) for step in range(STEPS + 1)]
    cheapest = [min(summary.total_cpu_ms(mix) for summary in summaries) for mix in mixes]
    for summary in summaries:
        ratios = [summary.total_cpu_ms(mix) / least for mix, least in zip(mixes, cheapest)]
        axes.plot(mixes, ratios, color=get_colour(summary.strategy))
    axes.set(title=words["plot_ratios"], xlabel=words["reads_per_post"])
    label_logarithms(axes, "x", subs=(1,))
    axes.yaxis.set_major_formatter("{x:,g} ×")
    for point in find_turning_points(summaries):
        axes.axvline(point, color=GREY, linewidth=1, linestyle=(0, (3, 3)), zorder=1)
        transform = axes.get_xaxis_transform()
        axes.text(point, 0.98, f"{point:,.3g}", rotation=90, va="top", ha="right", color=GREY, transform=transform)


def find_turning_points(summaries: Sequence[Summary]) -> list[float]:
    """
    Return the reads per post at which another strategy becomes the cheapest of all, if that is in the picture.
    """

    def cheapest_at(mix: float) -> str:
        return min(summaries, key=lambda summary: summary.total_cpu_ms(mix)).strategy

    return [
        point
        for crossover in find_crossovers(summaries)
        if (point := crossover.reads_per_post or 0) >= MIXES[0]
        and point <= MIXES[-1]
        and cheapest_at(0.999 * point) == crossover.below
        and cheapest_at(1.001 * point) == crossover.above
    ]


def draw_post_cpu(axes: Axes, summaries: Sequence[Summary], words: Words) -> None:
    draw_by_class(axes, summaries, "cpu_ms")
    axes.set(title=words["plot_post_cpu"], xlabel=words["followers"], ylabel=words["cpu_ms"])


def draw_post_rows(axes: Axes, summaries: Sequence[Summary], words: Words) -> None:
    draw_by_class(axes, summaries, "rows")
    axes.set(title=words["plot_post_rows"], xlabel=words["followers"], ylabel=words["rows"])
    label_logarithms(axes, "y", subs=(1,))
    axes.set_ylim(bottom=LEAST_ROWS)


def draw_by_class(axes: Axes, summaries: Sequence[Summary], figure: str) -> None:
    """
    Draw a bar for each strategy, side by side, in each class of authors.
    """
    names = [name for name in CLASSES if any(name in summary.by_class for summary in summaries)]
    width = 0.8 / len(summaries)
    for index, summary in enumerate(summaries):
        places = [place + width * (index - (len(summaries) - 1) / 2) for place in range(len(names))]
        values = [summary.by_class.get(name, {}).get(figure, 0) for name in names]
        axes.bar(places, values, width=0.9 * width, color=get_colour(summary.strategy), label=summary.strategy)
    axes.set_xticks(range(len(names)), names)
    axes.grid(visible=False, axis="x")
    axes.tick_params(axis="x", length=0)


def draw_read_cpu(axes: Axes, summaries: Sequence[Summary], words: Words) -> None:
    draw_bars(axes, summaries, "read_cpu_ms", "{:.3g}")
    axes.set(title=words["plot_read_cpu"], xlabel=words["cpu_ms"])


def draw_read_waits(axes: Axes, summaries: Sequence[Summary], words: Words) -> None:
    draw_ranges(axes, summaries, {"read_p50_ms": "p50", "read_p99_ms": "p99"})
    axes.set(title=words["plot_read_waits"], xlabel=words["ms"])


def draw_freshness(axes: Axes, summaries: Sequence[Summary], words: Words) -> None:
    names = {"fresh_p50_ms": "p50", "fresh_p99_ms": "p99", "fresh_worst_ms": words["worst"]}
    draw_ranges(axes, summaries, names)
    axes.set(title=words["plot_freshness"], xlabel=words["ms"])


def draw_storage(axes: Axes, summaries: Sequence[Summary], words: Words) -> None:
    draw_bars(axes, summaries, "stored_bytes", "{:,.0f}")
    axes.set(title=words["plot_storage"], xlabel=words["bytes"])
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.xaxis.set_major_locator(MaxNLocator(4))


def draw_bars(axes: Axes, summaries: Sequence[Summary], figure: str, form: str) -> None:
    """
    Draw a bar for each strategy, the first on top, with its median in figures and its spread as a whisker.
    """
    for place, summary in enumerate(summaries):
        spread = summary.figures[figure]
        whisker = [[spread.median - spread.low], [spread.high - spread.median]]
        axes.barh(
            place, spread.median, xerr=whisker, height=0.6, color=get_colour(summary.strategy), ecolor=GREY, capsize=3
        )
        axes.annotate(
            form.format(spread.median),
            (spread.high, place),
            (7, 0),
            textcoords="offset points",
            va="center",
            color=GREY,
        )
    axes.margins(x=0.18)
    label_rows(axes, summaries)


def draw_ranges(axes: Axes, summaries: Sequence[Summary], figures: dict[str, str]) -> None:
    """
    Draw a line for each strategy, with a mark at each of these figures.
    """
    marks = dict(zip(figures, ("o", "D", "s")))
    for place, summary in enumerate(summaries):
        colour = get_colour(summary.strategy)
        medians = [summary.figures[figure].median for figure in figures]
        axes.plot(medians, [place] * len(medians), color=colour, alpha=0.35, linewidth=5, solid_capstyle="round")
        for figure, median in zip(figures, medians):
            axes.plot(median, place, marker=marks[figure], color=colour, markersize=8)
    for figure, label in figures.items():
        axes.plot([], [], marks[figure], color=GREY, label=label)
    label_logarithms(axes, "x", subs=(1, 2, 5))
    axes.legend(loc="upper left", bbox_to_anchor=(0, -0.1), ncols=len(figures), columnspacing=1, handletextpad=0.2)
    label_rows(axes, summaries)


def label_logarithms(axes: Axes, side: Literal["x", "y"], *, subs: Sequence[float]) -> None:
    """
    Make an axis logarithmic, with plain numbers at these multiples of the powers of ten.
    """
    axis = {"x": axes.xaxis, "y": axes.yaxis}[side]
    axes.set(**{f"{side}scale": "log"})
    axis.set_major_locator(LogLocator(subs=subs))
    axis.set_major_formatter("{x:,g}")
    axis.set_minor_formatter(NullFormatter())


def label_rows(axes: Axes, summaries: Sequence[Summary]) -> None:
    axes.set_yticks(range(len(summaries)), [summary.strategy for summary in summaries])
    axes.set_ylim(len(summaries) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)

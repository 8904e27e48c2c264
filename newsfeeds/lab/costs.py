"""
What playing costs, measured; and what follows from it: totals, crossover points, which strategy to choose.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from itertools import combinations
from statistics import fmean, linear_regression, median
from typing import Any
from unittest.mock import patch

from django.conf import settings
from django.db import connection

from utils.caching.memcached.backend import Server
from utils.caching.redis.client import RedisClient

# Reads per post for which totals are shown.
MIXES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
# Classes of authors by the number of their followers: the first number that is above it.
CLASSES = {"0-9": 10, "10-99": 100, "100-999": 1_000, "1000+": 2**63}


@dataclass(slots=True)
class Cost:
    """
    What one act took, everything that it set going included.

    :param size: followers of who posted, or people whom who read follows.
    :param seconds: on the clock; of a post, until every follower could see it.
    :param round_trips: statements to the database, calls of Redis and of Memcached.
    :param rows: feeds that hold a row of the post.
    """

    size: int
    cpu_ms: float = 0.0
    seconds: float = 0.0
    round_trips: int = 0
    rows: int = 0


@dataclass(slots=True)
class Result:
    """
    One play of the trace by one strategy.

    :param stored_bytes: of the table of feed rows, its key included.
    :param differences: sampled pages that were not what the definition of feeds says, out of `pages`.
    """

    strategy: str
    repeat: int
    posts: list[Cost] = field(default_factory=list)
    reads: list[Cost] = field(default_factory=list)
    stored_rows: int = 0
    stored_bytes: int = 0
    pages: int = 0
    differences: int = 0

    def to_values(self) -> dict[str, Any]:  # Any: JSON
        return asdict(self)

    @classmethod
    def from_values(cls, values: dict[str, Any]) -> "Result":
        costs = {name: [Cost(**cost) for cost in values[name]] for name in ("posts", "reads")}
        return cls(**{**values, **costs})


@contextmanager
def measured(cost: Cost) -> Iterator[Cost]:
    """
    Add to `cost` what happens inside: processor time of this process, time on the clock, round trips.
    """
    ask, call = Server.ask, RedisClient.call

    # Any: they pass on whatever they are given.
    def statement(execute: Any, *args: Any) -> Any:
        cost.round_trips += 1
        return execute(*args)

    def memcached(*args: Any, **kwargs: Any) -> Any:
        cost.round_trips += 1
        return ask(*args, **kwargs)

    def redis(*args: Any, **kwargs: Any) -> Any:
        # Without a Redis every call fails before it leaves the process.
        cost.round_trips += bool(settings.REDIS_URL)
        return call(*args, **kwargs)

    with ExitStack() as counting:
        counting.enter_context(connection.execute_wrapper(statement))
        counting.enter_context(patch.object(Server, "ask", memcached))
        counting.enter_context(patch.object(RedisClient, "call", redis))
        cpu, clock = time.process_time(), time.perf_counter()
        yield cost
        cost.cpu_ms += 1000 * (time.process_time() - cpu)
        cost.seconds += time.perf_counter() - clock


def percentile(values: Sequence[float], share: float) -> float:
    """
    Return the smallest value that is not below `share` of all of them; 0 of none.
    """
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def mean(values: Sequence[float]) -> float:
    return fmean(values) if values else 0.0


def get_class(followers: int) -> str:
    return next(name for name, limit in CLASSES.items() if followers < limit)


@dataclass(frozen=True, slots=True)
class Spread:
    """
    One figure of several repeats.
    """

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        return cls(median(values), min(values), max(values))


@dataclass(slots=True)
class Summary:
    """
    What one strategy costs, of all its repeats.

    :param by_class: {follower class: {figure of a post: mean}}.
    :param post_cpu_ms_per_follower: by how much more a post costs with each follower: the slope of a line.
    :param read_cpu_ms_per_followee: the same of a read and of those whom the reader follows.
    """

    strategy: str
    figures: dict[str, Spread]
    by_class: dict[str, dict[str, float]]
    post_cpu_ms_per_follower: float
    read_cpu_ms_per_followee: float
    mean_followers: float
    mean_followees: float
    pages: int
    differences: int

    def total_cpu_ms(self, mix: float) -> float:
        """
        Return the processor time of one post and `mix` reads.
        """
        return self.figures["post_cpu_ms"].median + mix * self.figures["read_cpu_ms"].median


def summarise(results: Sequence[Result]) -> Summary:
    """
    Return the summary of the repeats of one strategy.
    """
    posts = [cost for result in results for cost in result.posts]
    reads = [cost for result in results for cost in result.reads]
    each = [compute_figures(result) for result in results]
    groups: dict[str, list[Cost]] = {name: [] for name in CLASSES}
    for cost in posts:
        groups[get_class(cost.size)].append(cost)
    row_bytes = mean([result.stored_bytes / result.stored_rows for result in results if result.stored_rows])
    return Summary(
        strategy=results[0].strategy,
        figures={name: Spread.of([figures[name] for figures in each]) for name in each[0]},
        by_class={
            name: {
                "posts": len(costs) / len(results),
                "cpu_ms": mean([cost.cpu_ms for cost in costs]),
                "rows": mean([cost.rows for cost in costs]),
                "bytes": row_bytes * mean([cost.rows for cost in costs]),
                "round_trips": mean([cost.round_trips for cost in costs]),
            }
            for name, costs in groups.items()
            if costs
        },
        post_cpu_ms_per_follower=slope(posts),
        read_cpu_ms_per_followee=slope(reads),
        mean_followers=mean([cost.size for cost in posts]),
        mean_followees=mean([cost.size for cost in reads]),
        pages=sum(result.pages for result in results),
        differences=sum(result.differences for result in results),
    )


def compute_figures(result: Result) -> dict[str, float]:
    """
    Return the figures of one repeat, each of which is shown with its spread. Times are in milliseconds.
    """
    fresh = [1000 * cost.seconds for cost in result.posts]
    waits = [1000 * cost.seconds for cost in result.reads]
    return {
        "post_cpu_ms": mean([cost.cpu_ms for cost in result.posts]),
        "post_rows": mean([cost.rows for cost in result.posts]),
        "post_round_trips": mean([cost.round_trips for cost in result.posts]),
        "read_cpu_ms": mean([cost.cpu_ms for cost in result.reads]),
        "read_p50_ms": percentile(waits, 0.5),
        "read_p99_ms": percentile(waits, 0.99),
        "read_round_trips": mean([cost.round_trips for cost in result.reads]),
        "fresh_p50_ms": percentile(fresh, 0.5),
        "fresh_p99_ms": percentile(fresh, 0.99),
        "fresh_worst_ms": max(fresh, default=0.0),
        "stored_rows": result.stored_rows,
        "stored_bytes": result.stored_bytes,
    }


def slope(costs: Sequence[Cost]) -> float:
    """
    Return by how many CPU milliseconds the cost grows with each follower or followee; 0 where all have the same number.
    """
    if len({cost.size for cost in costs}) < 2:
        return 0.0
    return linear_regression([cost.size for cost in costs], [cost.cpu_ms for cost in costs]).slope


@dataclass(frozen=True, slots=True)
class Crossover:
    """
    Below `reads_per_post` the strategy `below` is cheaper, above it `above`; None where one of them always is.

    :param predicted: the same by Feeding Frenzy's arithmetic, from the cost of one row and of pulling one author.
    """

    below: str
    above: str
    reads_per_post: float | None
    predicted: float | None


def find_crossovers(summaries: Sequence[Summary]) -> list[Crossover]:
    """
    Return where each two strategies cost the same.

    Silberstein et al. (Feeding Frenzy, SIGMOD 2010) push an author's tweets to a reader as long as posting them costs
    less than pulling the author at each read: H rows against L pulls. Over all pairs that is reads per post
    = (H * followers) / (L * followees), H and L being the slopes of the two lines that were measured.
    """
    crossovers = []
    for pair in combinations(summaries, 2):
        below, above = sorted(pair, key=lambda summary: summary.figures["post_cpu_ms"].median)
        saved = below.figures["read_cpu_ms"].median - above.figures["read_cpu_ms"].median
        spent = above.figures["post_cpu_ms"].median - below.figures["post_cpu_ms"].median
        push = (above.post_cpu_ms_per_follower - below.post_cpu_ms_per_follower) * above.mean_followers
        pull = (below.read_cpu_ms_per_followee - above.read_cpu_ms_per_followee) * below.mean_followees
        crossovers.append(
            Crossover(
                below=below.strategy,
                above=above.strategy,
                reads_per_post=spent / saved if saved > 0 else None,
                predicted=push / pull if push > 0 and pull > 0 else None,
            )
        )
    return crossovers


def choose(summaries: Sequence[Summary], mix: float) -> Summary | None:
    """
    Return the strategy with the least total at this mix among those without a difference; None if all of them differ.
    """
    right = [summary for summary in summaries if not summary.differences]
    return min(right, key=lambda summary: summary.total_cpu_ms(mix), default=None)

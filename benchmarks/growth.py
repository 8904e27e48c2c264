"""
Growth: what a page of a feed and a batch of the fan-out cost while the table grows from a thousand rows to ten million.

    python -m benchmarks.growth [--largest 7]

All tables are there at once and are measured in turn, so that the machine's drift hits all alike.
"""

import argparse
import contextlib
import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial
from random import Random
from typing import TypedDict
from unittest.mock import patch

from django.db import connection, transaction
from django.db.models import Model

import benchmarks.environment  # noqa: F401 - first: sets Django up
from benchmarks import report, world
from benchmarks.stores import FEED_ROWS, MODELS, PAGE, feed_model, mysql_table
from newsfeeds.cache import user_newsfeeds
from newsfeeds.storage import MySQLNewsFeedStore

SMALLEST = 3
PAGES, BATCHES = 600, 60
# As many followers as one task of the fan-out serves.
FOLLOWERS = 1_000
# The driver gives up on a statement that takes ten seconds.
FEEDS_AT_ONCE = 100
STORE = MySQLNewsFeedStore()


class Times(TypedDict):
    """
    Medians in milliseconds, and what the table takes.
    """

    warm_ms: float
    cold_ms: float
    batch_ms: float
    megabytes: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--largest", type=int, default=7, help="rows of the largest table, as a power of ten (7)")
    largest = parser.parse_args().largest
    world.create_database()
    sizes = [f"1e{power}" for power in range(SMALLEST, largest + 1)]
    with contextlib.ExitStack() as tables:
        for rows in sizes:
            tables.enter_context(mysql_table(rows))
            started = time.monotonic()
            fill(rows)
            print(f"{rows} rows filled in {time.monotonic() - started:.1f} s", flush=True)
        results = measure(sizes)
    show(results)
    report.save("growth", {"buffer_pool_megabytes": buffer_pool_megabytes(), "rows": results})


def feeds_of(rows: str) -> int:
    return int(float(rows)) // FEED_ROWS


def fill(rows: str) -> None:
    """
    Insert feeds of a thousand tweets each, in the order of the primary key.
    """
    with connection.cursor() as cursor:
        for first in range(1, feeds_of(rows) + 1, FEEDS_AT_ONCE):
            last = min(first + FEEDS_AT_ONCE - 1, feeds_of(rows))
            cursor.execute(
                f"INSERT INTO newsfeeds_{rows} (user_id, tweet_id) SELECT feed.seq, tweet.seq "
                f"FROM seq_{first}_to_{last} feed STRAIGHT_JOIN seq_1_to_{FEED_ROWS} tweet"
            )
        cursor.execute(f"ANALYZE TABLE newsfeeds_{rows}")
        cursor.fetchall()


def measure(sizes: list[str]) -> dict[str, Times]:
    """
    Return {rows: times}. Cold: the list is not in Redis, and is filled from another feed of the table each time.
    """
    random, models = Random(1), {rows: MODELS.get(rows) or feed_model(rows) for rows in sizes}
    taken: dict[str, dict[str, list[float]]] = {rows: {"cold_ms": [], "warm_ms": [], "batch_ms": []} for rows in sizes}
    for _ in range(PAGES):
        for rows in sizes:
            user_id = random.randint(1, feeds_of(rows))
            with table(models[rows]):
                # The first read fills the list in Redis, the second finds it.
                for name in ("cold_ms", "warm_ms"):
                    taken[rows][name].append(milliseconds(partial(read_page, user_id)))
            user_newsfeeds.drop([user_id])
    for number in range(BATCHES):
        for rows in sizes:
            with table(models[rows]):
                taken[rows]["batch_ms"].append(milliseconds(partial(deliver, rows, FEED_ROWS + 1 + number)))
    return {
        rows: Times(
            **{name: round(statistics.median(times[len(times) // 10 :]), 3) for name, times in by_name.items()},
            megabytes=megabytes_of(rows),
        )
        for rows, by_name in taken.items()
    }


def read_page(user_id: int) -> None:
    """
    Read the first page of a feed; if Redis lacks it, the newest ids come from the table and are stored.
    """

    def fetch(before: int | None, after: int | None, limit: int) -> list[int]:
        return STORE.get_tweet_ids(user_id, before=before, after=after, limit=limit)

    page = user_newsfeeds.load(user_id, before=None, after=None, limit=PAGE, fetch=fetch)
    assert len(page) == PAGE, f"{len(page)} ids"


def deliver(rows: str, tweet_id: int) -> None:
    """
    Deliver a tweet to a thousand followers who are spread evenly over the table's feeds.
    """
    step = max(1, feeds_of(rows) // FOLLOWERS)
    with transaction.atomic():
        STORE.deliver(tweet_id, range(1, 1 + step * FOLLOWERS, step))


@contextlib.contextmanager
def table(model: type[Model]) -> Iterator[None]:
    """
    Let the store mean the table of this model.
    """
    with patch("newsfeeds.storage.mysql.NewsFeed", model):
        yield


def milliseconds(act: Callable[[], None]) -> float:
    started = time.perf_counter()
    act()
    return (time.perf_counter() - started) * 1000


def megabytes_of(rows: str) -> float:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT data_length + index_length FROM information_schema.tables "
            "WHERE table_schema = DATABASE() AND table_name = %s",
            [f"newsfeeds_{rows}"],
        )
        return round(int(cursor.fetchone()[0]) / 10**6, 1)


def buffer_pool_megabytes() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT @@innodb_buffer_pool_size")
        return int(cursor.fetchone()[0]) // 2**20


def show(results: dict[str, Times]) -> None:
    """
    Print a line a size; the ratios are to the smallest table.
    """
    first = next(iter(results.values()))
    print("\n| rows | MB | warm page ms | × | cold page ms | × | 1,000 rows delivered ms | × |\n" + "|---" * 8 + "|")
    for rows, times in results.items():
        figures = " | ".join(
            f"{times[name]:.2f} | {times[name] / first[name]:.2f}" for name in ("warm_ms", "cold_ms", "batch_ms")
        )
        print(f"| {rows} | {times['megabytes']:,.1f} | {figures} |")


if __name__ == "__main__":
    main()

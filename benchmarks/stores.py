"""
Feeds in HBase beside feeds in MySQL: filling them, reading a page, and what a page costs when the table grows.
"""

import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from django.conf import settings
from django.db import connection, models, transaction

from benchmarks.fan_out import new_tweet
from benchmarks.world import World
from friendships.storage import mysql_store
from newsfeeds.hbase_models import Feed
from newsfeeds.storage import HBaseNewsFeedStore, MySQLNewsFeedStore
from utils.hbase.pool import timeout

FAN_OUTS = 5
PAGES = 400
PAGE = 21
# A thousand rows are one feed, a million are a thousand feeds.
FEED_ROWS = 1_000
FEEDS = {"1e3": 1, "1e6": 1_000}
STORES = {"mysql": MySQLNewsFeedStore(), "hbase": HBaseNewsFeedStore()}
HBASE_BATCH = 20_000


def feed_model(rows: str) -> type[models.Model]:
    """
    Return a model like NewsFeed on a table of its own.
    """
    meta = type("Meta", (), {"app_label": "newsfeeds", "db_table": f"newsfeeds_{rows}", "managed": False})
    fields = {
        "pk": models.CompositePrimaryKey("user_id", "tweet_id"),
        "user_id": models.BigIntegerField(),
        "tweet_id": models.BigIntegerField(),
    }
    return type(f"NewsFeed{rows}", (models.Model,), {"__module__": __name__, "Meta": meta, **fields})


MODELS = {rows: feed_model(rows) for rows in FEEDS}


def is_configured() -> bool:
    return bool(settings.HBASE["HOST"])


def measure(people: World) -> dict[str, Any]:
    """
    Return {"fan_out_rows_per_second": {store: n}, "page_ms": {store: {rows of the table: p50}}}.
    """
    with timeout(10_000), hbase_table("fan_out"), hbase_prefix("fan_out"):
        fan_out = fan_out_speeds(people)
    return {"fan_out_rows_per_second": fan_out, "page_ms": page_times()}


def ratios(measured: dict[str, Any]) -> dict[str, float]:
    """
    Return {what is compared: ratio}.
    """
    speeds, times = measured["fan_out_rows_per_second"], measured["page_ms"]
    return {
        "fan-out to HBase / to MariaDB (rows/s)": speeds["hbase"] / speeds["mysql"],
        "feed page from HBase / from MariaDB (p50, a million rows)": times["hbase"]["1e6"] / times["mysql"]["1e6"],
        "feed page of a million rows / of a thousand, MariaDB (p50)": times["mysql"]["1e6"] / times["mysql"]["1e3"],
        "feed page of a million rows / of a thousand, HBase (p50)": times["hbase"]["1e6"] / times["hbase"]["1e3"],
    }


def report(measured: dict[str, Any]) -> None:
    for store, speed in measured["fan_out_rows_per_second"].items():
        pages = ", ".join(f"{time:.2f} ms of {rows} rows" for rows, time in measured["page_ms"][store].items())
        print(f"feeds in {store}: fan-out {speed:,} rows/s; a page {pages}")


def fan_out_speeds(people: World) -> dict[str, int]:
    """
    Deliver tweets to the star's followers, in turn to both stores.
    """
    ranges = list(mysql_store().get_follower_ranges(people.star.id, size=settings.FAN_OUT_BATCH_SIZE))
    speeds: dict[str, list[float]] = {name: [] for name in STORES}
    for _ in range(FAN_OUTS):
        for name, store in STORES.items():
            tweet = new_tweet(people.star)
            started = time.monotonic()
            for after, until in ranges:
                with transaction.atomic():
                    store.deliver_to_followers([tweet.id], after=after, until=until)
            speeds[name].append(len(people.crowd) / (time.monotonic() - started))
    return {name: round(statistics.median(taken)) for name, taken in speeds.items()}


def page_times() -> dict[str, dict[str, float]]:
    """
    Read the first page of one feed, in turn from small and large tables of both stores.
    """
    with timeout(10_000), mysql_table("1e3"), mysql_table("1e6"), hbase_table("1e3"), hbase_table("1e6"):
        for rows, feeds in FEEDS.items():
            fill(rows, feeds)
        taken: dict[str, dict[str, list[float]]] = {name: {rows: [] for rows in FEEDS} for name in STORES}
        for _ in range(PAGES):
            for rows in FEEDS:
                with tables(rows):
                    for name, store in STORES.items():
                        started = time.perf_counter()
                        page = store.get_tweet_ids(1, before=None, after=None, limit=PAGE)
                        taken[name][rows].append((time.perf_counter() - started) * 1000)
                        assert len(page) == PAGE, f"{name} has {len(page)} rows of {rows}"
    # The first tenth warms caches up.
    return {
        name: {rows: round(statistics.median(times[PAGES // 10 :]), 3) for rows, times in sizes.items()}
        for name, sizes in taken.items()
    }


def fill(rows: str, feeds: int) -> None:
    with tables(rows):
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO newsfeeds_{rows} (user_id, tweet_id) "
                f"SELECT feed.seq, tweet.seq FROM seq_1_to_{feeds} feed JOIN seq_1_to_{FEED_ROWS} tweet"
            )
        keys = [(user_id, tweet_id) for user_id in range(1, feeds + 1) for tweet_id in range(1, FEED_ROWS + 1)]
        for start in range(0, len(keys), HBASE_BATCH):
            batch = keys[start : start + HBASE_BATCH]
            Feed.batch_create([Feed(user_id=user_id, tweet_id=tweet_id) for user_id, tweet_id in batch])


@contextmanager
def tables(rows: str) -> Iterator[None]:
    """
    Let both stores mean their tables of that size.
    """
    with hbase_prefix(rows), patch("newsfeeds.storage.mysql.NewsFeed", MODELS[rows]):
        yield


def hbase_prefix(name: str) -> Any:  # what `patch` makes
    prefix = f"{settings.HBASE['TABLE_PREFIX']}{name}_"
    return patch.object(settings, "HBASE", {**settings.HBASE, "TABLE_PREFIX": prefix})


@contextmanager
def mysql_table(rows: str) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS newsfeeds_{rows}")
        cursor.execute(f"CREATE TABLE newsfeeds_{rows} LIKE newsfeeds_newsfeed")
        try:
            yield
        finally:
            cursor.execute(f"DROP TABLE newsfeeds_{rows}")


@contextmanager
def hbase_table(name: str) -> Iterator[None]:
    with hbase_prefix(name):
        Feed.drop_table()
        Feed.create_table()
    try:
        yield
    finally:
        with hbase_prefix(name):
            Feed.drop_table()

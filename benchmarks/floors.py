"""
Raw SQL: the least that the same rows cost, through one connection of the driver.
"""

import time
from collections.abc import Callable
from itertools import count

import psutil
from django.db import connection, transaction

from benchmarks.measuring import Measured
from benchmarks.programs import cpu_seconds_of_family, listening_servers
from benchmarks.world import World
from utils.database.time_ids import next_id

PAGE = """
    SELECT tweet.id, tweet.content, tweet.likes_count, tweet.comments_count, author.id, author.username
    FROM newsfeeds_newsfeed row
    JOIN tweets_tweet tweet ON tweet.id = row.tweet_id
    JOIN accounts_user author ON author.id = tweet.user_id
    WHERE row.user_id = %s ORDER BY row.tweet_id DESC LIMIT 20
"""


def measure_read(people: World, seconds: float) -> Measured:
    """
    Read a page of twenty tweets with their authors.
    """

    def read(number: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute(PAGE, [people.readers[number % len(people.readers)].id])
            cursor.fetchall()

    return _measure(read, seconds)


def measure_write(people: World, seconds: float) -> Measured:
    """
    Commit one row: a tweet.
    """

    def write(number: int) -> None:
        id = next_id()
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO tweets_tweet (id, user_id, content, created_at, version, comments_count, likes_count, "
                "revision) VALUES (%s, %s, 'Hello', NOW(6), 1, 0, 0, 1)",
                [id, people.lonely.id],
            )

    return _measure(write, seconds)


def _measure(work: Callable[[int], None], seconds: float) -> Measured:
    groups = {
        "client": psutil.Process(),
        **{name: one for name, one in listening_servers().items() if name == "MariaDB"},
    }
    before = {name: cpu_seconds_of_family(one) for name, one in groups.items()}
    latencies: list[float] = []
    started = time.perf_counter()
    for number in count():
        begun = time.perf_counter()
        work(number)
        latencies.append(time.perf_counter() - begun)
        if begun - started > seconds:
            break
    elapsed = time.perf_counter() - started
    used = {name: cpu_seconds_of_family(one) - before[name] for name, one in groups.items()}
    latencies.sort()
    return Measured.of(
        count=len(latencies),
        seconds=elapsed,
        p50_ms=1000 * latencies[len(latencies) // 2],
        p99_ms=1000 * latencies[len(latencies) * 99 // 100],
        drained_seconds=0.0,
        used=used,
    )

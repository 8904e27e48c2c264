"""
The measurements of the chapters: each takes seconds, in memory, without a server.
"""

import sqlite3
import time
from collections.abc import Callable

from testing.learn.pages import Figure

TRIES = 7


def microseconds(action: Callable[[], object]) -> float:
    """
    Return what one call takes: the best of several, because a busy machine only ever adds.
    """
    best = float("inf")
    for _ in range(TRIES):
        begin = time.perf_counter()
        action()
        best = min(best, time.perf_counter() - begin)
    return round(best * 1_000_000, 1)


def one_like() -> Figure:
    """
    The newest 1,000 likes of one target among 200,000 likes, by three indexes.
    """
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE likes (id INTEGER PRIMARY KEY, user INT, kind INT, object INT)")
    rows = ((number, number % 5_000, number % 2, number % 37) for number in range(200_000))
    database.executemany("INSERT INTO likes VALUES (?, ?, ?, ?)", rows)
    query = "SELECT id, user FROM likes WHERE kind = 1 AND object = 7 ORDER BY id DESC LIMIT 1000"

    def read() -> object:
        return database.execute(query).fetchall()

    without = microseconds(read)
    database.execute("CREATE INDEX by_object ON likes (object)")
    half = microseconds(read)
    database.execute("CREATE INDEX by_target ON likes (kind, object, id)")
    return Figure(
        "µs",
        [
            ("no index", "没有索引", without),
            ("index (object_id)", "索引 (object_id)", half),
            ("index (content_type, object_id, id)", "索引 (content_type, object_id, id)", microseconds(read)),
        ],
    )


def pagination() -> Figure:
    """
    A page of 20 at the top and 100,000 rows down, by OFFSET and by a bound on the id.
    """
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE tweets (id INTEGER PRIMARY KEY, content TEXT)")
    database.executemany("INSERT INTO tweets VALUES (?, ?)", ((number, "Good morning") for number in range(200_000)))

    def by_offset(depth: int) -> float:
        query = "SELECT * FROM tweets ORDER BY id DESC LIMIT 20 OFFSET ?"
        return microseconds(lambda: database.execute(query, [depth]).fetchall())

    def by_bound(depth: int) -> float:
        query = "SELECT * FROM tweets WHERE id < ? ORDER BY id DESC LIMIT 20"
        return microseconds(lambda: database.execute(query, [200_000 - depth]).fetchall())

    return Figure(
        "µs",
        [
            ("OFFSET 0", "OFFSET 0", by_offset(0)),
            ("OFFSET 100,000", "OFFSET 100,000", by_offset(100_000)),
            ("id < bound, first page", "id < 边界，第一页", by_bound(0)),
            ("id < bound, 100,000 rows down", "id < 边界，第 100,000 行之后", by_bound(100_000)),
        ],
    )


def rate_limits() -> Figure:
    """
    The most calls that pass within any 60 s, of one call a second around a boundary, at 20 a minute.
    """
    limit, period = 20, 60
    calls = [*range(period - limit, period + limit)]

    def most(passed: list[int]) -> int:
        return max(sum(start <= call < start + period for call in passed) for start in passed)

    counts: dict[int, int] = {}
    fixed, sliding = [], []
    for call in calls:
        counts[call // period] = counts.get(call // period, 0) + 1
        if counts[call // period] <= limit:
            fixed.append(call)
        if sum(earlier > call - period for earlier in sliding) < limit:
            sliding.append(call)
    return Figure(
        "calls",
        [
            ("the limit", "限额", limit),
            ("fixed windows (here)", "固定窗口（本项目）", most(fixed)),
            ("a sliding log", "滑动日志", most(sliding)),
        ],
    )


# {chapter: its measurement}
FIGURES = {
    "10-one-like": one_like,
    "13-pagination": pagination,
    "15-rate-limits": rate_limits,
}

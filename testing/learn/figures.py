"""
The measurements of the chapters: each takes seconds, in memory, without a server.
"""

import json
import sqlite3
import time
from collections import Counter
from collections.abc import Callable

from comments.constants import SHOWN_COMMENTS
from testing.learn.pages import Figure
from testing.learn.races import caches
from utils.hbase.fields import Field, IntegerField, ReversedIntegerField
from utils.hbase.keys import split_keys

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


def comments() -> Figure:
    """
    The JSON of a thousand comments, and of the page that a tweet holds.
    """
    user = {"id": 7, "username": "alice", "nickname": "Alice", "avatar_url": None}
    comment = {
        "id": 217665650000123,
        "tweet_id": 217665629068437,
        "user": user,
        "content": "And read at once!",
        "created_at": "2026-11-24T06:40:50.000123Z",
        "updated_at": "2026-11-24T06:40:50.000123Z",
        "likes_count": 0,
        "has_liked": False,
    }

    def size(count: int) -> float:
        return round(len(json.dumps([comment] * count)) / 1000, 1)

    return Figure(
        "kB",
        [
            ("all comments in the tweet", "全部评论放进推文", size(1000)),
            ("the first page, and a link", "只放第一页，加链接", size(SHOWN_COMMENTS)),
        ],
    )


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


def notifications() -> Figure:
    """
    The actors and targets of 20 notifications: two queries for each row, and one for each kind.
    """
    database = sqlite3.connect(":memory:")
    for table in ("users", "tweets"):
        database.execute(f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, content TEXT)")
        rows = ((number, f"{table} {number}") for number in range(50_000))
        database.executemany(f"INSERT INTO {table} VALUES (?, ?)", rows)
    wanted = {"users": list(range(0, 40_000, 2_000)), "tweets": list(range(1, 40_000, 2_000))}

    def row_by_row() -> object:
        return [
            database.execute(f"SELECT * FROM {table} WHERE id = ?", [row_id]).fetchone()
            for table, ids in wanted.items()
            for row_id in ids
        ]

    def by_kind() -> object:
        marks = ", ".join("?" * 20)
        return [
            database.execute(f"SELECT * FROM {table} WHERE id IN ({marks})", ids).fetchall()
            for table, ids in wanted.items()
        ]

    return Figure(
        "µs",
        [
            ("row by row: 40 queries", "逐行：40 次查询", microseconds(row_by_row)),
            ("by kind: 2 queries", "按类型：2 次查询", microseconds(by_kind)),
        ],
    )


def profiles() -> Figure:
    """
    A hundred users and their nicknames out of 50,000: a query for each profile, and one JOIN.
    """
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, username TEXT)")
    database.execute("CREATE TABLE profiles (id INTEGER PRIMARY KEY, user_id INT UNIQUE, nickname TEXT)")
    database.executemany("INSERT INTO users VALUES (?, ?)", ((number, f"user{number}") for number in range(50_000)))
    rows = ((number, number, f"User {number}") for number in range(50_000))
    database.executemany("INSERT INTO profiles VALUES (?, ?, ?)", rows)
    page = "users.id BETWEEN 25000 AND 25099"

    def one_by_one() -> object:
        users = database.execute(f"SELECT id, username FROM users WHERE {page}").fetchall()
        profile = "SELECT nickname FROM profiles WHERE user_id = ?"
        return [(name, database.execute(profile, [user_id]).fetchone()) for user_id, name in users]

    def joined() -> object:
        tables = "users JOIN profiles ON profiles.user_id = users.id"
        return database.execute(f"SELECT username, nickname FROM {tables} WHERE {page}").fetchall()

    return Figure(
        "µs",
        [
            ("a query for each profile", "每份资料查询一次", microseconds(one_by_one)),
            ("one JOIN", "一次 JOIN", microseconds(joined)),
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


def hbase() -> Figure:
    """
    How many of 10,000 users with consecutive ids lie in the busiest of 16 regions, in per cent.
    """
    splits = split_keys(16)

    def busiest(field: Field) -> float:
        keys = (field.encode(user_id) for user_id in range(1_000_000, 1_010_000))
        regions = Counter(sum(split <= key for split in splits) for key in keys)
        return round(max(regions.values()) / 100, 1)

    return Figure(
        "%",
        [
            ("highest byte first", "高位字节在前", busiest(IntegerField())),
            ("lowest byte first (here)", "低位字节在前（本项目）", busiest(ReversedIntegerField())),
        ],
    )


# {chapter: its measurement}
FIGURES = {
    "09-comments": comments,
    "10-one-like": one_like,
    "11-notifications": notifications,
    "12-profiles": profiles,
    "13-pagination": pagination,
    "14-caches": caches,
    "15-rate-limits": rate_limits,
    "16-hbase": hbase,
}

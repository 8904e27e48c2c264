"""
The measurements of chapters 1 to 8. Those of feeds, queues and queries go through the project's own services.
"""

import random
import sqlite3
from zlib import crc32

from accounts.models import User
from gatekeeper.services import GatekeeperService
from newsfeeds.services import FeedDefinition, NewsFeedService
from newsfeeds.storage.mysql import MySQLNewsFeedStore
from outbox.relay import relay_once
from testing.learn.figures import TRIES, microseconds
from testing.learn.pages import Figure, Steps
from testing.learn.world import (
    author_with,
    count_queries,
    follow,
    microseconds_of_sql,
    people,
    post,
    run_handlers,
    tweets_by,
)
from testing.tests.test_matrix import MATRIX
from tweets.models import Tweet
from utils.database.pagination import IdRange
from utils.database.time_ids import MAX_ID


def pull_and_push() -> Figure:
    """
    A page of 20 for a reader of 10 and of 1,000 authors with 20 tweets each; and a tweet for 1,000 followers.
    """
    store = MySQLNewsFeedStore()

    def read(followees: int) -> tuple[float, float]:
        [reader], authors = people(1), people(followees)
        follow([reader], authors)
        store.deliver_many(reader.id, [tweet.id for tweet in tweets_by(authors, 20)])
        return (
            microseconds_of_sql(lambda: FeedDefinition.get_tweet_ids(reader.id, before=None, after=None, limit=20)),
            microseconds_of_sql(lambda: store.get_tweet_ids(reader.id, before=None, after=None, limit=20)),
        )

    few_pulled, few_pushed = read(10)
    many_pulled, many_pushed = read(1_000)
    waiting = iter(tweets_by([author_with(1_000)], TRIES))
    delivery = microseconds(lambda: store.deliver_to_followers([next(waiting).id], after=0, until=MAX_ID))
    return Figure(
        "µs",
        [
            ("read by pull, 10 followees", "拉模型读一页，关注 10 人", few_pulled),
            ("read by pull, 1,000 followees", "拉模型读一页，关注 1,000 人", many_pulled),
            ("read by push, 10 followees", "推模型读一页，关注 10 人", few_pushed),
            ("read by push, 1,000 followees", "推模型读一页，关注 1,000 人", many_pushed),
            ("write by push, 1,000 followers", "推模型写一条，1,000 个粉丝", delivery),
        ],
    )


def push_model() -> Figure:
    """
    The SQL statements of each step from the POST of an author with 2,500 followers to the page of one of them.
    """
    few, many = author_with(10), author_with(2_500)
    [reader] = people(1)
    follow([reader], [many])
    posting = [count_queries(lambda author=author: post(author)) for author in (few, many)]
    run_handlers()
    post(many)
    cutting = count_queries(relay_once)
    delivering = count_queries(run_handlers)
    page = IdRange(None, None)
    NewsFeedService.load_feed(viewer=reader, id_range=page, limit=20)
    reading = count_queries(lambda: NewsFeedService.load_feed(viewer=reader, id_range=page, limit=20))
    return Steps(
        "SQL",
        [
            (
                f"POST, 2,500 followers (10 followers: {posting[0]} SQL)",
                f"发推，2,500 个粉丝（10 个粉丝：{posting[0]} 条）",
                posting[1],
            ),
            ("relay and handler: cut into three ranges", "中继与处理函数：切成三段", cutting),
            ("relay and handlers: deliver three ranges", "中继与处理函数：投递三段", delivering),
            ("a follower reads a page, without Redis", "一个粉丝读一页（不用 Redis）", reading),
        ],
    )


def queue() -> Figure:
    """
    How long a request that posts takes when followers are served later, and when it serves them itself.
    """

    def later(author: User) -> float:
        spent = microseconds(lambda: post(author))
        run_handlers()
        return round(spent / 1_000, 2)

    def at_once(author: User) -> float:
        return round(microseconds(lambda: (post(author), run_handlers())) / 1_000, 2)

    none, many, crowd = author_with(0), author_with(1_000), author_with(10_000)
    return Figure(
        "ms",
        [
            ("later, no follower", "稍后扇出，没有粉丝", later(none)),
            ("later, 10,000 followers", "稍后扇出，10,000 个粉丝", later(crowd)),
            ("in the request, no follower", "请求内扇出，没有粉丝", at_once(none)),
            ("in the request, 1,000 followers", "请求内扇出，1,000 个粉丝", at_once(many)),
            ("in the request, 10,000 followers", "请求内扇出，10,000 个粉丝", at_once(crowd)),
        ],
    )


def denormalisation() -> Figure:
    """
    A page of 20 tweets with 5,000 likes each, counted and from a counter; and a like without and with the counter.
    """
    database = sqlite3.connect(":memory:", isolation_level=None)
    database.execute("CREATE TABLE tweets (id INTEGER PRIMARY KEY, content TEXT, likes_count INT)")
    database.execute("CREATE TABLE likes (id INTEGER PRIMARY KEY, user_id INT, tweet_id INT)")
    database.execute("CREATE INDEX by_tweet ON likes (tweet_id)")
    database.executemany("INSERT INTO tweets VALUES (?, 'Good morning', 5000)", ((number,) for number in range(20)))
    likes = ((number // 20, number % 20) for number in range(100_000))
    database.executemany("INSERT INTO likes (user_id, tweet_id) VALUES (?, ?)", likes)
    counting = (
        "SELECT tweets.id, content, COUNT(likes.id) FROM tweets LEFT JOIN likes ON likes.tweet_id = tweets.id "
        "GROUP BY tweets.id ORDER BY tweets.id DESC LIMIT 20"
    )
    stored = "SELECT id, content, likes_count FROM tweets ORDER BY id DESC LIMIT 20"

    def like(*statements: str) -> None:
        for statement in ("BEGIN", "INSERT INTO likes (user_id, tweet_id) VALUES (7, 7)", *statements, "COMMIT"):
            database.execute(statement)

    counter = "UPDATE tweets SET likes_count = likes_count + 1 WHERE id = 7"
    return Figure(
        "µs",
        [
            (
                "a page, COUNT and JOIN",
                "读一页，COUNT 加 JOIN",
                microseconds(lambda: database.execute(counting).fetchall()),
            ),
            ("a page, the counter", "读一页，计数列", microseconds(lambda: database.execute(stored).fetchall())),
            ("a like, the row alone", "点赞，只写一行", microseconds(like)),
            ("a like, the row and the counter", "点赞，写一行并更新计数", microseconds(lambda: like(counter))),
        ],
    )


def schema() -> Figure:
    """
    The newest 20 rows of one feed among 2,000 feeds of 200 rows, by four keys.
    """
    database = sqlite3.connect(":memory:")
    rows = [(user, tweet * 2_000 + user) for tweet in range(200) for user in range(2_000)]

    def read(key: str, index: str = "") -> float:
        surrogate = "" if key else "id INTEGER PRIMARY KEY, "
        clustered = f", PRIMARY KEY ({key})) WITHOUT ROWID" if key else ")"
        database.execute(f"CREATE TABLE feed ({surrogate}user_id INT, tweet_id INT{clustered}")
        database.executemany("INSERT INTO feed (user_id, tweet_id) VALUES (?, ?)", rows)
        if index:
            database.execute(f"CREATE INDEX feed_index ON feed ({index})")
        query = "SELECT tweet_id FROM feed WHERE user_id = 700 ORDER BY tweet_id DESC LIMIT 20"
        spent = microseconds(lambda: database.execute(query).fetchall())
        database.execute("DROP TABLE feed")
        return spent

    return Figure(
        "µs",
        [
            ("key (user_id, tweet_id)", "主键 (user_id, tweet_id)", read("user_id, tweet_id")),
            ("key id, index (user_id, tweet_id)", "主键 id，索引 (user_id, tweet_id)", read("", "user_id, tweet_id")),
            ("key id, index (user_id)", "主键 id，索引 (user_id)", read("", "user_id")),
            ("key (tweet_id, user_id)", "主键 (tweet_id, user_id)", read("tweet_id, user_id")),
        ],
    )


def reverse_queries() -> Figure:
    """
    The names of the authors of 100 tweets, in three ways.
    """
    ids = [tweet.id for tweet in tweets_by(people(100), 1)]

    def page() -> list[Tweet]:
        return list(Tweet.objects.filter(id__in=ids))

    def by_attribute() -> list[str]:
        return [tweet.user.username for tweet in page()]

    def by_join() -> list[str]:
        return [tweet.user.username for tweet in Tweet.objects.filter(id__in=ids).select_related("user")]

    def by_ids() -> list[str]:
        tweets = page()
        authors = User.objects.in_bulk({tweet.user_id for tweet in tweets})
        return [authors[tweet.user_id].username for tweet in tweets]

    ways = (
        ("tweet.user, row by row", "逐行访问 tweet.user", by_attribute),
        ("select_related: a JOIN", "select_related：JOIN", by_join),
        ("the ids, then all authors", "先取 id，再一次取作者", by_ids),
    )
    return Figure(
        "µs",
        [
            (f"{label} ({n} SQL)", f"{zh}（{n} 条 SQL）", microseconds(way))
            for label, zh, way in ways
            for n in [count_queries(way)]
        ],
    )


def who_asks() -> Figure:
    """
    How many operations of the site are closed to whom, by the table that a test holds every answer against.
    """
    statuses = [cell.statuses for cell in MATRIX.values()]
    return Figure(
        "operations",
        [
            ("all", "全部", len(statuses)),
            ("refused to the anonymous", "拒绝匿名用户", sum(anonymous == 403 for anonymous, *_ in statuses)),
            ("for the owner alone", "只有所有者可用", sum(others >= 400 > owner for _, others, owner, _ in statuses)),
            (
                "for staff alone",
                "只有管理人员可用",
                sum(owner == 403 and staff < 400 for _, _, owner, staff in statuses),
            ),
        ],
    )


def grey_release() -> Figure:
    """
    Count, of 100,000 users, for whom a feature is on at 10 %, who loses it at 20 %, and who has two features.
    """
    users = range(100_000)

    def among(name: str, percentage: int) -> set[int]:
        is_among = GatekeeperService.is_among
        return {user for user in users if is_among(name=name, subject=user, percentage=percentage)}

    def drawn(percentage: int) -> set[int]:
        return {user for user in users if dice.randrange(100) < percentage}

    dice = random.Random(14)
    tenth = among("new_feed", 10)
    by_user = {user for user in users if crc32(str(user).encode()) % 100 < 10}
    return Figure(
        "users",
        [
            ("on at 10 %", "10% 时已开启", len(tenth)),
            (
                "lost at 20 %, by place (here)",
                "升到 20% 后失去，固定位置（本项目）",
                len(tenth - among("new_feed", 20)),
            ),
            ("lost at 20 %, drawn again", "升到 20% 后失去，重新抽签", len(drawn(10) - drawn(20))),
            (
                "on in two features at 10 % (here)",
                "两个 10% 的功能都开启（本项目）",
                len(tenth & among("new_inbox", 10)),
            ),
            ("the same, place by user alone", "同上，位置只由用户决定", len(by_user)),
        ],
    )


# {chapter: its measurement}
BASICS = {
    "01-pull-and-push": pull_and_push,
    "02-push-model": push_model,
    "03-queue": queue,
    "04-denormalisation": denormalisation,
    "05-schema": schema,
    "06-reverse-queries": reverse_queries,
    "07-who-asks": who_asks,
    "08-grey-release": grey_release,
}

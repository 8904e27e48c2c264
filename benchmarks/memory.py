"""
Memory: what one person, and what one row, takes in each store.

    python -m benchmarks.memory [--people 2000] [--rows 100000]

What HBase takes on disk is in docs/hbase.md: its files are flushed and compacted by hand before they are measured.
"""

import argparse
from collections.abc import Callable

from django.conf import settings
from django.core.cache import caches
from django.db import connection
from pymemcache.client.base import Client

import benchmarks.environment  # noqa: F401 - first: sets Django up
from accounts.cache import load_account, load_user_records, user_key
from accounts.models import User
from benchmarks import report, world
from newsfeeds.cache import user_newsfeeds
from tweets.cache import TweetState, put_states, to_record, tweet_key
from tweets.models import Tweet
from utils.caching.redis.client import client
from utils.database.time_ids import id_to_datetime, next_id

CONTENT = "x" * 80
FIRST_PERSON = 1_000
# {table: the rows of what each number of `seq` stands for}; each table in the order in which people fill it.
FILLINGS = {
    "friendships_friendship": "(id, from_user_id, to_user_id) SELECT seq, 1 + seq MOD 1000, 1 + seq DIV 1000",
    "likes_like": "(id, user_id, content_type_id, object_id) SELECT seq, 1 + seq MOD 1000, 1, 1 + seq DIV 1000",
    "comments_comment": (
        "(id, user_id, tweet_id, content, likes_count, revision, updated_at) "
        f"SELECT seq, 1 + seq MOD 1000, 1 + seq DIV 1000, '{CONTENT}', 0, 0, NOW(6)"
    ),
    "tweets_tweet": (
        "(id, user_id, content, created_at, version, likes_count, comments_count, revision) "
        f"SELECT seq, 1 + seq MOD 1000, '{CONTENT}', NOW(6), 1, 0, 0, 0"
    ),
    "newsfeeds_newsfeed": "(user_id, tweet_id) SELECT 1 + seq MOD 1000, seq DIV 100",
}
# What twitter/capacity.py calls them.
ROWS = {
    "friendships_friendship": "friendship",
    "likes_like": "like",
    "comments_comment": "comment",
    "tweets_tweet": "tweet",
    "newsfeeds_newsfeed": "feed",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=2_000, help="whose lists and objects are cached (2,000)")
    parser.add_argument("--rows", type=int, default=100_000, help="of each table (100,000)")
    options = parser.parse_args()
    world.create_database()
    people = world.create_people(FIRST_PERSON, options.people, "person")
    result = {
        "redis_bytes": in_redis(people),
        "memcached_bytes": in_memcached(people),
        "row_bytes": {ROWS[table]: row_bytes(table, options.rows) for table in FILLINGS},
    }
    for store, figures in result.items():
        print(f"\n| {store.replace('_', ' ')} | |\n|---|---|")
        for name, value in figures.items():
            print(f"| {name} | {value:,.0f} |")
    report.save("memory", result)


def in_redis(people: list[User]) -> dict[str, float]:
    """
    Return the bytes by which Redis grew for each of: a feed's list, an account, a session, the state of a tweet.
    """
    newest = [next_id() for _ in range(settings.MAX_CACHED_IDS)][::-1]

    def store_list(user: User) -> None:
        lease = user_newsfeeds.read(user.id, before=None, after=None, limit=1).lease
        assert lease, "the list was there"
        user_newsfeeds.store(user.id, newest, lease)

    acts: dict[str, Callable[[User], object]] = {
        "list": store_list,
        "account": lambda user: load_account(user.id),
        "session": lambda user: world.open_session(user, world.OURS),
        "state": lambda user: put_states({user.id: TweetState.from_tweet(new_tweet(user))}),
    }
    return {name: growth(redis_bytes, act, people) for name, act in acts.items()}


def in_memcached(people: list[User]) -> dict[str, float]:
    """
    Return the bytes that Memcached holds for each of: the record of a person, the record of a tweet.
    """
    cache = caches["objects"]
    records = load_user_records([user.id for user in people])

    def store_tweet(user: User) -> None:
        tweet = new_tweet(user)
        cache.set(tweet_key(tweet.id, 1), to_record(tweet, []))

    acts: dict[str, Callable[[User], object]] = {
        "user": lambda user: cache.set(user_key(user.id), records[user.id]),
        "tweet": store_tweet,
    }
    return {name: growth(memcached_bytes, act, people) for name, act in acts.items()}


def new_tweet(user: User) -> Tweet:
    id = next_id()
    return Tweet(id=id, user_id=user.id, content=CONTENT, created_at=id_to_datetime(id))


def growth(size: Callable[[], int], act: Callable[[User], object], people: list[User]) -> float:
    """
    Return by how many bytes a store grows for each person for whom `act` is done.
    """
    # What is made once, such as connections and scripts, is made by the first.
    act(people[0])
    before = size()
    for user in people[1:]:
        act(user)
    return round((size() - before) / (len(people) - 1), 1)


def redis_bytes() -> int:
    # Without the scripts' interpreter and the buffers of connections.
    return int(client.call("INFO", "memory").split(b"used_memory_dataset:")[1].split()[0])


def memcached_bytes() -> int:
    host, _, port = settings.CACHES["objects"]["LOCATION"].split(",")[0].rpartition(":")
    server = Client((host, int(port)))
    try:
        return int(server.stats()[b"bytes"])
    finally:
        server.close()


def row_bytes(table: str, rows: int) -> float:
    """
    Return the bytes a row takes in MariaDB's files, indexes included, after so many were inserted one after another.
    """
    with connection.cursor() as cursor:
        for first in range(1, rows + 1, 1_000):
            last = min(rows, first + 999)
            cursor.execute(f"INSERT INTO {table} {FILLINGS[table]} FROM seq_{first}_to_{last}")
        cursor.execute(f"ANALYZE TABLE {table}")
        cursor.fetchall()
        cursor.execute(
            "SELECT data_length + index_length FROM information_schema.tables "
            "WHERE table_schema = DATABASE() AND table_name = %s",
            [table],
        )
        return round(int(cursor.fetchone()[0]) / rows, 1)


if __name__ == "__main__":
    main()

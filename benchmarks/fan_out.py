"""
Fan-out, beside the fastest that the same table can be filled.
"""

import statistics
import time
from collections.abc import Callable, Sequence

from django.conf import settings
from django.db import connection, transaction

from accounts.models import User
from benchmarks.world import World
from friendships.storage import mysql_store
from newsfeeds.services import DeliveryService
from tweets.models import Tweet
from utils.database.time_ids import next_id

ROUNDS = 5
# Followers with ids in (after, until] each.
Ranges = Sequence[tuple[int, int]]


def new_tweet(author: User) -> Tweet:
    return Tweet.objects.create(id=next_id(), user_id=author.id, content="Hello to all of my followers")


def by_tasks(author: User, ranges: Ranges) -> None:
    """
    What the batch tasks do: lock, insert, push, look again.
    """
    tweet = new_tweet(author)
    for after, until in ranges:
        DeliveryService.deliver_to_range(tweet_id=tweet.id, author_id=author.id, after=after, until=until)


def by_insert_select(author: User, ranges: Ranges) -> None:
    """
    One statement a batch, nothing leaves the server.
    """
    tweet = new_tweet(author)
    for after, until in ranges:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO newsfeeds_newsfeed (user_id, tweet_id) "
                "SELECT from_user_id, %s FROM friendships_friendship "
                "WHERE to_user_id = %s AND from_user_id > %s AND from_user_id <= %s",
                [tweet.id, author.id, after, until],
            )


def by_executemany(author: User, ranges: Ranges) -> None:
    """
    The same rows through the driver's executemany.
    """
    tweet = new_tweet(author)
    for after, until in ranges:
        ids = mysql_store().get_followers_between(author.id, after=after, until=until)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO newsfeeds_newsfeed (user_id, tweet_id) VALUES (%s, %s)", [(id, tweet.id) for id in ids]
            )


def measure(world: World) -> dict[str, int]:
    """
    Return {way: rows a second}, medians of interleaved rounds, each way one connection.
    """
    ranges = list(mysql_store().get_follower_ranges(world.star.id, size=settings.FAN_OUT_BATCH_SIZE))
    ways: dict[str, Callable[[User, Ranges], None]] = {
        "tasks": by_tasks,
        "insert_select": by_insert_select,
        "executemany": by_executemany,
    }
    speeds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            started = time.monotonic()
            way(world.star, ranges)
            speeds[name].append(len(world.crowd) / (time.monotonic() - started))
    return {name: round(statistics.median(taken)) for name, taken in speeds.items()}

"""
A star: one author whom a million people follow posts once, through web, relay and workers.

    python -m benchmarks.star [--followers 1000000]
"""

import argparse
import time

from django.db import connection

import benchmarks.environment  # noqa: F401 - first: sets Django up
from accounts.models import UserProfile
from benchmarks import report, world
from benchmarks.environment import PORT
from benchmarks.http import Connection, http_request
from benchmarks.programs import running_programs, used_since, wait_until
from newsfeeds.models import NewsFeed
from outbox.models import Message
from tweets.models import Tweet

FIRST_FOLLOWER = 100_000
MAX_SECONDS = 600
# The driver gives up on a statement that takes ten seconds.
ROWS_AT_ONCE = 20_000
# Tweets that are posted before, so that code and connections are warm.
WARM_UP_TWEETS = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--followers", type=int, default=1_000_000)
    followers = parser.parse_args().followers
    print("Seeding a database of the benchmarks' own …", flush=True)
    world.create_database()
    star, ordinary = world.create_people(1, 2, "author")
    create_followers(star.id, followers)
    cookies = [world.open_session(user, world.OURS) for user in (star, ordinary)]
    connection.close()
    with running_programs() as programs:
        web = Connection(PORT)
        for number in range(WARM_UP_TWEETS):
            post(web, cookies[1], f"Nobody reads this {number}")
        wait_until(lambda: not Message.objects.exists(), MAX_SECONDS, "the warm-up is not handled")
        started, before = time.monotonic(), programs.cpu_seconds()
        post(web, cookies[0], "Hello to all of my followers")
        answered = time.monotonic() - started
        tweet_id = Tweet.objects.get(user_id=star.id).id
        first, seconds = wait_for_all(tweet_id, started, followers)
        used = used_since(before, programs.cpu_seconds())
    result = {
        "followers": followers,
        "answered_seconds": round(answered, 3),
        "first_batch_seconds": round(first, 2),
        "last_seconds": round(seconds, 2),
        "rows_per_second": round(followers / seconds),
        "cpu_microseconds_per_row": {group: round(10**6 * cpu / followers, 2) for group, cpu in used.items()},
    }
    print("\n| what | |\n|---|---|")
    for name, value in result.items():
        print(f"| {name.replace('_', ' ')} | {value} |")
    report.save("star", result)


def create_followers(star_id: int, count: int) -> None:
    """
    Make people and friendships inside the database; they have no profiles, for nothing reads those.
    """
    with connection.cursor() as cursor:
        for first in range(FIRST_FOLLOWER, FIRST_FOLLOWER + count, ROWS_AT_ONCE):
            numbers = f"seq_{first}_to_{min(first + ROWS_AT_ONCE, FIRST_FOLLOWER + count) - 1}"
            cursor.execute(
                "INSERT INTO accounts_user (id, username, email, password, is_superuser, is_staff, is_active,"
                " date_joined, auth_epoch) SELECT seq, CONCAT('fan_', seq), CONCAT('fan_', seq, '@bench.invalid'),"
                f" '!', 0, 0, 1, NOW(), 0 FROM {numbers}"
            )
            cursor.execute(
                f"INSERT INTO friendships_friendship (id, from_user_id, to_user_id) SELECT seq, seq, %s FROM {numbers}",
                [star_id],
            )
        cursor.execute("ANALYZE TABLE friendships_friendship")
        cursor.fetchall()
    UserProfile.objects.filter(user_id=star_id).update(followers_count=count)


def post(web: Connection, cookie: str, content: str) -> None:
    status, _ = web.send(http_request("POST", "/api/tweets/", cookie=cookie, body={"content": content}))
    assert status == 201, f"the post was answered with {status}"


def wait_for_all(tweet_id: int, started: float, followers: int) -> tuple[float, float]:
    """
    Return after how many seconds the first followers had the tweet, and the last; then everybody is counted.
    """
    delivered = NewsFeed.objects.filter(tweet_id=tweet_id, user_id__gte=FIRST_FOLLOWER)
    first_of_all = NewsFeed.objects.filter(user_id=FIRST_FOLLOWER, tweet_id=tweet_id)
    wait_until(first_of_all.exists, MAX_SECONDS, "nobody has the tweet")
    first = time.monotonic() - started
    wait_until(lambda: not Message.objects.exists(), MAX_SECONDS, "the fan-out does not end")
    last = time.monotonic() - started
    assert delivered.count() == followers, f"{delivered.count()} of {followers} have the tweet"
    return first, last


if __name__ == "__main__":
    main()

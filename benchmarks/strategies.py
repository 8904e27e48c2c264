"""
What the strategies of feeds cost, as ratios to push: reading, all-in, and posting to many.

    python -m benchmarks.strategies [--seconds 4] [--rounds 3] [--followers 100000]
"""

import argparse
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.test import override_settings
from django.utils import timezone

import benchmarks.environment  # noqa: F401 - first: sets Django up
from accounts.models import User
from benchmarks import world
from benchmarks.cases import Case, all_cases
from benchmarks.measuring import measure, send
from benchmarks.programs import Programs, running_programs, wait_until_drained
from newsfeeds.models import FeedReader, PulledAuthor
from newsfeeds.services import NewsFeedService, PostingService
from outbox.handling import handle
from outbox.relay import cut_into_batches
from outbox.services import OutboxService
from utils.caching.redis.client import client

PULLED_AUTHORS = 10
IDLE_PERCENT = 60
WARM_UP_SECONDS = 1
ROW = "one row"
# From the first tweet on.
ALWAYS = 0


@dataclass(frozen=True, slots=True)
class Posted:
    """
    What one tweet cost until every follower could see it.
    """

    rows: int
    cpu_ms: float
    seconds: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=4, help="of load for each strategy and round (4)")
    parser.add_argument("--rounds", type=int, default=3, help="of which the median is shown (3)")
    parser.add_argument("--followers", type=int, default=100_000, help="of the author who posts (100,000)")
    options = parser.parse_args()
    print("Seeding a database of the benchmarks' own …", flush=True)
    people = world.create()
    pages = measure_pages(people, options.seconds, options.rounds)
    show_pages(pages)
    show_posts(measure_posts(options.followers))
    pull, row = (pages["hybrid_threshold"] - pages["none pulled"]) / PULLED_AUTHORS, pages.pop(ROW)
    print(f"\npulling one author for one page {pull:.4f} ms, one row {row:.4f} ms: FEED_PULLS_PER_ROW {pull / row:.2f}")


def measure_pages(people: world.World, seconds: float, rounds: int) -> dict[str, float]:
    """
    Return {strategy: all-in CPU milliseconds of a warm home page of a reader of fifty people}, medians.

    `none pulled` is hybrid_threshold of a reader none of whose fifty people is pulled, ROW one delivered row.
    """
    pulled = [PulledAuthor(author_id=author.id, pulled_since=ALWAYS) for author in people.followees[:PULLED_AUTHORS]]
    taken: dict[str, list[float]] = {}
    for _ in range(rounds):
        for name, strategy, authors in (
            ("push", "push", []),
            ("none pulled", "hybrid_threshold", []),
            ("hybrid_threshold", "hybrid_threshold", pulled),
            ("cached_pull", "cached_pull", []),
        ):
            PulledAuthor.objects.all().delete()
            PulledAuthor.objects.bulk_create(authors)
            client.call("FLUSHDB")
            # Beat would let them return who have fewer followers.
            with running_programs(FEED_STRATEGY=strategy, FEED_PULL_THRESHOLD="10") as programs:
                cases = {case.name: case for case in all_cases(people)}
                taken.setdefault(name, []).append(measure_warm(cases["home feed"], programs, seconds))
                if name == "push":
                    to_many = measure_warm(cases[f"post to {world.FOLLOWERS:,}"], programs, seconds)
                    taken.setdefault(ROW, []).append(to_many / world.FOLLOWERS)
    PulledAuthor.objects.all().delete()
    return {name: statistics.median(values) for name, values in taken.items()}


def measure_warm(case: Case, programs: Programs, seconds: float) -> float:
    send(case, WARM_UP_SECONDS)
    wait_until_drained()
    return measure(case, programs, seconds).cpu_ms


def show_pages(pages: dict[str, float]) -> None:
    print(f"\nA warm home page of somebody who follows {world.FOLLOWEES} people, all-in")
    for name, cpu_ms in pages.items():
        if name != ROW:
            print(f"  {name:18} {cpu_ms:6.2f} ms  {cpu_ms / pages['push']:.2f} x push")
    print(f"  hybrid_threshold: {PULLED_AUTHORS} of them are pulled")


def measure_posts(followers_count: int) -> dict[str, Posted]:
    """
    Return what a tweet of an author with so many followers costs: pushed, pulled, and with most readers idle.
    """
    (author,) = world.create_people(400_000, 1, "popular")
    crowd = world.create_people(500_000, followers_count, "follower")
    world.follow_all(crowd, [author])
    posts = {}
    with override_settings(FEED_STRATEGY="push"):
        posts["push"] = post(author)
    with idle_readers(crowd), override_settings(FEED_STRATEGY="push", FEED_SKIP_IDLE_DAYS=30):
        posts[f"push, {IDLE_PERCENT} % idle"] = post(author)
    with override_settings(FEED_STRATEGY="hybrid_threshold", FEED_PULL_THRESHOLD=followers_count // 2):
        PulledAuthor.objects.create(author_id=author.id, pulled_since=ALWAYS)
        posts["hybrid_threshold"] = post(author)
    return posts


@contextmanager
def idle_readers(crowd: list[User]) -> Iterator[None]:
    """
    Let most of these be idle, as the walk over all readers notes it.
    """
    idle = crowd[: len(crowd) * IDLE_PERCENT // 100]
    now = timezone.now()
    FeedReader.objects.bulk_create(
        [FeedReader(user_id=user.id, seen_at=now, pulled_since=ALWAYS) for user in idle], batch_size=5_000
    )
    yield
    FeedReader.objects.all().delete()


def post(author: User) -> Posted:
    """
    Post, and handle in this process what follows.
    """
    began, cpu = time.monotonic(), time.process_time()
    tweet_id = PostingService.post_tweet(author=author, content="To all of you").id
    while claimed := OutboxService.claim():
        for _, batch in cut_into_batches(claimed):
            handle([message.id for message in batch])
    seconds, cpu_ms = time.monotonic() - began, (time.process_time() - cpu) * 1000
    in_others, _, in_own = NewsFeedService.count_feeds(tweet_id=tweet_id, author_id=author.id)
    return Posted(in_others + in_own, cpu_ms, seconds)


def show_posts(posts: dict[str, Posted]) -> None:
    print("\nA tweet, in one process, until everybody sees it")
    for name, posted in posts.items():
        share = posted.rows / posts["push"].rows
        print(
            f"  {name:18} {posted.rows:8,} rows  {share:8.3%} of push  {posted.cpu_ms:8.1f} ms CPU  {posted.seconds:6.2f} s"
        )


if __name__ == "__main__":
    main()

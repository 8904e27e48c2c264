"""
Compares every feed with its definition.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from accounts.models import User
from newsfeeds.services import CheckedChunk, Difference, FeedCheckService
from utils.caching.redis.client import RedisUnavailable
from utils.hbase.exceptions import HBaseUnavailable
from utils.hbase.pool import timeout

MAX_REPORTED = 100
# For each response of HBase. For a command, waiting is better than failing.
TIMEOUT_MS = 5_000


class Command(BaseCommand):
    help = (
        "Reports what is missing, does not belong, is repeated or misordered in feeds and their cached lists. "
        "Safe under traffic; an interrupted run over all feeds goes on. Exit code 1 while something differs."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--repair", action="store_true", help="put and remove rows, drop cached lists")
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--user", type=int, metavar="ID", help="the feed of one user only")
        which.add_argument("--sample", type=int, metavar="N", help="N feeds from a random user on")

    def handle(self, *, repair: bool, user: int | None, sample: int | None, **options: Any) -> None:
        try:
            with timeout(TIMEOUT_MS):
                self.look(repair, user, sample)
        except (HBaseUnavailable, RedisUnavailable) as error:
            raise CommandError(f"{error}. A run over all feeds goes on where this one has stopped.") from error

    def look(self, repair: bool, user: int | None, sample: int | None) -> None:
        total, left = User.objects.count(), 0
        if user is not None:
            if not User.objects.filter(id=user).exists():
                raise CommandError(f"there is no user {user}")
            chunks: Iterable[CheckedChunk] = [FeedCheckService.check(user_ids=[user], repair=repair)]
            total = 1
        elif sample is not None:
            chunks, total = FeedCheckService.check_sample(size=sample, repair=repair), min(sample, total)
        else:
            chunks, (after, left) = FeedCheckService.check_all(repair=repair), FeedCheckService.get_progress()
            if after:
                total = User.objects.filter(id__gt=after).count()
                self.stdout.write(f"goes on behind user {after}; {left} differences were left before")
        self.report(chunks, total, repair, left)

    def report(self, chunks: Iterable[CheckedChunk], total: int, repair: bool, left: int) -> None:
        found, reported = Counter[str](), 0
        with tqdm(total=total, desc="feeds", unit=" feeds") as bar:
            for chunk in chunks:
                for difference in chunk.found:
                    found[difference.kind.value] += 1
                    reported += 1
                    if reported <= MAX_REPORTED:
                        self.stdout.write(self.line(difference))
                left += len(chunk.left)
                bar.update(chunk.readers_count)
        words = ", ".join(f"{count} {kind}" for kind, count in sorted(found.items())) or "no difference"
        self.stdout.write(f"{words}; {found.total() - left} repaired" if repair and found else words)
        if left:
            advice = "Run it again in a moment." if repair else "manage.py feed_fsck --repair"
            raise CommandError(f"{left} differences are left: {advice}")

    def line(self, difference: Difference) -> str:
        place, kind, user_id, tweet_id = difference
        return f"{place}: tweet {tweet_id} is {kind.value} in the feed of user {user_id}"

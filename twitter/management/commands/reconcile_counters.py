"""
Compares every counter with the rows that it counts, and repairs those that have drifted.
"""

from collections.abc import Callable, Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from tqdm import tqdm

from comments.models import Comment
from comments.services import CommentService
from friendships.services import FriendshipService
from likes.services import LikeService
from tweets.models import Tweet
from tweets.services import TweetCountService
from utils.database.counters import Counter, Drift

CHUNK = 1_000
MAX_REPORTED = 100

Treat = Callable[[Counter, int], Drift | None]


class Command(BaseCommand):
    help = "Reports counters that differ from the rows they count, and repairs them; safe under traffic and to repeat."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="report only")

    def handle(self, *, dry_run: bool, **options: Any) -> None:
        treat = self.get_drift if dry_run else self.repair
        count = 0
        for counter in self.counters():
            for drift in self.find_drifts(counter, treat):
                count += 1
                if count <= MAX_REPORTED:
                    self.stdout.write(f"{drift.table} {drift.id}: {drift.counter} was {drift.was}, is {drift.counted}")
        self.stdout.write(self.sentence(count, dry_run))

    def counters(self) -> list[Counter]:
        services = (TweetCountService, FriendshipService, CommentService, LikeService)
        return [counter for service in services for counter in service.get_counters()]

    def find_drifts(self, counter: Counter, treat: Treat) -> Iterator[Drift]:
        """
        Call `treat` for every row whose counter looks wrong, and yield the drifts that it returns.
        """
        after = 0
        with tqdm(total=counter.parent._default_manager.count(), desc=str(counter), unit=" rows") as bar:
            while chunk := counter.get_chunk(after=after, size=CHUNK):
                yield from filter(None, (treat(counter, pk) for pk in counter.find_suspects(chunk)))
                after = chunk[-1][0]
                bar.update(len(chunk))

    def get_drift(self, counter: Counter, pk: int) -> Drift | None:
        return counter.get_drift(pk=pk)

    def repair(self, counter: Counter, pk: int) -> Drift | None:
        if counter.parent is Tweet:
            drift: Drift | None = TweetCountService.repair(counter=counter, tweet_id=pk)
        elif counter.parent is Comment:
            drift = CommentService.repair_likes_count(counter=counter, comment_id=pk)
        else:
            drift = counter.repair(pk=pk)
        return drift

    def sentence(self, count: int, dry_run: bool) -> str:
        if not count:
            return "no drift"
        return f"{count} counters have drifted" if dry_run else f"{count} counters had drifted and are repaired"

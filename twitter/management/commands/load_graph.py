"""
Loads a real follower graph, and lets its most followed users post through the real fan-out.
"""

import gzip
import re
import time
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.management import BaseCommand, CommandError, call_command
from django.core.management.base import CommandParser
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce
from tqdm import tqdm

from accounts.models import User, UserProfile
from friendships.models import Friendship
from friendships.storage import is_mirrored
from newsfeeds.services import PostingService
from outbox.models import Message
from stores.constants import FRIENDSHIPS
from tweets.models import Tweet
from twitter import embedded
from utils.database.time_ids import next_id

if TYPE_CHECKING:
    from tweets.services import LoadedTweet

CHUNK = 5_000
LINE = re.compile(r"\s*([0-9]{1,15})\s+([0-9]{1,15})\s*")
MAX_REPORTED = 20
MAX_WAIT_SECONDS = 900

Item = TypeVar("Item")
# (follower id, followee id).
Edge = tuple[int, int]


class Command(BaseCommand):
    help = "Loads lines `A B` (user A follows user B) from a plain or gzipped file; safe to repeat."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file")
        parser.add_argument(
            "--tweets", type=int, default=0, metavar="N", help="let the N most followed users post one tweet each"
        )
        parser.add_argument("--password", help="a password that all loaded users get; without it they cannot log in")

    def handle(self, *, file: str, tweets: int, password: str | None, **options: Any) -> None:
        edges = self.read_edges(file)
        user_ids = sorted({user_id for edge in edges for user_id in edge})
        edges = self.create_users(user_ids, edges, password)
        self.create_friendships(edges)
        self.copy_friendships()
        self.count_friendships(user_ids)
        self.stdout.write(f"{len(user_ids)} users and {len(edges)} friendships are loaded.")
        if tweets:
            self.post_tweets(edges, tweets)

    def read_edges(self, file: str) -> list[Edge]:
        """
        Return the edges in the file, each once. Bad lines are reported with their number and skipped.
        """
        # Any: both open a text file, and have nothing in common for the type checker.
        open_text: Any = gzip.open if file.endswith(".gz") else open
        edges: dict[Edge, None] = {}
        bad = 0
        try:
            with open_text(file, "rt", encoding="ascii", errors="replace") as lines:
                for number, line in enumerate(tqdm(lines, desc="reading", unit=" lines"), start=1):
                    match = LINE.fullmatch(line)
                    pair = (int(match[1]), int(match[2])) if match else None
                    if pair and 0 not in pair and pair[0] != pair[1]:
                        edges[pair] = None
                    elif line.strip() and not line.startswith("#"):
                        bad += 1
                        if bad <= MAX_REPORTED:
                            self.stderr.write(f"line {number} skipped: {line.strip()[:60]!r}")
        except (OSError, EOFError, zlib.error) as error:
            raise CommandError(f"cannot read {file}: {error}") from error
        if bad > MAX_REPORTED:
            self.stderr.write(f"{bad} lines were skipped in total")
        return list(edges)

    def create_users(self, user_ids: list[int], edges: list[Edge], password: str | None) -> list[Edge]:
        """
        Create missing users; return the edges without those of ids that belong to other accounts.
        """
        secret = make_password(password)
        for ids in self.chunks(user_ids, "users"):
            users = [
                User(id=id, username=f"user_{id}", email=f"user_{id}@graph.invalid", password=secret) for id in ids
            ]
            User.objects.bulk_create(users, ignore_conflicts=True)
            # Names are compared here: two long IN lists in one query cost SQLite a millisecond a row.
            existing = User.objects.filter(id__in=ids).values_list("id", "username")
            ours = {id for id, username in existing if username == f"user_{id}"}
            UserProfile.objects.bulk_create(
                [UserProfile(user_id=id) for id in ids if id in ours], ignore_conflicts=True
            )
            if password:
                User.objects.filter(id__in=ours).update(password=secret)
            strangers = set(ids) - ours
            if strangers:
                self.stderr.write(
                    f"{len(strangers)} ids belong to other accounts and are left out, such as {min(strangers)}"
                )
                edges = [edge for edge in edges if strangers.isdisjoint(edge)]
        return edges

    def create_friendships(self, edges: list[Edge]) -> None:
        # In the order of the index that fan-out walks, which keeps the inserts local.
        for pairs in self.chunks(sorted(edges, key=lambda edge: (edge[1], edge[0])), "friendships"):
            friendships = [Friendship(id=next_id(), from_user_id=a, to_user_id=b) for a, b in pairs]
            Friendship.objects.bulk_create(friendships, ignore_conflicts=True)

    def copy_friendships(self) -> None:
        """
        Copy the friendships to HBase, if HBase is in use: bulk inserts bypass the services, which write to both stores.
        """
        if is_mirrored():
            call_command("backfill_store", FRIENDSHIPS, stdout=self.stdout, stderr=self.stderr)

    def count_friendships(self, user_ids: list[int]) -> None:
        """
        Set the counters from the rows, so that they are right after an interrupted run too.
        """

        def counted(side: str) -> Coalesce:
            rows = Friendship.objects.filter(**{side: OuterRef("user_id")}).order_by().values(side)
            return Coalesce(Subquery(rows.annotate(count=Count("id")).values("count")), 0)

        for ids in self.chunks(user_ids, "counters"):
            UserProfile.objects.filter(user_id__in=ids).update(
                followers_count=counted("to_user"), followings_count=counted("from_user")
            )

    def chunks(self, items: Sequence[Item], description: str) -> Iterator[Sequence[Item]]:
        with tqdm(total=len(items), desc=description, unit="") as bar:
            for start in range(0, len(items), CHUNK):
                chunk = items[start : start + CHUNK]
                yield chunk
                bar.update(len(chunk))

    def post_tweets(self, edges: list[Edge], count: int) -> None:
        """
        Let the most followed of this graph post, and wait until every follower has it.
        """
        followers = Counter(followee_id for _, followee_id in edges)
        most_followed = sorted(followers, key=lambda user_id: (-followers[user_id], user_id))[:count]
        posted: dict[UserProfile, Tweet | LoadedTweet] = {}
        for user_id in most_followed:
            profile = UserProfile.objects.select_related("user").get(user_id=user_id)
            content = f"Hello from user_{profile.user_id} to everybody who follows me."
            earlier = Tweet.objects.not_deleted().filter(user_id=profile.user_id, content=content).first()
            posted[profile] = earlier or PostingService.post_tweet(author=profile.user, content=content)
        if settings.EMBEDDED:
            embedded.start()
        self.wait([tweet.id for tweet in posted.values()])
        for profile, tweet in posted.items():
            self.stdout.write(f"tweet {tweet.id} of user {profile.user_id} went to {profile.followers_count} followers")

    def wait(self, tweet_ids: list[int]) -> None:
        """
        Wait until the outbox has no message about these tweets.
        """
        started = time.monotonic()
        fan_out = Message.objects.filter(
            event__in=("tweet_created", "fan_out_batch_ready"), payload__tweet_id__in=tweet_ids
        )
        with tqdm(total=fan_out.count(), desc="delivering", unit=" batches") as bar:
            while left := fan_out.count():
                bar.total = max(bar.total, left)
                bar.n = bar.total - left
                bar.refresh()
                if time.monotonic() - started > MAX_WAIT_SECONDS:
                    raise CommandError(f"{left} batches are still waiting: do the workers run (make stack-run)?")
                time.sleep(0.2)
            bar.n = bar.total
        self.stdout.write(f"delivered in {time.monotonic() - started:.1f} s")

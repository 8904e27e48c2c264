"""
Holds every counter against the rows that it counts, and sets right what has drifted.
"""

from django.core.management.base import BaseCommand
from tqdm import tqdm

from comments.models import Comment
from comments.services import CommentService
from friendships.services import FriendshipService
from likes.services import LikeService
from tweets.models import Tweet
from tweets.services import TweetCountService

CHUNK = 1_000
MOST_REPORTED = 100


class Command(BaseCommand):
    help = "Reports counters that differ from the rows they count, and repairs them; safe under traffic and to repeat."

    def add_arguments(self, parser):
        parser.add_argument("--dry-run", action="store_true", help="report only")

    def handle(self, *, dry_run, **options):
        treat = self.look_at if dry_run else self.repair
        count = 0
        for counter in self.counters():
            for drift in self.find_drifts(counter, treat):
                count += 1
                if count <= MOST_REPORTED:
                    self.stdout.write(f"{drift.table} {drift.id}: {drift.counter} was {drift.was}, is {drift.counted}")
        self.stdout.write(self.sentence(count, dry_run))

    def counters(self):
        services = (TweetCountService, FriendshipService, CommentService, LikeService)
        return [counter for service in services for counter in service.get_counters()]

    def find_drifts(self, counter, treat):
        """
        Yield what `treat` returns of every row whose number is wrong, a chunk of primary keys at a time.
        """
        after = 0
        with tqdm(total=counter.parent.objects.count(), desc=str(counter), unit=" rows") as bar:
            while chunk := counter.get_chunk(after=after, size=CHUNK):
                yield from filter(None, (treat(counter, pk) for pk in counter.find_suspects(chunk)))
                after = chunk[-1][0]
                bar.update(len(chunk))

    def look_at(self, counter, pk):
        return counter.get_drift(pk=pk)

    def repair(self, counter, pk):
        if counter.parent is Tweet:
            return TweetCountService.repair(counter=counter, tweet_id=pk)
        if counter.parent is Comment:
            return CommentService.repair_likes_count(counter=counter, comment_id=pk)
        return counter.repair(pk=pk)

    def sentence(self, count, dry_run):
        if not count:
            return "no drift"
        return f"{count} counters have drifted" if dry_run else f"{count} counters had drifted and are repaired"

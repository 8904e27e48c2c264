"""
Playing a trace through the real services, and holding sampled pages against the definition of feeds.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable

from django.conf import settings
from django.db import connection
from django.utils import timezone

from accounts.models import User
from friendships.models import Friendship
from friendships.services import FriendshipService
from newsfeeds.lab.costs import Cost, Result, measured
from newsfeeds.lab.trace import DELETE, FOLLOW, POST, READ, UNFOLLOW, Act, Trace
from newsfeeds.models import FeedFollow, FeedReader, NewsFeed, PulledAuthor
from newsfeeds.services import CrossingService, EdgeService, FeedDefinition, NewsFeedService, PostingService
from newsfeeds.services.definition import DefinedFeed
from newsfeeds.services.strategies import get_strategy
from outbox.handling import handle
from outbox.relay import cut_into_batches
from outbox.services import OutboxService
from tweets.models import Tweet
from tweets.services import TweetService
from utils.database.pagination import IdRange
from utils.database.time_ids import next_id

PAGE_SIZE = 20
# Posts of the history whose events are handled together, as a worker does with what has piled up.
HANDLED_AT_ONCE = 100
# Pages of one reader that are looked at, at most: the first, and others that begin anywhere.
PAGES_A_READER = 10


class Player:
    """
    Plays acts one after the other. All that an act sets going has happened when the next one begins.
    """

    def __init__(self, trace: Trace, result: Result) -> None:
        self.trace, self.result = trace, result
        self.users = {user.id: user for user in User.objects.select_related("profile")}
        self.followers: defaultdict[int, set[int]] = defaultdict(set)
        self.followees: Counter[int] = Counter()
        for follower_id, followee_id in trace.edges:
            self.followers[followee_id].add(follower_id)
            self.followees[follower_id] += 1
        # Ids of the tweets, in the order in which they were posted.
        self.tweet_ids: list[int] = []
        self.verbs: dict[str, Callable[[Act], None]] = {
            POST: self._post,
            READ: self._read,
            FOLLOW: self._follow,
            UNFOLLOW: self._unfollow,
            DELETE: self._delete,
        }

    def reconcile_authors(self) -> None:
        """
        Let authors cross, so that the trace begins as a site is that has had its strategy for weeks.

        The follows of the graph are noted as reconciled: only of such can single ones be pulled.
        """
        CrossingService.reconcile(author_ids=self.users)
        # Nobody reads yet who would have to know first.
        PulledAuthor.objects.update(pulled_since=next_id())
        now = timezone.now()
        rows = Friendship.objects.values_list("from_user_id", "to_user_id", "id")
        FeedFollow.objects.bulk_create(
            [
                FeedFollow(follower_id=one, followee_id=other, friendship_id=id, oldest_id=0, reconciled_at=now)
                for one, other, id in rows
            ],
            batch_size=1_000,
            ignore_conflicts=True,
        )

    def choose_edges(self) -> None:
        """
        Choose which follows are pulled.

        The history stands for the posts of 28 days, and the reads of the trace, which has fewer posts, for as many.
        """
        reads = Counter(act.user_id for act in self.trace.acts if act.kind == READ)
        scale = len(self.trace.history) / max(1, sum(act.kind == POST for act in self.trace.acts))
        now = timezone.now()
        FeedReader.objects.bulk_create(
            [FeedReader(user_id=user_id, seen_at=now, reads_count=reads[user_id] * scale) for user_id in self.users]
        )
        EdgeService.choose(user_ids=list(self.users))
        FeedFollow.objects.filter(pulled_since__isnull=False).update(pulled_since=next_id())
        self.let_everything_happen()

    def post_history(self) -> None:
        """
        Post what is there before the first act, and deliver it in batches.
        """
        for number, author_id in enumerate(self.trace.history, start=1):
            self.tweet_ids.append(self._post_tweet(author_id))
            if number % HANDLED_AT_ONCE == 0:
                self.let_everything_happen()
        self.let_everything_happen()

    def play(self, acts: Iterable[Act]) -> None:
        for act in acts:
            self.verbs[act.kind](act)

    def _post_tweet(self, author_id: int) -> int:
        content = f"Post {len(self.tweet_ids)} of the trace"
        return PostingService.post_tweet(author=self.users[author_id], content=content).id

    def _post(self, act: Act) -> None:
        followers = self.followers[act.user_id]
        with measured(Cost(size=len(followers))) as cost:
            tweet_id = self._post_tweet(act.user_id)
        # The fan-out goes by ids: the last of them is the last who sees it.
        last_id = max(followers, default=act.user_id)
        seconds = cost.seconds if get_strategy(last_id).has_tweet(last_id, tweet_id) else None
        with measured(cost):
            self.let_everything_happen()
        cost.seconds = seconds or cost.seconds
        in_others, _, in_own = NewsFeedService.count_feeds(tweet_id=tweet_id, author_id=act.user_id)
        cost.rows = in_others + in_own
        self.tweet_ids.append(tweet_id)
        self.result.posts.append(cost)

    def _read(self, act: Act) -> None:
        with measured(Cost(size=self.followees[act.user_id])) as cost:
            self.read(act.user_id, before=None)
        self.result.reads.append(cost)

    def read(self, reader_id: int, *, before: int | None) -> list[int]:
        """
        Return the ids of a page of the reader's home feed, newest first.
        """
        page = NewsFeedService.load_feed(viewer=self.users[reader_id], id_range=IdRange(before=before), limit=PAGE_SIZE)
        return [tweet.id for tweet in page.rows]

    def _follow(self, act: Act) -> None:
        FriendshipService.follow(follower=self.users[act.user_id], followee=self.users[act.target])
        self.followers[act.target].add(act.user_id)
        self.followees[act.user_id] += 1
        self.let_everything_happen()

    def _unfollow(self, act: Act) -> None:
        FriendshipService.unfollow(follower=self.users[act.user_id], followee=self.users[act.target])
        self.followers[act.target].remove(act.user_id)
        self.followees[act.user_id] -= 1
        self.let_everything_happen()

    def _delete(self, act: Act) -> None:
        TweetService.delete_tweet(tweet=Tweet.objects.get(id=self.tweet_ids[act.target]))
        self.let_everything_happen()

    def let_everything_happen(self) -> None:
        """
        Call the real handlers of all events that wait, in this process and without a broker.
        """
        while claimed := OutboxService.claim():
            for _, batch in cut_into_batches(claimed):
                handle([message.id for message in batch])


def play(trace: Trace, *, repeat: int, pages: int) -> Result:
    """
    Play the trace in a database that `load_graph` has filled with its edges, and return what FEED_STRATEGY cost.

    :param pages: how many pages are held against the definition, at most.
    """
    result = Result(settings.FEED_STRATEGY, repeat)
    player = Player(trace, result)
    player.reconcile_authors()
    player.post_history()
    player.choose_edges()
    player.play(trace.acts)
    result.stored_rows, result.stored_bytes = NewsFeed.objects.count(), stored_bytes()
    check_pages(player, pages=pages, seed=trace.seed + repeat)
    return result


def check_pages(player: Player, *, pages: int, seed: int) -> None:
    """
    Compare pages of readers in random order with the definition of feeds, and note in the result what differs.
    """
    chance = random.Random(seed)
    reader_ids = sorted(set(Friendship.objects.values_list("from_user_id", flat=True)))
    chance.shuffle(reader_ids)
    newest = player.tweet_ids[-1] + 1 if player.tweet_ids else 1
    while player.result.pages < pages and reader_ids:
        for reader_id in reader_ids:
            if player.result.pages >= pages:
                return
            defined = (FeedDefinition.get_feeds([reader_id]) or {})[reader_id]
            starts = [None, *chance.choices([*player.tweet_ids, newest], k=PAGES_A_READER - 1)]
            for before in starts[: pages - player.result.pages]:
                page = player.read(reader_id, before=before)
                player.result.pages += 1
                player.result.differences += not is_as_defined(page, defined, before)


def is_as_defined(page: list[int], defined: DefinedFeed, before: int | None) -> bool:
    """
    Return whether a page holds, newest first, all that it must hold and nothing that it may not.
    """
    fits = [id for id in defined.required if before is None or id < before]
    oldest = page[-1] if len(page) == PAGE_SIZE else 0
    missing = {id for id in fits if id >= oldest} - set(page)
    ghosts = set(page) - defined.required - defined.allowed
    return not missing and not ghosts and page == sorted(set(page), reverse=True)


def stored_bytes() -> int:
    """
    Return how many bytes the table of feed rows takes, as the database counts them: whole pages.
    """
    table = NewsFeed._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(
                "SELECT SUM(pgsize) FROM dbstat WHERE name IN (SELECT name FROM sqlite_master WHERE tbl_name = %s)",
                [table],
            )
        else:
            cursor.execute(f"ANALYZE TABLE {connection.ops.quote_name(table)}")
            cursor.execute(
                "SELECT data_length + index_length FROM information_schema.tables "
                "WHERE table_schema = DATABASE() AND table_name = %s",
                [table],
            )
        (size,) = cursor.fetchone()
    return int(size or 0)

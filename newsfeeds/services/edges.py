"""
Which edges of the graph are pulled: by how often the author posts and how often the follower reads.

The rule is that of Silberstein, Terrace, Cooper and Ramakrishnan, *Feeding Frenzy: Selectively Materializing Users'
Event Feeds* (SIGMOD 2010): an edge is pushed while the rows of its tweets cost less than pulling the author at each
read of the follower. It is optimal edge by edge, because the costs of edges add up.
"""

import sys
from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import NamedTuple

from django.conf import settings
from django.utils import timezone

from newsfeeds.cache import drop_feeds
from newsfeeds.events import PulledFollowDue
from newsfeeds.models import FeedFollow, FeedReader
from newsfeeds.services.feeds import NewsFeedService
from newsfeeds.services.strategies import STRATEGIES, get_strategy
from outbox.services import OutboxService
from tweets.services import TweetCountService, TweetService
from utils.database.time_ids import datetime_to_id, next_id
from utils.database.transactions import retried_transaction

# Posts and reads of so many days are compared.
RATE_DAYS = 28
# An edge changes when the other way is so many times cheaper, and then stays for a while.
HYSTERESIS = 2


class Edge(NamedTuple):
    """
    A follow of one reader, and how much more it costs to push it than to pull it.

    :param ratio: the cost of its rows by the cost of pulling it: above 1 pulling is cheaper.
    """

    followee_id: int
    is_pulled: bool
    ratio: float


class EdgeService:
    """
    Chooses for each follow whether its tweets are pushed or pulled, and changes that without a gap.
    """

    @classmethod
    def choose(cls, *, user_ids: Sequence[int]) -> int:
        """
        Choose anew for all follows of these readers, and return how many change.

        At most FEED_MAX_PULLED_AUTHORS of one reader are pulled, those for whom it pays most. Three queries, and up to
        three for each reader of whose follows some change; one where no follow is pulled and none may be.
        """
        if not cls._may_be_pulled(user_ids):
            return 0
        changes_count = 0
        for user_id, edges in cls._get_edges(user_ids).items():
            wanted = cls._choose_pulled(edges) if get_strategy(user_id).chooses_edges else set()
            pulled = {edge.followee_id for edge in edges if edge.is_pulled}
            if wanted != pulled:
                cls._change(user_id, joining=wanted - pulled, leaving=pulled - wanted)
                changes_count += len(wanted ^ pulled)
        return changes_count

    @classmethod
    def deliver(cls, *, follower_id: int, followee_id: int) -> None:
        """
        Write the rows that a follow lacks which is pushed again, and end its note. Repeats safely.

        :raises HBaseUnavailable: HBase alone has feeds, and some rows may be missing.
        :raises RedisUnavailable: the rows are there, the cached list may lack the tweets.
        """
        noted = FeedFollow.objects.filter(pk=(follower_id, followee_id), pulled_until__isnull=False)
        since = noted.values_list("pulled_since", flat=True).first()
        if since is None:
            return
        tweet_ids = TweetService.get_ids_by(user_id=followee_id, before=None, after=since - 1, limit=None)
        NewsFeedService.deliver_pulled(author_id=followee_id, follower_ids=[follower_id], tweet_ids=tweet_ids)
        drop_feeds([follower_id])
        noted.filter(pulled_since=since).update(pulled_since=None, pulled_until=None)

    @classmethod
    def is_any_pulled(cls) -> bool:
        """
        Return whether single follows are pulled, or may be. One query of all follows where FEED_STRATEGY chooses none.
        """
        return cls.are_chosen() or FeedFollow.objects.filter(pulled_since__isnull=False).exists()

    @classmethod
    def are_chosen(cls) -> bool:
        """
        Return whether FEED_STRATEGY pulls single follows.
        """
        return STRATEGIES[settings.FEED_STRATEGY].chooses_edges

    @classmethod
    def get_pulling(cls, *, author_id: int, follower_ids: Collection[int], tweet_id: int) -> set[int]:
        """
        Return those of these followers to whom a tweet of this author and later ones are not delivered; one query.
        """
        pulled = FeedFollow.objects.filter(followee_id=author_id, follower_id__in=follower_ids, ended_at=None)
        pulled = pulled.filter(pulled_since__lte=tweet_id, pulled_until=None)
        return set(pulled.values_list("follower_id", flat=True))

    @classmethod
    def _may_be_pulled(cls, user_ids: Sequence[int]) -> bool:
        pulled = FeedFollow.objects.filter(follower_id__in=user_ids, pulled_since__isnull=False)
        return cls.are_chosen() or pulled.exists()

    @classmethod
    def _get_edges(cls, user_ids: Sequence[int]) -> dict[int, list[Edge]]:
        """
        Return {reader id: edges} of the follows that are noted and are not on their way back.
        """
        follows = FeedFollow.objects.filter(follower_id__in=user_ids, ended_at=None, pulled_until=None)
        rows = list(follows.values_list("follower_id", "followee_id", "pulled_since"))
        reads = dict(FeedReader.objects.filter(user_id__in=user_ids).values_list("user_id", "reads_count"))
        begun = timezone.now() - timedelta(days=RATE_DAYS)
        posts = TweetCountService.count_since(
            user_ids={followee_id for _, followee_id, _ in rows}, after=datetime_to_id(begun)
        )
        edges: dict[int, list[Edge]] = {}
        for follower_id, followee_id, pulled_since in rows:
            rows_cost, pulls_cost = posts.get(followee_id, 0), reads.get(follower_id, 0) * settings.FEED_PULLS_PER_ROW
            # Who never reads pulls everybody who posts.
            ratio = rows_cost / (pulls_cost or sys.float_info.min)
            edges.setdefault(follower_id, []).append(Edge(followee_id, pulled_since is not None, ratio))
        return edges

    @classmethod
    def _choose_pulled(cls, edges: Sequence[Edge]) -> set[int]:
        wanted = [edge for edge in edges if edge.ratio > (1 / HYSTERESIS if edge.is_pulled else HYSTERESIS)]
        # Among equals those that are pulled already, so that nothing changes for nothing.
        wanted.sort(key=lambda edge: (edge.ratio, edge.is_pulled), reverse=True)
        return {edge.followee_id for edge in wanted[: settings.FEED_MAX_PULLED_AUTHORS]}

    @classmethod
    @retried_transaction
    def _change(cls, follower_id: int, *, joining: Collection[int], leaving: Collection[int]) -> None:
        """
        Begin to pull some followees of a reader, and to push others again; three queries at most.
        """
        follows = FeedFollow.objects.filter(follower_id=follower_id, ended_at=None, pulled_until=None)
        if joining:
            begins = timezone.now() + timedelta(seconds=settings.FEED_CROSSING_SECONDS)
            pushed = follows.filter(followee_id__in=joining, pulled_since=None)
            pushed.update(pulled_since=datetime_to_id(begins))
        if leaving:
            pulled = follows.filter(followee_id__in=leaving, pulled_since__isnull=False)
            pulled.update(pulled_until=next_id())
            due = [PulledFollowDue(follower_id=follower_id, followee_id=followee_id) for followee_id in sorted(leaving)]
            OutboxService.record_many(events=due)

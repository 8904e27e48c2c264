"""
How feeds come about: delivered when somebody posts (push), gathered when somebody reads (pull), or some of both.
"""

from django.conf import settings

from gatekeeper.services import GatekeeperService
from newsfeeds.constants import STRATEGY_FEATURE
from newsfeeds.services.strategies.base import Entry, FeedStrategy
from newsfeeds.services.strategies.hybrid import EdgeStrategy, HybridStrategy, ThresholdStrategy
from newsfeeds.services.strategies.pull import CachedPullStrategy, PullStrategy
from newsfeeds.services.strategies.push import PushStrategy

__all__ = ["STRATEGIES", "Entry", "FeedStrategy", "get_strategy", "is_anything_pulled"]

STRATEGIES: dict[str, FeedStrategy] = {
    "push": PushStrategy(),
    "pull": PullStrategy(),
    "cached_pull": CachedPullStrategy(),
    "hybrid_threshold": ThresholdStrategy(),
    "hybrid_edge": EdgeStrategy(),
}
# For whom FEED_STRATEGY is not switched on: pushed, and they pull what is pulled for others.
LEAVING = HybridStrategy()


def get_strategy(user_id: int) -> FeedStrategy:
    """
    Return the strategy by which this user reads, and by which their tweets reach others.

    That of FEED_STRATEGY, if the gatekeeper has the feature `feed_strategy` on for the user, or does not know it. No
    round trip but one in FEATURES_SECONDS, and none where FEED_STRATEGY is push.
    """
    if not is_anything_pulled():
        return STRATEGIES["push"]
    is_on = GatekeeperService.is_on_unless_undefined(name=STRATEGY_FEATURE, subject=user_id)
    return STRATEGIES[settings.FEED_STRATEGY] if is_on else LEAVING


def is_anything_pulled() -> bool:
    """
    Return whether some tweets may have no rows, so that the notes of them have to be read.
    """
    return settings.FEED_STRATEGY != "push"

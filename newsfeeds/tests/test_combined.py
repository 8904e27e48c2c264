"""
Every strategy, together with idle readers and trimmed feeds.
"""

import random

from django.test import override_settings

from newsfeeds.services import FeedCheckService, FeedDefinition
from newsfeeds.services.strategies import STRATEGIES
from newsfeeds.tests.absence import StaysAway
from newsfeeds.tests.acting import ActsAtRandom
from newsfeeds.tests.strategies import ACTS, StrategyCase


@override_settings(
    FEED_SKIP_IDLE_DAYS=30,
    FEED_TRIM=3,
    MAX_CACHED_IDS=2,
    FEED_PULL_THRESHOLD=1,
    FEED_CROSSING_SECONDS=0,
    BACKFILL_TWEETS=2,
)
class CombinedTests(StaysAway, ActsAtRandom, StrategyCase):
    def test_whoever_leaves_and_returns_under_whichever_strategy_no_page_differs(self):
        people = [self.alice, self.bob, self.carol, self.person("dave")]
        dice = random.Random(14)
        for strategy in STRATEGIES:
            with self.subTest(strategy=strategy), self.settings(FEED_STRATEGY=strategy):
                for _ in range(3):
                    self.acts_at_random(people, dice, steps=12, acts=ACTS)
                    self.stay_away(*dice.sample(people, 2))
                    self.acts_at_random(people, dice, steps=4, acts=("post", "follow", "delete"))
                    self.tasks_run()
                    for reader in people:
                        self.assert_whole(reader)

    def assert_whole(self, reader):
        defined = FeedDefinition.get_tweet_ids(reader.id, before=None, after=None, limit=1000)
        self.assertEqual(self.page_by_page(reader, limit=3), defined)
        self.assertEqual(FeedCheckService.check(user_ids=[reader.id]).found, [])

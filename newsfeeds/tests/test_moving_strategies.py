"""
The way from one strategy to another, and back.
"""

import random

from django.test import override_settings

from gatekeeper.services import GatekeeperService
from newsfeeds.constants import STRATEGY_FEATURE
from newsfeeds.models import PulledAuthor
from newsfeeds.services import FeedDefinition
from newsfeeds.services.strategies import STRATEGIES
from newsfeeds.tasks import check_crossings
from newsfeeds.tests.acting import ActsAtRandom
from newsfeeds.tests.strategies import ACTS, StrategyCase


@override_settings(FEED_CROSSING_SECONDS=0, FEED_PULL_THRESHOLD=1, BACKFILL_TWEETS=2)
class MovingTests(ActsAtRandom, StrategyCase):
    """
    By the feature `feed_strategy`, for more and more people and then for fewer again, while they act.
    """

    def test_by_percentage_forward_and_back_no_page_ever_differs(self):
        people = [self.alice, self.bob, self.carol, self.person("dave"), self.person("erin")]
        for strategy in STRATEGIES.keys() - {"push"}:
            with self.subTest(strategy=strategy), override_settings(FEED_STRATEGY=strategy):
                for percentage in (0, 50, 100, 50, 0):
                    self.switch_on(percentage=percentage)
                    check_crossings()
                    self.acts_at_random(people, random.Random(percentage), steps=15, acts=ACTS)
                    self.tasks_run()
                    for reader in people:
                        self.assert_page(reader)
                self.assertFalse(PulledAuthor.objects.exists())
            # Everybody is pushed again, and no row is missing.
            for reader in people:
                self.assert_page(reader)

    def test_who_is_allowed_comes_first(self):
        self.bob.follows(self.alice)
        self.tasks_run()
        with override_settings(FEED_STRATEGY="pull"):
            self.switch_on(percentage=0, allowed=[self.alice.id])
            ids = [self.carol.tweets(), *(self.alice.tweets() for _ in range(2))]
            self.tasks_run()
            ids.append(self.alice.tweets())
            self.tasks_run()

            self.assertEqual(list(PulledAuthor.objects.values_list("author_id", flat=True)), [self.alice.id])
            self.assert_page(self.bob)

    def test_web_servers_first_and_then_workers(self):
        self.bob.follows(self.alice)
        ids = [self.alice.tweets()]
        self.tasks_run()
        self.assert_feed(self.bob, ids)

        for strategy in STRATEGIES.keys() - {"push"}:
            # The workers still push.
            ids.insert(0, self.alice.tweets())
            self.tasks_run()
            with override_settings(FEED_STRATEGY=strategy):
                self.assert_feed(self.bob, ids)
                for _ in range(2):
                    ids.insert(0, self.alice.tweets())
                    self.tasks_run()
                    self.assert_feed(self.bob, ids)
            # The workers push again, web servers read as before until nobody is pulled.
            ids.insert(0, self.alice.tweets())
            self.tasks_run()
            with override_settings(FEED_STRATEGY=strategy):
                self.assert_feed(self.bob, ids)
            check_crossings()
            self.tasks_run()

            self.assert_feed(self.bob, ids)
            self.assertEqual(self.rows_of(self.bob), ids)

    @override_settings(FAN_OUT_BATCH_SIZE=1)
    def test_a_fan_out_that_is_under_way_at_the_move_is_finished_and_harms_nobody(self):
        for reader in (self.bob, self.carol):
            reader.follows(self.alice)
        self.tasks_run()
        tweet_id = self.alice.tweets()
        self.tasks_run_once()

        with override_settings(FEED_STRATEGY="pull"):
            self.tasks_run()
            for reader in (self.bob, self.carol):
                self.assert_feed(reader, [tweet_id])

        self.assert_feed(self.bob, [tweet_id])

    def switch_on(self, **fields):
        with self.captureOnCommitCallbacks(execute=True):
            GatekeeperService.define(name=STRATEGY_FEATURE, **fields)

    def assert_page(self, reader):
        self.assert_feed(reader, FeedDefinition.get_tweet_ids(reader.id, before=None, after=None, limit=100))

"""
Whatever the strategy, a feed is what its definition says.
"""

from unittest import mock

import pytest
from django.test import SimpleTestCase, override_settings

from accounts.models import User
from newsfeeds.cache import feed_followees, feed_pulled
from newsfeeds.constants import PULLED_SOURCES_SECONDS
from newsfeeds.models import DeliveryBatch
from newsfeeds.services import EdgeService
from newsfeeds.services.strategies import STRATEGIES
from newsfeeds.storage import store_to_write
from newsfeeds.tests.strategies import FeedRules, StrategyCase
from utils.caching.redis.client import client


class PushTests(FeedRules, StrategyCase):
    strategy = "push"

    def test_a_post_is_a_row_for_each_follower(self):
        self.bob.follows(self.alice)
        tweet_id = self.alice.tweets()
        self.tasks_run()

        self.assertEqual(self.rows_of(self.bob), [tweet_id])


class PulledRules(FeedRules):
    """
    What holds wherever nothing is delivered.
    """

    def setUp(self):
        super().setUp()
        for author in (self.alice, self.bob, self.carol):
            self.becomes_pulled(author)

    def test_a_post_is_no_row_for_anybody_else_and_is_read_before_any_task_ran(self):
        self.bob.follows(self.alice)
        self.tasks_run()
        tweet_id = self.alice.tweets()
        self.assertEqual(self.bob.feed(), [tweet_id])

        self.tasks_run()

        self.assertEqual((self.rows_of(self.alice), self.rows_of(self.bob)), ([tweet_id], []))
        self.assertFalse(DeliveryBatch.objects.exists())
        self.assert_feed(self.bob, [tweet_id])

    def test_following_writes_no_rows_either(self):
        self.alice.tweets()
        self.tasks_run()

        self.bob.follows(self.alice)
        self.tasks_run()

        self.assertEqual(self.rows_of(self.bob), [])

    def test_why_says_that_it_is_pulled(self):
        self.bob.follows(self.alice)
        tweet_id = self.alice.tweets()
        self.tasks_run()

        answer = self.bob.get("newsfeeds/why/", tweet_id=tweet_id).json()

        self.assertEqual((answer["in_feed"], answer["reason"]), (True, "pulled"))

    def test_a_row_that_does_not_belong_there_is_still_a_ghost(self):
        tweet_id = self.carol.tweets()
        self.tasks_run()

        with self.captureOnCommitCallbacks(execute=True), store_to_write() as store:
            store.deliver_many(self.bob.id, [tweet_id])

        self.assertEqual([(each.kind, each.tweet_id) for each in self.differences()], [("ghost", tweet_id)])
        self.assertEqual(self.bob.feed(), [])
        self.repair()
        self.assertEqual(self.differences(), [])
        self.assertEqual(self.rows_of(self.bob), [])


class PullTests(PulledRules, StrategyCase):
    strategy = "pull"


class CachedPullTests(PulledRules, StrategyCase):
    strategy = "cached_pull"

    def test_a_page_is_the_same_cold_and_warm(self):
        self.bob.follows(self.alice)
        self.bob.follows(self.carol)
        ids = [person.tweets() for person in (self.alice, self.carol, self.bob) * 2][::-1]
        self.tasks_run()

        for _ in range(2):
            self.caches_are_lost()
            for _ in range(3):
                self.assert_feed(self.bob, ids)

    # No timeline is cached as a whole.
    @override_settings(MAX_CACHED_IDS=2)
    def test_pages_go_on_where_the_cached_timelines_end(self):
        for friend in (self.alice, self.carol):
            self.bob.follows(friend)
        ids = [person.tweets() for person in (self.alice, self.carol) * 4][::-1]
        self.tasks_run()

        for _ in range(2):
            self.assertEqual(self.page_by_page(self.bob, limit=3), ids)

    @override_settings(MAX_MERGED_FOLLOWEES=1)
    def test_who_follows_more_than_are_merged_misses_nothing(self):
        self.bob.follows(self.alice)
        self.bob.follows(self.carol)
        ids = [person.tweets() for person in (self.alice, self.carol)][::-1]
        self.tasks_run()

        for _ in range(3):
            self.assert_feed(self.bob, ids)

    @pytest.mark.stack
    @pytest.mark.one_server
    def test_a_list_of_followees_that_is_none_is_built_anew(self):
        self.bob.follows(self.alice)
        ids = [self.alice.tweets() for _ in range(2)][::-1]
        self.tasks_run()
        (key, _) = feed_followees.keys([self.bob.id])

        for damage in ("SET", key, "nothing"), ("RPUSH", key, self.alice.id, "nothing"):
            client.call("DEL", key)
            client.call(*damage)
            for _ in range(3):
                self.assert_feed(self.bob, ids)
            self.assertEqual(client.call("LLEN", key), 4)

    @pytest.mark.stack
    @pytest.mark.one_server
    def test_a_warm_page_takes_no_query_and_one_round_trip_more_than_a_pushed_one(self):
        for name in [f"friend{number}" for number in range(10)]:
            friend = self.person(name)
            self.bob.follows(friend)
            for _ in range(3):
                friend.tweets()
        with override_settings(FEED_STRATEGY="push"):
            self.tasks_run()
            pushed = self.cost_of_a_warm_page()

        pulled = self.cost_of_a_warm_page()

        self.assertEqual((pushed.queries, pulled.queries), (0, 0))
        self.assertEqual(pulled.round_trips, pushed.round_trips + 1)
        self.assertEqual(pulled.ids, pushed.ids)


class HybridTests(FeedRules, StrategyCase):
    strategy = "hybrid_threshold"

    def setUp(self):
        super().setUp()
        self.zoe = self.person("zoe")
        self.zoe.follows(self.alice)

    def make_alice_pulled(self):
        for reader in (self.bob, self.carol):
            reader.follows(self.alice)
        self.becomes_pulled(self.alice)

    def test_who_has_few_followers_is_pushed_and_who_has_many_is_pulled(self):
        self.make_alice_pulled()
        self.bob.follows(self.carol)
        self.tasks_run()

        pulled, pushed = self.alice.tweets(), self.carol.tweets()
        self.tasks_run()

        self.assertEqual(self.rows_of(self.bob), [pushed])
        self.assert_feed(self.bob, [pushed, pulled])

    def test_a_tweet_that_is_pulled_is_seen_before_any_task_ran(self):
        self.make_alice_pulled()
        self.tasks_run()
        self.assertEqual(self.bob.feed(), [])

        tweet_id = self.alice.tweets()

        self.assertEqual(self.bob.feed(), [tweet_id])

    def test_why_says_what_was_pulled_and_what_was_delivered(self):
        self.bob.follows(self.alice)
        self.tasks_run()
        delivered = self.alice.tweets()
        self.tasks_run()
        self.make_alice_pulled()
        pulled = self.alice.tweets()
        self.tasks_run()

        reasons = [self.bob.get("newsfeeds/why/", tweet_id=id).json()["reason"] for id in (delivered, pulled)]

        self.assertEqual(reasons, ["delivered", "pulled"])

    @override_settings(MAX_CACHED_IDS=2)
    def test_pages_of_both_kinds_lose_nothing_and_repeat_nothing(self):
        self.make_alice_pulled()
        self.bob.follows(self.carol)
        self.tasks_run()
        ids = [person.tweets() for person in (self.alice, self.carol, self.bob) * 3][::-1]
        self.tasks_run()

        for _ in range(2):
            self.assertEqual(self.page_by_page(self.bob, limit=2), ids)

    @override_settings(FEED_MAX_PULLED_AUTHORS=1)
    def test_who_follows_more_pulled_authors_than_are_merged_misses_nothing(self):
        self.make_alice_pulled()
        self.alice.follows(self.carol)
        self.bob.follows(self.carol)
        self.tasks_run()
        self.becomes_pulled(self.carol)

        ids = [person.tweets() for person in (self.alice, self.carol) * 2][::-1]
        self.tasks_run()

        for _ in range(3):
            self.assert_feed(self.bob, ids)

    @pytest.mark.stack
    @pytest.mark.one_server
    def test_a_warm_page_with_ten_pulled_authors_takes_no_query_and_one_round_trip_more(self):
        for name in [f"friend{number}" for number in range(10)]:
            friend = self.person(name)
            for reader in (self.bob, self.carol):
                reader.follows(friend)
            self.tasks_run()
            self.becomes_pulled(friend)
            for _ in range(3):
                friend.tweets()
        self.tasks_run()
        with mock.patch.object(feed_pulled, "seconds", PULLED_SOURCES_SECONDS):
            hybrid = self.cost_of_a_warm_page()
        with override_settings(FEED_STRATEGY="push"):
            pushed = self.cost_of_a_warm_page()

        self.assertEqual((pushed.queries, hybrid.queries), (0, 0))
        self.assertEqual(hybrid.round_trips, pushed.round_trips + 1)
        self.assertEqual((len(pushed.ids), len(hybrid.ids)), (0, 20))


class HybridEdgeTests(FeedRules, StrategyCase):
    """
    The rules, where nobody reads often enough for rows.
    """

    strategy = "hybrid_edge"

    def tasks_run(self):
        super().tasks_run()
        EdgeService.choose(user_ids=list(User.objects.values_list("id", flat=True)))
        super().tasks_run()

    def test_what_is_posted_by_then_has_rows_and_what_is_posted_later_has_none(self):
        self.bob.follows(self.alice)
        self.tasks_run()
        ids = [self.alice.tweets()]
        self.tasks_run()
        ids.insert(0, self.alice.tweets())
        self.tasks_run()

        self.assertEqual(self.rows_of(self.bob), ids[1:])
        self.assert_feed(self.bob, ids)


class ChoiceTests(SimpleTestCase):
    def test_every_strategy_that_can_be_chosen_is_tested(self):
        tested = {case.strategy for case in StrategyCase.__subclasses__() if issubclass(case, FeedRules)}
        self.assertEqual(tested, set(STRATEGIES))

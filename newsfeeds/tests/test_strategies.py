"""
Whatever the strategy, a feed is what its definition says; and the way from one to another.
"""

import random
from typing import NamedTuple

import pytest
from django.test import override_settings

from newsfeeds.cache import feed_followees
from newsfeeds.models import DeliveryBatch
from newsfeeds.services import ExplanationService, FeedCheckService, FeedDefinition
from newsfeeds.services.strategies import STRATEGIES
from newsfeeds.storage import store_to_write
from testing.stack_caches import caches_between_proxies
from testing.testcases import ApiTestCase
from utils.caching.redis.client import client


class Cost(NamedTuple):
    queries: int
    round_trips: int
    ids: list[int]


class StrategyCase(ApiTestCase):
    def setUp(self):
        self.alice, self.bob, self.carol = (self.person(name) for name in ("alice", "bob", "carol"))

    def assert_feed(self, reader, ids):
        self.assertEqual(reader.feed(limit=100), ids)
        self.assertEqual(FeedDefinition.get_tweet_ids(reader.id, before=None, after=None, limit=1000), ids)
        self.assertEqual(self.differences(), [])

    def page_by_page(self, reader, *, limit):
        """
        Return the ids that somebody finds who reads to the end.
        """
        page = reader.get("newsfeeds/", limit=limit).json()
        seen = [row["id"] for row in page["results"]]
        while page["next"]:
            page = reader.client.get(page["next"]).json()
            seen += [row["id"] for row in page["results"]]
        return seen

    def cost_of_a_warm_page(self):
        """
        Return the SQL queries and the round trips to caches of the page that Bob reads a second time.
        """
        with caches_between_proxies() as proxies:
            for _ in range(3):
                ids = self.bob.feed()
            before = sum(proxy.round_trips for proxy in proxies)
            queries = self.count_queries(self.bob.feed)
            return Cost(queries, sum(proxy.round_trips for proxy in proxies) - before, ids)

    def differences(self):
        return FeedCheckService.check(user_ids=[self.alice.id, self.bob.id, self.carol.id]).found

    def repair(self):
        # What a commit writes to HBase comes with the end of the test's part of the transaction.
        with self.captureOnCommitCallbacks(execute=True):
            FeedCheckService.check(user_ids=[self.alice.id, self.bob.id, self.carol.id], repair=True)


class FeedRules:
    """
    The sentences of docs/feeds.md, for each strategy below.
    """

    strategy: str

    def setUp(self):
        super().setUp()
        setting = override_settings(FEED_STRATEGY=self.strategy, BACKFILL_TWEETS=2)
        setting.enable()
        self.addCleanup(setting.disable)

    def test_bob_reads_alice_and_himself_newest_first(self):
        self.bob.follows(self.alice)
        self.tasks_run()
        ids = [self.alice.tweets(), self.bob.tweets(), self.alice.tweets()][::-1]
        self.carol.tweets()
        self.tasks_run()

        self.assert_feed(self.bob, ids)

    def test_following_brings_the_newest_from_before_and_no_more(self):
        ids = [self.alice.tweets() for _ in range(4)][::-1]
        self.tasks_run()

        self.bob.follows(self.alice)
        self.tasks_run()

        self.assert_feed(self.bob, ids[:2])

    def test_following_again_is_measured_anew(self):
        self.bob.follows(self.alice)
        self.tasks_run()
        ids = [self.alice.tweets() for _ in range(4)][::-1]
        self.tasks_run()
        self.assert_feed(self.bob, ids)

        self.bob.unfollows(self.alice)
        self.tasks_run()
        self.assert_feed(self.bob, [])
        self.bob.follows(self.alice)
        self.tasks_run()

        self.assert_feed(self.bob, ids[:2])

    def test_a_deleted_tweet_leaves_every_feed(self):
        self.bob.follows(self.alice)
        gone, stays = self.alice.tweets(), self.alice.tweets()
        self.tasks_run()

        self.alice.delete(f"tweets/{gone}/")
        self.tasks_run()

        self.assert_feed(self.bob, [stays])
        self.assert_feed(self.alice, [stays])

    def test_a_suspension_hides_and_its_end_shows_again(self):
        self.bob.follows(self.alice)
        tweet_id = self.alice.tweets()
        self.tasks_run()
        users = type(self.alice.user).objects.filter(id=self.alice.id)

        users.update(suspended_at=self.alice.user.date_joined)
        self.caches_are_lost()
        self.assertEqual(self.bob.feed(), [])
        users.update(suspended_at=None)
        self.caches_are_lost()

        self.assert_feed(self.bob, [tweet_id])

    def test_pages_lose_nothing_and_repeat_nothing(self):
        self.bob.follows(self.alice)
        self.tasks_run()
        ids = [self.alice.tweets() for _ in range(7)][::-1]
        self.tasks_run()

        self.assertEqual(self.page_by_page(self.bob, limit=2), ids)

    def test_why_agrees_with_the_page(self):
        old = [self.alice.tweets() for _ in range(3)]
        self.tasks_run()
        self.bob.follows(self.alice)
        self.tasks_run()
        new, strange = self.alice.tweets(), self.carol.tweets()
        self.tasks_run()

        feed = set(self.bob.feed(limit=100))
        for tweet_id in (*old, new, strange):
            answer = self.bob.get("newsfeeds/why/", tweet_id=tweet_id).json()
            self.assertEqual(answer["in_feed"], tweet_id in feed, answer)

    def test_a_page_costs_the_same_with_one_followee_as_with_many(self):
        self.bob.follows(self.alice)
        self.alice.tweets()
        self.tasks_run()
        one = self.queries_of_a_page()

        for name in ("dave", "erin", "frank"):
            friend = self.person(name)
            self.bob.follows(friend)
            friend.tweets()
        self.tasks_run()

        self.assertEqual(self.queries_of_a_page(), one)

    def queries_of_a_page(self):
        """
        Return the least of several: what a process asks anew every few seconds is no part of a page.
        """
        return min(self.count_queries(self.bob.feed) for _ in range(4))

    def test_after_random_acts_the_page_the_definition_and_the_verdicts_agree(self):
        people = [self.alice, self.bob, self.carol, self.person("dave")]
        posted = self.play(people, random.Random(14), steps=80)
        self.assert_verdicts(people, posted)

        self.tasks_run()

        self.assert_verdicts(people, posted)
        for reader in people:
            self.assert_feed(reader, reader.feed(limit=100))

    def play(self, people, dice, *, steps):
        posted = []
        for _ in range(steps):
            one, other = dice.sample(people, 2)
            act = dice.choice(["post", "post", "follow", "follow", "unfollow", "delete", "tasks"])
            if act == "post":
                posted.append((one, one.tweets()))
            elif act == "follow":
                one.follows(other)
            elif act == "unfollow":
                one.unfollows(other)
            elif act == "delete" and posted:
                author, tweet_id = dice.choice(posted)
                author.delete(f"tweets/{tweet_id}/")
            elif act == "tasks":
                self.tasks_run()
        return posted

    def assert_verdicts(self, people, posted):
        for reader in people:
            feed = reader.feed(limit=100)
            for _, tweet_id in posted:
                explanation = ExplanationService.explain(reader=reader.user, tweet_id=tweet_id)
                self.assertEqual(explanation.in_feed, tweet_id in feed, explanation)


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


class MovingTests(StrategyCase):
    def test_forward_and_back_no_page_ever_differs(self):
        self.bob.follows(self.alice)
        ids = [self.alice.tweets()]
        self.tasks_run()
        self.assert_feed(self.bob, ids)

        # The workers still push, web servers pull.
        ids.insert(0, self.alice.tweets())
        with override_settings(FEED_STRATEGY="pull"):
            self.assert_feed(self.bob, ids)
        self.tasks_run()
        # Everybody pulls.
        with override_settings(FEED_STRATEGY="pull"):
            ids.insert(0, self.alice.tweets())
            self.tasks_run()
            self.assert_feed(self.bob, ids)
        # The workers push again, web servers pull until the rows are whole.
        ids.insert(0, self.alice.tweets())
        self.tasks_run()
        with override_settings(FEED_STRATEGY="pull"):
            self.assert_feed(self.bob, ids)
        self.assertNotEqual(self.differences(), [])
        self.repair()

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

    def test_every_strategy_that_can_be_chosen_is_tested(self):
        tested = {case.strategy for case in StrategyCase.__subclasses__() if issubclass(case, FeedRules)}
        self.assertEqual(tested, set(STRATEGIES))

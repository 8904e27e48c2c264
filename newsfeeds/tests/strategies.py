"""
What every strategy is tested by: the rules of a feed, whoever serves it.
"""

import random
from typing import NamedTuple
from unittest import mock

from django.test import override_settings

from newsfeeds.cache import feed_pulled
from newsfeeds.models import PulledAuthor
from newsfeeds.services import CrossingService, ExplanationService, FeedCheckService, FeedDefinition
from newsfeeds.tests.acting import ActsAtRandom
from testing.stack_caches import caches_between_proxies
from testing.testcases import ApiTestCase

ACTS = ("post", "post", "follow", "follow", "unfollow", "delete", "tasks")


class Cost(NamedTuple):
    queries: int
    round_trips: int
    ids: list[int]


class StrategyCase(ApiTestCase):
    def setUp(self):
        # Where authors cross at once, no reader may have cached whom they pull.
        self.enterContext(mock.patch.object(feed_pulled, "seconds", 0))
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

    def becomes_pulled(self, author):
        """
        Let an author cross. What they post from then on is pulled.
        """
        CrossingService.reconcile(author_ids=[author.id])
        self.assertIn(author.id, PulledAuthor.objects.not_delivered().values_list("author_id", flat=True))

    def differences(self):
        return FeedCheckService.check(user_ids=[self.alice.id, self.bob.id, self.carol.id]).found

    def repair(self):
        # What a commit writes to HBase comes with the end of the test's part of the transaction.
        with self.captureOnCommitCallbacks(execute=True):
            FeedCheckService.check(user_ids=[self.alice.id, self.bob.id, self.carol.id], repair=True)


class FeedRules(ActsAtRandom):
    """
    The sentences of docs/feeds.md, for each strategy below.
    """

    strategy: str

    def setUp(self):
        super().setUp()
        # An author of more than one follower is pulled by threshold, from the next tweet on.
        setting = override_settings(
            FEED_STRATEGY=self.strategy, BACKFILL_TWEETS=2, FEED_PULL_THRESHOLD=1, FEED_CROSSING_SECONDS=0
        )
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
        posted = self.acts_at_random(people, random.Random(14), steps=80, acts=ACTS)
        self.assert_verdicts(people, posted)

        self.tasks_run()

        self.assert_verdicts(people, posted)
        for reader in people:
            self.assert_feed(reader, reader.feed(limit=100))

    def assert_verdicts(self, people, posted):
        for reader in people:
            feed = reader.feed(limit=100)
            for _, tweet_id in posted:
                explanation = ExplanationService.explain(reader=reader.user, tweet_id=tweet_id)
                self.assertEqual(explanation.in_feed, tweet_id in feed, explanation)

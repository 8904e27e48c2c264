"""
Whatever happens at the same time, the cached lists agree with the database.
"""

import random
from functools import partial

import pytest
from django.conf import settings
from django.test import override_settings

from newsfeeds.cache import user_newsfeeds
from newsfeeds.tests.cached import ids_in
from outbox.models import Message
from testing.testcases import CommittedTestCase
from tweets.cache import user_tweets
from tweets.services import TweetService
from utils.caching.redis.client import client

pytestmark = pytest.mark.stack


class CachedTruthTests(CommittedTestCase):
    def assert_lists_agree(self, people):
        """
        Check each cached list, and each page that is read through it, against the database (invariant I4).
        """
        for person in people:
            feed = self.rows_of(person)
            tweets = TweetService.get_ids_by(user_id=person.id, before=None, after=None, limit=1000)
            self.assertIn(ids_in(user_newsfeeds, person.id), (feed[: settings.MAX_CACHED_IDS], None), person.name)
            self.assertIn(ids_in(user_tweets, person.id), (tweets[: settings.MAX_CACHED_IDS], None), person.name)
            self.assertEqual(person.feed(limit=100), feed[:100], person.name)
            timeline = person.get("tweets/", user_id=person.id, limit=100).json()["results"]
            self.assertEqual([tweet["id"] for tweet in timeline], tweets[:100], person.name)

    @override_settings(MAX_CACHED_IDS=12, FAN_OUT_BATCH_SIZE=2)
    def test_after_a_random_walk_lists_equal_the_database(self):
        dice = random.Random(11)
        people = [self.person(f"person{number}") for number in range(5)]
        mine = {person: [] for person in people}

        def step():
            who, whom = dice.sample(people, 2)
            deed = dice.choices(
                ("post", "delete", "follow", "unfollow", "read", "work", "flush"), weights=(8, 2, 5, 2, 6, 4, 1)
            )[0]
            if deed == "post":
                mine[who].append(who.tweets())
            elif deed == "delete" and mine[who]:
                who.delete(f"tweets/{mine[who].pop(dice.randrange(len(mine[who])))}/")
            elif deed == "follow":
                who.follows(whom)
            elif deed == "unfollow":
                who.unfollows(whom)
            elif deed == "read":
                who.feed(limit=dice.choice((1, 5, 20)))
                who.get("tweets/", user_id=whom.id)
            elif deed == "work":
                self.tasks_run_once()
            else:
                client.call("FLUSHDB")

        for _ in range(12):
            for _ in range(25):
                step()
            self.everything_settles()
            self.assert_lists_agree(people)

        self.assertGreater(len(self.feed_rows()), 50)

    def test_filling_and_pushing_at_one_moment_leaves_no_hole_and_no_repeat(self):
        alice = self.person("alice")
        for _ in range(40):
            user_newsfeeds.drop([alice.id])

            self.together(alice.tweets, alice.feed, alice.tweets, alice.feed, alice.tweets)

            self.assert_lists_agree([alice])

    def test_filling_and_removing_at_one_moment_brings_nothing_back(self):
        alice = self.person("alice")
        for _ in range(20):
            tweet_id = alice.tweets()
            user_newsfeeds.drop([alice.id])
            user_tweets.drop([alice.id])

            self.together(alice.feed, partial(alice.delete, f"tweets/{tweet_id}/"), alice.feed, self.tasks_run)
            self.everything_settles()

            self.assertNotIn(tweet_id, ids_in(user_newsfeeds, alice.id) or [])
            self.assert_lists_agree([alice])

    def test_a_tweet_that_is_delivered_after_its_deletion_is_on_no_list(self):
        alice, bob = self.person("alice"), self.person("bob")
        bob.follows(alice)
        tweet_id = alice.tweets()
        delivery = list(Message.objects.filter(event="tweet_created"))
        alice.delete(f"tweets/{tweet_id}/")
        self.everything_settles()
        self.assert_lists_agree([alice, bob])

        Message.objects.bulk_create(delivery)
        self.everything_settles()

        self.assert_lists_agree([alice, bob])

"""
The lists in Redis: in order, without repeats, and the same as the database's pages.
"""

import random

import pytest
from django.conf import settings
from django.test import override_settings

from newsfeeds.cache import user_newsfeeds
from newsfeeds.tests.cached import ids_in
from testing.stack_caches import caches_between_proxies
from testing.testcases import ApiTestCase
from tweets.cache import user_tweets
from utils.caching.redis.client import client

pytestmark = pytest.mark.stack


class PushingTests(ApiTestCase):
    def make_list(self, ids, owner_id=7):
        """
        Have a reader fill the list of user 7 from a database that holds `ids`.
        """
        newest = sorted(ids, reverse=True)
        user_newsfeeds.load(
            owner_id, before=None, after=None, limit=1, fetch=lambda *_: newest[: settings.MAX_CACHED_IDS]
        )

    def test_random_pushes_end_in_id_order_without_repeats(self):
        dice = random.Random(3)
        for _ in range(20):
            there = dice.sample(range(1000, 2000), 20)
            late = dice.sample(range(1000, 2000), 40)
            user_newsfeeds.drop([7])
            self.make_list(there)

            for id in late + late[::-1]:
                user_newsfeeds.push([7], id)

            self.assertEqual(ids_in(user_newsfeeds, 7), sorted({*there, *late}, reverse=True))

    def test_a_push_to_a_list_that_is_not_there_makes_none(self):
        user_newsfeeds.push([7], 1000)

        self.assertIsNone(ids_in(user_newsfeeds, 7))

    def test_an_empty_list_is_remembered_and_filled_by_a_push(self):
        self.make_list([])
        empty = ids_in(user_newsfeeds, 7)

        user_newsfeeds.push([7], 1000)

        self.assertEqual((empty, ids_in(user_newsfeeds, 7)), ([], [1000]))

    @override_settings(MAX_CACHED_IDS=10)
    def test_it_never_grows_beyond_its_cap_and_keeps_the_newest(self):
        self.make_list(range(100, 110))

        for id in (200, 105, 99, 98, 201, 50):
            user_newsfeeds.push([7], id)

        self.assertEqual(ids_in(user_newsfeeds, 7), [201, 200, *range(109, 101, -1)])

    def test_an_id_too_deep_to_look_for_drops_the_list(self):
        self.make_list(range(1000, 1200))

        user_newsfeeds.push([7], 500)

        self.assertIsNone(ids_in(user_newsfeeds, 7))

    @pytest.mark.one_server
    def test_many_lists_that_all_want_a_search_are_dropped_rather_than_searched(self):
        owners = list(range(1, 251))
        for owner_id in owners:
            self.make_list([1000, 3000], owner_id)

        user_newsfeeds.push(owners, 2000)

        left = [ids_in(user_newsfeeds, owner_id) for owner_id in owners]
        self.assertEqual(left, [[3000, 2000, 1000]] * 200 + [None] * 50)

    def test_a_removal_is_exact(self):
        self.make_list([1000, 1001, 1002])

        user_newsfeeds.remove([7, 8], 1001)
        user_newsfeeds.remove([7, 8], 1001)

        self.assertEqual(ids_in(user_newsfeeds, 7), [1002, 1000])

    def test_the_last_one_removed_leaves_a_list_that_is_read_anew(self):
        self.make_list([1000])

        user_newsfeeds.remove([7], 1000)

        self.assertIn(ids_in(user_newsfeeds, 7), (None, []))


class FillingTests(ApiTestCase):
    """
    A reader has read the database and not yet filled the list when a writer changes both.
    """

    def filled_while(self, write, ids=(1001, 1000)):
        def fetch(*_):
            write()
            return list(ids)

        user_newsfeeds.load(7, before=None, after=None, limit=20, fetch=fetch)
        return ids_in(user_newsfeeds, 7)

    def test_nothing_happens_meanwhile(self):
        self.assertEqual(self.filled_while(lambda: None), [1001, 1000])

    def test_a_push_meanwhile_is_not_lost(self):
        self.assertIsNone(self.filled_while(lambda: user_newsfeeds.push([7], 1002)))

    def test_a_removal_meanwhile_is_not_undone(self):
        self.assertIsNone(self.filled_while(lambda: user_newsfeeds.remove([7], 1001)))

    def test_a_drop_meanwhile_is_not_undone(self):
        self.assertIsNone(self.filled_while(lambda: user_newsfeeds.drop([7])))

    def test_a_second_reader_meanwhile_fills_nothing_and_has_its_page(self):
        pages = []

        def read():
            page = user_newsfeeds.load(7, before=None, after=None, limit=20, fetch=lambda *_: [1002, 1001])
            pages.append([id for id, _ in page])

        kept = self.filled_while(read)

        self.assertEqual((pages, kept), ([[1002, 1001]], [1001, 1000]))

    def test_a_writer_who_came_and_went_leaves_the_next_reader_free_to_fill(self):
        self.filled_while(lambda: user_newsfeeds.push([7], 1002))

        self.assertEqual(self.filled_while(lambda: None, ids=(1002, 1001, 1000)), [1002, 1001, 1000])


class RebuildingTests(ApiTestCase):
    def test_lists_are_built_by_reading_and_kept_by_writing(self):
        alice = self.person("alice")
        first = alice.tweets()
        self.assertIsNone(ids_in(user_newsfeeds, alice.id))
        alice.feed()
        alice.get("tweets/", user_id=alice.id)

        second = alice.tweets()

        self.assertEqual(ids_in(user_newsfeeds, alice.id), [second, first])
        self.assertEqual(ids_in(user_tweets, alice.id), [second, first])

    def test_a_followers_list_is_pushed_by_the_fan_out(self):
        alice, bob, carol = self.person("alice"), self.person("bob"), self.person("carol")
        bob.follows(alice)
        carol.follows(alice)
        self.tasks_run()
        self.assertEqual(bob.feed(), [])

        tweet_id = alice.tweets()
        self.tasks_run()

        self.assertEqual(ids_in(user_newsfeeds, bob.id), [tweet_id])
        self.assertIsNone(ids_in(user_newsfeeds, carol.id))

    def test_they_live_no_longer_than_a_day(self):
        alice = self.person("alice")
        alice.feed()

        self.assertIn(client.call("TTL", user_newsfeeds.key(alice.id)), range(86_000, 86_401))

    def test_after_a_flush_every_page_is_what_it_was(self):
        alice, bob = self.person("alice"), self.person("bob")
        bob.follows(alice)
        ids = [alice.tweets() for _ in range(25)][::-1]
        self.tasks_run()
        self.assertEqual(bob.feed(), ids[:20])

        client.call("FLUSHDB")

        self.assertEqual(bob.feed(limit=100), ids)
        self.assertEqual(bob.feed(), ids[:20])
        self.assertEqual(ids_in(user_newsfeeds, bob.id), ids)

    @override_settings(MAX_CACHED_IDS=10)
    def test_of_a_long_feed_only_the_newest_are_cached(self):
        alice = self.person("alice")
        ids = [alice.tweets() for _ in range(15)][::-1]

        alice.feed(limit=3)

        self.assertEqual(ids_in(user_newsfeeds, alice.id), ids[:10])


@pytest.mark.one_server
class CostTests(ApiTestCase):
    def bob_with_a_full_feed(self):
        alice, carol, bob = self.person("alice"), self.person("carol"), self.person("bob")
        bob.follows(alice)
        bob.follows(carol)
        for person in (alice, carol) * 15:
            person.tweets()
        self.tasks_run()
        return bob

    def test_a_warm_home_feed_takes_no_query_and_at_most_five_round_trips(self):
        bob = self.bob_with_a_full_feed()
        with caches_between_proxies() as (redis, memcached), self.settings(RATELIMIT_ENABLE=True):
            for _ in range(2):
                bob.feed()
            before = redis.round_trips, memcached.round_trips

            queries = self.count_queries(bob.get, "newsfeeds/")

            after = redis.round_trips, memcached.round_trips
        self.assertEqual(queries, 0)
        self.assertLessEqual(sum(after) - sum(before), 5)

    def test_a_warm_page_of_a_hundred_takes_as_many_as_one_of_one(self):
        bob = self.bob_with_a_full_feed()
        round_trips = []
        with caches_between_proxies() as proxies:
            bob.feed(limit=100)
            for limit in (1, 30, 100):
                before = sum(proxy.round_trips for proxy in proxies)
                bob.feed(limit=limit)
                round_trips.append(sum(proxy.round_trips for proxy in proxies) - before)

        self.assertEqual(len(set(round_trips)), 1, round_trips)

    def test_a_warm_timeline_takes_no_query(self):
        bob = self.bob_with_a_full_feed()
        tweet_id = bob.tweets()
        for _ in range(2):
            bob.get("tweets/", user_id=bob.id)

        queries = self.count_queries(bob.get, "tweets/", user_id=bob.id)

        self.assertEqual(queries, 0)
        self.assertEqual(bob.get("tweets/", user_id=bob.id).json()["results"][0]["id"], tweet_id)

    def test_a_batch_pushes_a_thousand_lists_in_one_round_trip(self):
        alice = self.person("alice")
        fans = self.crowd(1000, following=alice)
        for owner_id in fans:
            user_newsfeeds.load(owner_id, before=None, after=None, limit=1, fetch=lambda *_: [1])
        tweet_id = alice.tweets()

        with caches_between_proxies() as (redis, _):
            client.call("PING")
            before = redis.round_trips
            self.tasks_run_once()
            round_trips = redis.round_trips - before

        self.assertEqual(round_trips, 1)
        lists = [ids_in(user_newsfeeds, user_id) for user_id in fans]
        self.assertEqual(lists, [[tweet_id, 1]] * 1000)
        self.assertEqual(self.holders(tweet_id), sorted([alice.id, *fans]))

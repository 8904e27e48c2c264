"""
Reading the home feed.
"""

import gc
from collections import Counter
from datetime import timedelta

import pytest
import time_machine
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.test import RequestFactory, override_settings
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from newsfeeds.api.views import NewsFeedViewSet
from newsfeeds.tests.home_feeds import HomeFeedTestCase, to_time
from tweets.cache import TweetBatch
from utils.caching.memcached.objects import Lookup


class MemoryTests(HomeFeedTestCase):
    def count_alive(self):
        types = {WSGIRequest, NewsFeedViewSet, Request, Response, TweetBatch, Lookup}
        return Counter(kind.__name__ for kind in map(type, gc.get_objects()) if kind in types)

    def test_a_page_leaves_nothing_for_the_garbage_collector(self):
        alice = self.person("alice")
        alice.tweets()
        bob = self.bob_who_follows(alice)
        # The test client would tie a knot of its own.
        handler, requests = WSGIHandler(), RequestFactory(**bob.client._credentials)
        gc.collect()
        gc.disable()
        self.addCleanup(gc.enable)
        before = self.count_alive()

        status_code = handler.get_response(requests.get("/api/newsfeeds/")).status_code

        self.assertEqual((status_code, self.count_alive()), (200, before))


class HomeFeedTests(HomeFeedTestCase):
    def test_nobody_has_no_home(self):
        body = self.assert_refused(self.nobody().get("newsfeeds/"), 403)

        self.assertEqual(body["detail"], "Authentication credentials were not provided.")

    def test_it_is_empty_at_first(self):
        alice = self.person("alice")

        self.assertEqual(self.page(alice), {"has_next_page": False, "next": None, "results": []})

    def test_a_row_is_the_tweet_with_its_id_and_time(self):
        alice = self.person("alice")
        bob = self.bob_who_follows(alice)
        tweet = alice.post("tweets/", content="Hello followers").json()
        self.tasks_run()

        rows = self.page(bob)["results"]

        self.assertEqual(rows, [{"id": tweet["id"], "created_at": tweet["created_at"], "tweet": tweet}])

    def test_it_is_only_for_reading(self):
        alice = self.person("alice")

        response = alice.post("newsfeeds/", tweet_id=1, user_id=alice.id)

        self.assert_refused(response, 405)
        self.assertEqual(self.feed_rows(), [])

    def test_ones_own_tweet_is_there_before_any_task_ran(self):
        alice = self.person("alice")
        self.assertEqual(alice.feed(), [])

        first, second = alice.tweets(), alice.tweets()

        self.assertEqual(alice.feed(), [second, first])

    def test_it_is_in_the_order_of_the_tweets_not_of_their_delivery(self):
        alice, carol = self.person("alice"), self.person("carol")
        earlier, later = carol.tweets(), alice.tweets()
        bob = self.bob_who_follows(alice)
        self.assertEqual(bob.feed(), [later])

        bob.follows(carol)
        self.tasks_run()

        self.assertEqual(bob.feed(), [later, earlier])

    def test_it_costs_the_same_queries_for_one_tweet_and_for_a_hundred(self):
        alice = self.person("alice")
        bob = self.bob_who_follows(alice)
        counts = []

        for more in (1, 19, 80):
            for _ in range(more):
                alice.tweets()
            self.tasks_run()
            bob.feed()
            self.caches_are_lost()
            counts.append(self.count_queries(bob.get, "newsfeeds/", limit=100))

        # Bob's token, Bob, the ids, the tweets, their photos, the authors, what Bob likes.
        self.assertEqual(counts, [7, 7, 7])
        self.assertEqual(len(bob.feed(limit=100)), 100)

    def test_it_costs_the_same_queries_with_one_author_and_with_twenty(self):
        authors = [self.person(f"author{number}") for number in range(20)]
        bob = self.bob_who_follows(*authors)
        for author in authors:
            author.tweets()
        self.tasks_run()
        feed = bob.feed()
        self.caches_are_lost()

        count = self.count_queries(bob.get, "newsfeeds/")

        self.assertEqual((count, len(feed)), (7, 20))

    @pytest.mark.stack
    def test_once_warm_it_costs_no_query_at_all(self):
        alice = self.person("alice")
        bob = self.bob_who_follows(alice)
        for _ in range(20):
            alice.tweets()
        self.tasks_run()
        feed = bob.feed()

        count = self.count_queries(bob.get, "newsfeeds/")

        self.assertEqual(count, 0)
        self.assertEqual(len(feed), 20)


class HomeFeedPageTests(HomeFeedTestCase):
    def test_the_next_pages_hold_every_tweet_once(self):
        alice = self.person("alice")
        ids = [alice.tweets() for _ in range(23)][::-1]

        pages = self.follow_next(alice, self.page(alice, limit=5))

        self.assertEqual([len(page) for page in pages], [5, 5, 5, 5, 3])
        self.assertEqual(sum(pages, []), ids)

    def test_a_burst_of_many_authors_within_neighbouring_microseconds_loses_nothing(self):
        people = [self.person(f"author{number}") for number in range(3)]
        bob = self.bob_who_follows(*people)
        with time_machine.travel(timezone.now() + timedelta(milliseconds=1), tick=False):
            ids = [people[number % 3].tweets() for number in range(30)][::-1]
        self.tasks_run()

        self.assertEqual(ids[0] - ids[-1], 29)
        self.assertEqual(sum(self.follow_next(bob, self.page(bob, limit=4)), []), ids)

    def test_lt_and_gt_are_strict_and_gt_wins(self):
        alice = self.person("alice")
        ids = [alice.tweets() for _ in range(6)][::-1]

        older = alice.feed(created_at__lt=to_time(ids[2]))
        newer = alice.feed(created_at__gt=to_time(ids[2]))
        both = alice.feed(created_at__gt=to_time(ids[4]), created_at__lt=to_time(ids[1]))

        self.assertEqual((older, newer, both), (ids[3:], ids[:2], ids[:4]))

    def test_gt_goes_on_towards_the_older_end_and_stops_there(self):
        alice = self.person("alice")
        ids = [alice.tweets() for _ in range(7)][::-1]

        pages = self.follow_next(alice, self.page(alice, created_at__gt=to_time(ids[5]), limit=2))

        self.assertEqual(pages, [ids[0:2], ids[2:4], ids[4:5]])

    def test_bad_parameters_are_refused(self):
        alice = self.person("alice")

        for name, junk in (
            ("cursor", ""),
            ("cursor", "junk"),
            ("limit", "0"),
            ("limit", "x"),
            ("created_at__lt", "now"),
            ("created_at__gt", "2026-01-01T00:00:00"),
        ):
            with self.subTest(name=name, junk=junk):
                self.assert_refused(alice.get("newsfeeds/", **{name: junk}), 400, name)

    @override_settings(MAX_CACHED_IDS=10)
    def test_pages_beyond_what_is_cached_come_from_the_database(self):
        alice = self.person("alice")
        ids = [alice.tweets() for _ in range(25)][::-1]
        self.assertEqual(alice.feed(limit=5), ids[:5])

        self.assertEqual(sum(self.follow_next(alice, self.page(alice, limit=4)), []), ids)
        self.assertEqual(alice.feed(limit=20), ids[:20])
        self.assertEqual(alice.feed(created_at__lt=to_time(ids[12]), limit=3), ids[13:16])
        self.assertEqual(alice.feed(created_at__gt=to_time(ids[20])), ids[:20])

    @override_settings(MAX_CACHED_IDS=10)
    def test_a_full_list_that_loses_a_tweet_does_not_end_too_early(self):
        alice = self.person("alice")
        ids = [alice.tweets() for _ in range(15)][::-1]
        self.assertEqual(alice.feed(limit=5), ids[:5])

        alice.delete(f"tweets/{ids[3]}/")
        self.tasks_run()

        self.assertEqual(alice.feed(), ids[:3] + ids[4:])

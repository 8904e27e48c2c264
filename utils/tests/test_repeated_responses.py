"""
The short way to 304 (utils/api/unchanged.py): as long as everything that was read is the same, and no longer.
"""

import logging
import random
import sys
from datetime import timedelta
from unittest.mock import patch

import pytest
import time_machine
from django.conf import settings
from django.core.cache import caches
from django.test import override_settings
from django.utils import timezone
from pymemcache.client.base import Client as Memcached

from accounts.models import User
from benchmarks.round_trips import counted_round_trips
from testing.people import PASSWORD
from testing.stack_caches import caches_between_proxies, forget_troubles
from testing.testcases import ApiTestCase
from utils.api.unchanged import remembered
from utils.observability.metrics import registry

pytestmark = [pytest.mark.one_server, pytest.mark.stack]

# What no two answers share.
UNIQUE = ("X-Request-ID", "X-RateLimit-Remaining", "X-RateLimit-Reset")


class RepeatedResponsesTestCase(ApiTestCase):
    """
    Bob has read what Alice has posted, and asks again and again whether anything has changed.
    """

    def setUp(self):
        self.alice, self.bob, self.carol = (self.person(name) for name in ("alice1", "bobby1", "carol1"))
        self.bob.follows(self.alice)
        self.tweet_id = self.alice.tweets()
        self.comment_id = self.comments(self.carol, self.tweet_id)
        self.tasks_run()
        self.paths = ("newsfeeds/", f"tweets/{self.tweet_id}/", f"tweets/?user_id={self.alice.id}")
        # Without the tombstones of what has just changed, which would have the database asked for three seconds.
        self.caches_are_lost()

    def ask(self, path, etag, client=None, **headers):
        return (client or self.bob.client).get(f"/api/{path}", headers={"If-None-Match": etag, **headers})

    def know(self, path, client=None):
        """
        Let Bob have a page and ask once whether it has changed; return its ETag.
        """
        client = client or self.bob.client
        etag = client.get(f"/api/{path}")["ETag"]
        self.assertEqual(self.ask(path, etag, client).status_code, 304)
        return etag

    def runs_a_view(self, action):
        """
        Return what `action` returns, and whether a view has run for it.
        """
        names = set()
        sys.setprofile(lambda frame, event, arg: names.add(frame.f_code.co_qualname))
        try:
            response = action()
        finally:
            sys.setprofile(None)
        return response, "APIView.dispatch" in names

    def assert_repeated(self, path, etag, client=None, **headers):
        response, has_run = self.runs_a_view(lambda: self.ask(path, etag, client, **headers))
        self.assertEqual((response.status_code, has_run), (304, False))
        return response

    def assert_ordinary(self, path, etag, status, client=None):
        response, has_run = self.runs_a_view(lambda: self.ask(path, etag, client))
        self.assertEqual((response.status_code, has_run), (status, True))
        return response


class BothWaysTests(RepeatedResponsesTestCase):
    def headers(self, response):
        return [(name, value) for name, value in response.items() if name not in UNIQUE]

    def test_no_view_runs_and_each_cache_is_asked_once(self):
        for path in self.paths:
            with self.subTest(path=path):
                etag = self.know(path)

                with counted_round_trips() as round_trips:
                    self.assert_repeated(path, etag)

                self.assertEqual((round_trips["sql"], round_trips["redis"]), (0, 1))

    def test_the_headers_are_those_of_the_ordinary_way_in_the_same_order(self):
        self.limit(newsfeeds__list=["100/s"], tweets__list=["100/s"], tweets__retrieve=["100/s"])
        for path in self.paths:
            etag = self.know(path)
            for headers in ({}, {"Origin": "https://elsewhere.example"}, {"X-Request-ID": "mine"}):
                with self.subTest(path=path, headers=headers):
                    remembered.clear()
                    ordinary = self.ask(path, etag, **headers)
                    repeated = self.assert_repeated(path, etag, **headers)

                    self.assertEqual(list(repeated.headers), list(ordinary.headers))
                    self.assertEqual(self.headers(repeated), self.headers(ordinary))
                    self.assertEqual(repeated["X-Request-ID"] == "mine", "X-Request-ID" in headers)

    def test_after_random_acts_both_ways_say_the_same(self):
        dice = random.Random(12)
        acts = (
            lambda: self.alice.tweets(),
            lambda: self.carol.post("likes/", content_type="tweet", object_id=self.tweet_id),
            lambda: self.carol.post("likes/cancel/", content_type="tweet", object_id=self.tweet_id),
            lambda: self.comments(self.alice, self.tweet_id),
            lambda: self.bob.post("likes/", content_type="comment", object_id=self.comment_id),
            lambda: self.carol.put(f"comments/{self.comment_id}/", content=f"Number {dice.random()}"),
            lambda: self.bob.post("likes/", content_type="tweet", object_id=self.tweet_id),
            lambda: self.carol.tweets(),
        )
        statuses = set()
        for _ in range(15):
            # Tombstones would have the database asked.
            self.caches_are_lost()
            etags = {path: self.know(path) for path in self.paths}
            for path, etag in etags.items():
                self.assert_repeated(path, etag)
            dice.choice(acts)()
            self.tasks_run()
            for path, etag in etags.items():
                response = self.ask(path, etag)
                remembered.clear()
                ordinary = self.ask(path, etag)

                self.assertEqual(response.status_code, ordinary.status_code)
                self.assertEqual(response.content, ordinary.content)
                self.assertEqual(self.headers(response), self.headers(ordinary))
                statuses.add(response.status_code)

        self.assertEqual(statuses, {200, 304})

    def test_the_log_and_the_metrics_say_the_same(self):
        def counted():
            labels = {"method": "GET", "route": "newsfeeds-list", "status": "304"}
            reads = [("objects", "hit"), ("lists", "hit"), ("objects", "miss"), ("lists", "miss")]
            return [registry.get_sample_value("http_requests_total", labels) or 0] + [
                registry.get_sample_value("cache_reads_total", {"cache": cache, "outcome": outcome}) or 0
                for cache, outcome in reads
            ]

        def seen(action):
            before = counted()
            with self.assertLogs("access", logging.INFO) as logs:
                action()
            record = logs.records[-1]
            line = (record.method, record.path, record.status, record.user_id)
            return line, [after - earlier for earlier, after in zip(before, counted())]

        etag = self.know("newsfeeds/")
        remembered.clear()

        ordinary = seen(lambda: self.ask("newsfeeds/", etag))
        repeated = seen(lambda: self.assert_repeated("newsfeeds/", etag))

        self.assertEqual(repeated, ordinary)


class WhoAsksTests(RepeatedResponsesTestCase):
    def test_somebody_else_with_the_same_etag_gets_their_own_page(self):
        self.carol.follows(self.alice)
        self.tasks_run()
        etag = self.know("newsfeeds/")

        self.assert_ordinary("newsfeeds/", etag, 200, self.carol.client)

    def test_a_browser_has_it_with_its_session_and_not_after_logging_out(self):
        self.bob.user.set_password(PASSWORD)
        self.bob.user.save()
        browser = self.browser()
        browser.logs_in("bobby1")
        self.caches_are_lost()
        etag = self.know("newsfeeds/", browser.client)
        self.assert_repeated("newsfeeds/", etag, browser.client)
        cookies = browser.client.cookies.copy()

        browser.post("accounts/logout/")
        browser.client.cookies = cookies

        self.assert_ordinary("newsfeeds/", etag, 403, browser.client)

    def test_a_token_that_was_revoked_or_has_expired_is_refused(self):
        etag = self.know("newsfeeds/")
        self.assert_repeated("newsfeeds/", etag)

        with time_machine.travel(timezone.now() + timedelta(days=settings.ACCESS_TOKEN_DAYS, seconds=1)):
            self.assert_ordinary("newsfeeds/", etag, 401)
        self.bob.post("accounts/logout/")
        self.assert_ordinary("newsfeeds/", etag, 401)

    def test_who_is_suspended_is_refused(self):
        etag = self.know("newsfeeds/")

        self.suspend(self.bob.user)

        self.assert_ordinary("newsfeeds/", etag, 401)

    def test_staff_always_goes_the_ordinary_way(self):
        User.objects.filter(id=self.bob.id).update(is_staff=True)
        self.caches_are_lost()
        etag = self.know("newsfeeds/")

        self.assert_ordinary("newsfeeds/", etag, 304)

    def test_who_asks_too_often_is_refused_as_ever_and_what_is_left_goes_down(self):
        path, etag = self.paths[0], self.know(self.paths[0])
        self.limit(newsfeeds__list=["4/s"])
        # All within one window, whenever it began.
        with time_machine.travel(timezone.now(), tick=False):
            remembered.clear()
            responses = [self.ask(path, etag), *(self.assert_repeated(path, etag) for _ in range(3))]
            refused = self.assert_ordinary(path, etag, 429)

        self.assertEqual([response["X-RateLimit-Remaining"] for response in responses], ["3", "2", "1", "0"])
        self.assert_refused(refused, 429)
        self.assertEqual(refused["X-RateLimit-Remaining"], "0")


class TroubleTests(RepeatedResponsesTestCase):
    def setUp(self):
        self.proxies = self.enterContext(caches_between_proxies())
        super().setUp()

    def test_a_value_that_ends_like_a_reply_is_noticed_and_not_taken_for_one(self):
        etag = self.know("newsfeeds/")
        self.assert_repeated("newsfeeds/", etag)
        key = caches["objects"].make_key(f"user:{self.alice.id}")
        Memcached(settings.MEMCACHED_URL).set(key, b"[1\r\nEND\r\n2]")

        self.assert_ordinary("newsfeeds/", etag, 304)

        self.assertEqual(self.bob.get("newsfeeds/").json()["results"][0]["tweet"]["user"]["id"], self.alice.id)

    def test_while_a_cache_is_away_the_database_answers(self):
        for proxy in self.proxies:
            with self.subTest(proxy=proxy):
                etag = self.know("newsfeeds/")
                self.assert_repeated("newsfeeds/", etag)

                proxy.refuse()
                forget_troubles()

                self.assert_ordinary("newsfeeds/", etag, 304)
                proxy.heal()
                forget_troubles()

    def test_what_the_database_was_asked_for_is_not_repeated(self):
        etag = self.bob.get("newsfeeds/")["ETag"]
        self.caches_are_lost()

        for status in (304, 304):
            self.assert_ordinary("newsfeeds/", etag, status)
        self.assert_repeated("newsfeeds/", etag)

    def test_a_tweet_that_is_deleted_is_gone(self):
        etags = {path: self.know(path) for path in self.paths}

        self.alice.delete(f"tweets/{self.tweet_id}/")

        for path, etag in etags.items():
            self.assert_ordinary(path, etag, 404 if "?" not in path and path != "newsfeeds/" else 200)

    def test_the_memory_has_an_end(self):
        with patch("utils.api.unchanged.MAX_RESPONSES", 2):
            etags = {path: self.know(path) for path in self.paths}

            first, *others = self.paths
            for path in others:
                self.assert_repeated(path, etags[path])
            self.assert_ordinary(first, etags[first], 304)


class CountedReadsTests(RepeatedResponsesTestCase):
    def test_where_every_read_is_counted_or_a_feature_decides_the_view_runs(self):
        for strategy in ("hybrid_edge", "hybrid_threshold", "cached_pull", "pull"):
            with self.subTest(strategy=strategy), override_settings(FEED_STRATEGY=strategy):
                etag = self.know("newsfeeds/")

                self.assert_ordinary("newsfeeds/", etag, 304)

"""
Who reads the sessions' table, or Redis, finds nothing there that opens a session.
"""

import re
from datetime import date
from unittest import mock

from django.conf import settings
from django.contrib.sessions.backends.cached_db import KEY_PREFIX
from django.contrib.sessions.models import Session
from django.core.cache import caches
from django.test import Client, override_settings

from accounts import database_sessions
from accounts.models import User
from testing.people import PASSWORD
from testing.testcases import ApiTestCase
from utils.caching.redis.client import client as redis


class StoredSessionsTestCase(ApiTestCase):
    def setUp(self):
        self.chief = User.objects.create_superuser("chief1", "chief1@example.com", PASSWORD)
        self.browser = Client()
        self.browser.post("/api/accounts/login/", {"username": "chief1", "password": PASSWORD})
        self.cookie = self.browser.cookies["sessionid"].value
        self.assertEqual(self.who_has(self.cookie), "chief1")

    def who_has(self, cookie):
        somebody = Client()
        somebody.cookies["sessionid"] = cookie
        return somebody.get("/api/accounts/login_status/").json().get("user", {}).get("username")

    def store_unhashed(self):
        """
        Store the session as a release before hashes did, in Redis too.
        """
        row = Session.objects.get()
        Session.objects.update(session_key=self.cookie)
        self.caches_are_lost()
        if settings.REDIS_URL:
            caches["default"].set(f"{KEY_PREFIX}{self.cookie}", row.get_decoded())


class ReadByOthersTests(StoredSessionsTestCase):
    def readable(self):
        """
        Return what stands in the sessions' table and, where there is one, in Redis: texts.
        """
        texts = [text for row in Session.objects.all() for text in (row.session_key, row.session_data)]
        if settings.REDIS_URL:
            keys = redis.call("KEYS", "*")
            values = [redis.call("GET", key) for key in keys if redis.call("TYPE", key) == b"string"]
            texts += [text.decode(errors="replace") for text in [*keys, *values]]
        return texts

    def test_nothing_there_holds_the_cookie(self):
        self.assertGreaterEqual(len(self.readable()), 2)
        self.assertFalse([text for text in self.readable() if self.cookie in text])

    def test_nothing_there_is_a_cookie(self):
        words = {word for text in self.readable() for word in re.findall(r"[^\s\"':,]{8,}", text)}
        # Parts of what stands there too, as wide as a cookie.
        words |= {word[start:][:32] for word in words for start in (0, len(word) - 32) if len(word) >= 32}

        self.assertGreaterEqual(len(words), 2)
        self.assertEqual({self.who_has(word) for word in words}, {None})


class SessionsOfBeforeTests(StoredSessionsTestCase):
    def test_one_that_is_stored_under_its_id_goes_on_and_moves(self):
        self.store_unhashed()

        self.assertEqual(self.who_has(self.cookie), "chief1")

        self.assertEqual(Session.objects.filter(session_key=self.cookie).count(), 0)
        self.assertIsNone(caches["default"].get(f"{KEY_PREFIX}{self.cookie}"))
        self.assertEqual(self.who_has(self.cookie), "chief1")
        self.assertEqual(Session.objects.count(), 1)

    def test_one_that_has_moved_ends_with_logging_out(self):
        self.store_unhashed()

        self.browser.post("/api/accounts/logout/")

        self.assertIsNone(self.who_has(self.cookie))
        self.assertFalse(Session.objects.exists())

    def test_one_of_long_ago_is_over(self):
        self.store_unhashed()

        with mock.patch.object(database_sessions, "UNHASHED_UNTIL", date(2001, 1, 1)):
            self.assertIsNone(self.who_has(self.cookie))

    def test_one_goes_on_when_the_secret_is_replaced(self):
        former, present = settings.SECRET_KEY, "the next one" * 5
        self.caches_are_lost()

        with override_settings(SECRET_KEY=present, SECRET_KEY_FALLBACKS=[former]):
            status = self.browser.get("/api/accounts/login_status/").json()

        self.assertIs(status["has_logged_in"], True)
        # Django gives it a new id with that, so that the former secret may be forgotten.
        with override_settings(SECRET_KEY=present):
            status = self.browser.get("/api/accounts/login_status/").json()
        self.assertIs(status["has_logged_in"], True)

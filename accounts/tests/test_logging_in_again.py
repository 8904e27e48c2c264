"""
Each login has a session id of its own, by whatever endpoint; and nothing that a cache says makes anybody staff.
"""

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session
from django.core.cache import caches
from django.test import Client
from django.utils.crypto import get_random_string

from accounts.cache import account_key, account_record, token_key
from accounts.cache import session_key as cached_session_key
from accounts.constants import LOGIN_BACKEND
from accounts.database_sessions import stored_key
from accounts.models import AccessToken, User
from testing.people import PASSWORD
from testing.testcases import ApiTestCase

ENDPOINTS = ("/api/accounts/login/", "/api-auth/login/", "/admin/login/")


class LoggingInAgainTests(ApiTestCase):
    def setUp(self):
        User.objects.create_superuser("chief1", "chief1@example.com", PASSWORD)
        self.browser = Client()

    def log_in(self, endpoint):
        """
        Return the session id of a login.
        """
        self.browser.post(endpoint, {"username": "chief1", "password": PASSWORD})
        return self.browser.cookies["sessionid"].value

    def who_has(self, session_key):
        thief = Client()
        thief.cookies["sessionid"] = session_key
        return thief.get("/api/accounts/login_status/").json().get("user", {}).get("username")

    def test_the_old_id_ends_at_each_door(self):
        for endpoint in ENDPOINTS:
            with self.subTest(endpoint=endpoint):
                first = self.log_in(endpoint)
                self.assertEqual(self.who_has(first), "chief1")

                second = self.log_in(endpoint)

                self.assertNotEqual(first, second)
                self.assertEqual((self.who_has(first), self.who_has(second)), (None, "chief1"))
                self.assertFalse(Session.objects.filter(session_key=stored_key(first)).exists())
                self.assertIsNone(caches["default"].get(cached_session_key(first)))

    def test_signing_up_on_top_of_a_session_ends_it_too(self):
        first = self.log_in(ENDPOINTS[0])

        account = {"username": "alice1", "email": "alice1@example.com", "password": PASSWORD}
        self.browser.post("/api/accounts/signup/", account)

        self.assertIsNone(self.who_has(first))
        self.assertEqual(self.who_has(self.browser.cookies["sessionid"].value), "alice1")

    def test_a_first_login_makes_one_session_and_no_second_one(self):
        self.log_in(ENDPOINTS[0])

        self.assertEqual(Session.objects.count(), 1)


class ForgedCacheTests(ApiTestCase):
    """
    Somebody has reached Redis and writes there what they like.
    """

    def setUp(self):
        self.chief = User.objects.create_superuser("chief1", "chief1@example.com", PASSWORD)
        self.alice = self.browser()
        self.phone_of_alice = self.phone(self.alice.signs_up("alice1"))

    def assert_no_staff(self, client, users_status):
        self.assertEqual(client.get("/admin/accounts/user/").status_code, 302)
        self.assertEqual(client.get("/api/users/").status_code, users_status)

    def test_an_account_that_a_cache_calls_staff_is_not(self):
        forged = account_record(self.alice.id) | {"is_staff": True, "is_superuser": True}
        for person in (self.alice, self.phone_of_alice):
            caches["default"].set(account_key(self.alice.id), forged)

            self.assert_no_staff(person.client, 403)
            self.assertIs(person.get("accounts/login_status/").json()["has_logged_in"], True)

    def test_a_session_that_only_a_cache_knows_is_no_superusers(self):
        session = {
            SESSION_KEY: str(self.chief.id),
            BACKEND_SESSION_KEY: LOGIN_BACKEND,
            HASH_SESSION_KEY: self.chief.get_session_auth_hash(),
        }
        session_key = get_random_string(32).lower()
        caches["default"].set(cached_session_key(session_key), session)
        caches["default"].set(account_key(self.chief.id), account_record(self.chief.id))
        thief = Client()
        thief.cookies["sessionid"] = session_key

        self.assert_no_staff(thief, 403)

    def test_a_token_that_only_a_cache_knows_is_no_superusers(self):
        token = {
            "user_id": self.chief.id,
            "auth_hash": self.chief.get_session_auth_hash(),
            "expires_at": "2999-01-01T00:00:00.000000Z",
        }
        caches["default"].set(token_key(AccessToken.hash("forged")), token)

        self.assert_no_staff(self.phone("forged").client, 401)

    def test_who_was_staff_a_moment_ago_is_not_any_more_whatever_a_cache_says(self):
        staff = self.person("staff1", is_staff=True)
        self.assertEqual(staff.get("users/").status_code, 200)

        User.objects.filter(id=staff.id).update(is_staff=False)

        self.assertEqual(staff.get("users/").status_code, 403)

"""
Bearer tokens: several a person, each revocable by itself, stored as hashes, checked without SQL when warm.
"""

import base64
import hashlib
from datetime import timedelta

import time_machine
from django.conf import settings
from django.utils import timezone

from accounts.models import AccessToken
from accounts.services import AccessTokenService
from testing.people import PASSWORD
from testing.testcases import ApiTestCase


class PresentingATokenTests(ApiTestCase):
    def setUp(self):
        self.alice = self.browser()
        self.token = self.alice.signs_up("alice1")

    def ask(self, authorization, client=None):
        return (client or self.nobody().client).get("/api/newsfeeds/", HTTP_AUTHORIZATION=authorization)

    def test_a_good_token_is_its_owner(self):
        status = self.phone(self.token).get("accounts/login_status/").json()

        self.assertEqual(status["user"], {"id": self.alice.id, "username": "alice1"})

    def test_the_word_bearer_may_be_written_in_any_case(self):
        for word in ("Bearer", "bearer", "BEARER"):
            with self.subTest(word=word):
                self.assertEqual(self.ask(f"{word} {self.token}").status_code, 200)

    def test_a_bad_token_is_401_and_names_the_scheme(self):
        for token in ("x", "null", self.token[:-1], self.token + "x", self.token.swapcase(), "a b", "é", "x" * 5000):
            with self.subTest(token=token[:20]):
                response = self.ask(f"Bearer {token}")

                body = self.assert_refused(response, 401)
                self.assertEqual(body["code"], "invalid_token")
                self.assertEqual(response["WWW-Authenticate"], "Bearer")

    def test_an_empty_token_is_as_bad(self):
        for authorization in ("Bearer", "Bearer ", "bearer", "  Bearer  ", "Bearer   "):
            with self.subTest(authorization=authorization):
                response = self.ask(authorization)

                self.assertEqual(self.assert_refused(response, 401)["code"], "invalid_token")
                self.assertEqual(response["WWW-Authenticate"], "Bearer")

    def test_a_bad_token_is_refused_where_anybody_may_read(self):
        response = self.nobody().client.get(f"/api/users/{self.alice.id}/", HTTP_AUTHORIZATION="Bearer no")

        self.assert_refused(response, 401)

    def test_a_good_cookie_does_not_help_a_bad_token(self):
        response = self.ask("Bearer no", client=self.alice.client)

        self.assert_refused(response, 401)

    def test_no_token_at_all_is_403(self):
        response = self.nobody().get("newsfeeds/")

        body = self.assert_refused(response, 403)
        self.assertEqual(body["detail"], "Authentication credentials were not provided.")
        self.assertNotIn("WWW-Authenticate", response)

    def test_basic_authentication_would_allow_guessing_without_end_and_is_nothing(self):
        credentials = base64.b64encode(f"alice1:{PASSWORD}".encode()).decode()

        self.assert_refused(self.ask(f"Basic {credentials}"), 403)

    def test_a_token_does_not_outlive_its_days(self):
        now = timezone.now()

        with time_machine.travel(now + timedelta(days=settings.ACCESS_TOKEN_DAYS, seconds=-60)):
            before = self.ask(f"Bearer {self.token}").status_code
        with time_machine.travel(now + timedelta(days=settings.ACCESS_TOKEN_DAYS, seconds=60)):
            after = self.ask(f"Bearer {self.token}")

        self.assertEqual(before, 200)
        self.assert_refused(after, 401)

    def test_a_token_that_ran_out_while_it_was_cached_is_refused_too(self):
        AccessToken.objects.update(expires_at=timezone.now() + timedelta(seconds=1))
        self.assertEqual(self.ask(f"Bearer {self.token}").status_code, 200)

        with time_machine.travel(timezone.now() + timedelta(seconds=1.5)):
            response = self.ask(f"Bearer {self.token}")

        self.assert_refused(response, 401)


class KeepingTokensTests(ApiTestCase):
    def setUp(self):
        self.alice = self.browser()
        self.token = self.alice.signs_up("alice1")

    def works(self, token):
        return self.phone(token).get("accounts/login_status/").status_code == 200

    def test_tokens_end_one_by_one(self):
        phone, tablet, watch = [self.browser().logs_in("alice1") for _ in range(3)]
        self.assertTrue(self.works(phone) and self.works(tablet) and self.works(watch))

        with self.captureOnCommitCallbacks(execute=True):
            AccessTokenService.revoke(secret=tablet)

        self.assertEqual([self.works(token) for token in (phone, tablet, watch)], [True, False, True])
        self.caches_are_lost()
        self.assertEqual([self.works(token) for token in (phone, tablet, watch)], [True, False, True])

    def test_ending_a_token_twice_is_no_error(self):
        AccessTokenService.revoke(secret=self.token)
        AccessTokenService.revoke(secret=self.token)

        self.assertFalse(self.works(self.token))

    def test_a_row_that_is_deleted_in_the_admin_ends_the_token_at_once(self):
        self.assertTrue(self.works(self.token))

        with self.captureOnCommitCallbacks(execute=True):
            AccessToken.objects.get().delete()

        self.assertFalse(self.works(self.token))

    def test_the_database_holds_a_hash_and_never_the_secret(self):
        row = AccessToken.objects.values().get()

        self.assertEqual(row["key_hash"], hashlib.sha256(self.token.encode()).hexdigest())
        self.assertFalse([name for name, value in row.items() if self.token in str(value)])

    def test_a_hash_read_from_the_database_opens_nothing(self):
        self.assertFalse(self.works(AccessToken.objects.get().key_hash))

    def test_a_token_remembers_what_the_client_calls_itself_up_to_a_hundred_characters(self):
        credentials = {"username": "alice1", "password": PASSWORD}

        self.nobody().client.post("/api/accounts/login/", credentials, format="json", HTTP_USER_AGENT="phone " * 50)

        self.assertEqual(AccessToken.objects.latest("id").name, ("phone " * 50)[:100])

    def test_the_row_tells_when_a_token_was_last_used(self):
        self.assertIsNone(AccessToken.objects.get().last_used_at)

        self.works(self.token)

        self.assertLess(timezone.now() - AccessToken.objects.get().last_used_at, timedelta(minutes=1))

    def test_a_warm_token_takes_no_sql(self):
        phone = self.phone(self.token)
        self.caches_are_lost()

        cold = self.count_queries(phone.get, "accounts/login_status/")
        warm = self.count_queries(phone.get, "accounts/login_status/")

        self.assertEqual((cold, warm), (3, 0))

    def test_a_warm_session_reads_its_user_from_the_cache(self):
        self.caches_are_lost()

        self.count_queries(self.alice.get, "accounts/login_status/")
        warm = self.count_queries(self.alice.get, "accounts/login_status/")

        # Without Redis the session itself is a row.
        self.assertEqual(warm, 0 if settings.REDIS_URL else 1)

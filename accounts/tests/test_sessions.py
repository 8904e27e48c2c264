"""
Logging in and out in a browser, and what other sites must not be able to do there.
"""

from django.contrib.sessions.models import Session

from accounts.database_sessions import stored_key
from accounts.services import AccountService
from testing.people import PASSWORD
from testing.testcases import ApiTestCase


class LoggingInTests(ApiTestCase):
    def setUp(self):
        self.alice = self.browser()
        self.alice.signs_up("alice1")

    def fail_to_log_in(self, **credentials):
        """
        Return the whole answer; the request id is given, so that it cannot tell answers apart.
        """
        response = self.nobody().client.post(
            "/api/accounts/login/", credentials, format="json", HTTP_X_REQUEST_ID="the-same"
        )
        self.assert_refused(response, 400)
        self.assertNotIn("sessionid", response.cookies)
        return response.status_code, dict(response.headers), response.content

    def test_alice_logs_in_with_her_name_in_any_case(self):
        for name in ("alice1", "ALICE1", "aLiCe1"):
            with self.subTest(name=name):
                browser = self.browser()

                response = browser.post("accounts/login/", username=name, password=PASSWORD)

                self.assertEqual(response.status_code, 200, response.json())
                self.assertEqual(set(response.json()), {"success", "user", "token"})
                self.assertEqual(response.json()["user"], {"id": self.alice.id, "username": "alice1"})
                self.assertEqual(browser.status()["user"], {"id": self.alice.id, "username": "alice1"})

    def test_a_wrong_name_and_a_wrong_password_cannot_be_told_apart(self):
        wrong_name = self.fail_to_log_in(username="nobody1", password=PASSWORD)
        wrong_password = self.fail_to_log_in(username="alice1", password="wrong battery")

        self.assertEqual(wrong_name, wrong_password)

    def test_a_deleted_person_is_as_unknown_as_anybody(self):
        AccountService.delete_account(user=self.alice.user, password=PASSWORD)

        unknown = self.fail_to_log_in(username="nobody1", password=PASSWORD)

        self.assertEqual(self.fail_to_log_in(username="alice1", password=PASSWORD), unknown)

    def test_a_name_that_only_looks_like_hers_is_nobodys(self):
        for name in ("ａlice1", "álice1", "ali\u200bce1", "alıce1"):
            with self.subTest(name=name):
                self.assertEqual(
                    self.fail_to_log_in(username=name, password=PASSWORD),
                    self.fail_to_log_in(username="nobody1", password=PASSWORD),
                )

    def test_missing_and_strange_fields_are_refused_by_name(self):
        for credentials, field in (
            ({"password": PASSWORD}, "username"),
            ({"username": "alice1"}, "password"),
            ({"username": ["alice1"], "password": PASSWORD}, "username"),
            ({"username": "alice1", "password": {"$ne": 1}}, "password"),
            ({"username": "a\x00b", "password": PASSWORD}, "username"),
            ({"username": "alice1", "password": "x" * 129}, "password"),
        ):
            with self.subTest(credentials=credentials):
                response = self.nobody().post("accounts/login/", **credentials)

                self.assert_refused(response, 400, field=field)

    def test_a_session_key_that_was_there_before_is_worth_nothing_afterwards(self):
        browser = self.browser()
        session = browser.client.session
        session.save()
        planted = session.session_key

        browser.logs_in("alice1")

        self.assertNotEqual(browser.client.cookies["sessionid"].value, planted)
        attacker = self.browser()
        attacker.client.cookies["sessionid"] = planted
        self.assertIs(attacker.status()["has_logged_in"], False)

    def test_who_logs_in_as_somebody_else_leaves_the_first_session_behind(self):
        self.browser().signs_up("bobby1")
        first = self.alice.client.cookies["sessionid"].value

        self.alice.logs_in("bobby1")

        self.assertEqual(self.alice.status()["user"]["username"], "bobby1")
        self.assertNotEqual(self.alice.client.cookies["sessionid"].value, first)
        self.assertFalse(Session.objects.filter(session_key=stored_key(first)).exists())

    def test_each_login_brings_a_token_of_its_own(self):
        first, second = self.browser().logs_in("alice1"), self.browser().logs_in("alice1")

        self.assertNotEqual(first, second)
        for token in (first, second):
            self.assertIs(self.phone(token).get("accounts/login_status/").json()["has_logged_in"], True)


class LoggingOutTests(ApiTestCase):
    def setUp(self):
        self.alice = self.browser()
        self.token = self.alice.signs_up("alice1")

    def test_the_session_ends_for_whoever_kept_its_cookie_too(self):
        kept = self.alice.client.cookies["sessionid"].value

        response = self.alice.post("accounts/logout/")

        self.assertEqual((response.status_code, response.json()), (200, {"success": True}))
        self.assertIs(self.alice.status()["has_logged_in"], False)
        thief = self.browser()
        thief.client.cookies["sessionid"] = kept
        self.assertIs(thief.status()["has_logged_in"], False)

    def test_a_presented_token_ends_and_no_other(self):
        other = self.browser().logs_in("alice1")

        response = self.phone(self.token).post("accounts/logout/")

        self.assertEqual(response.status_code, 200)
        self.assert_refused(self.phone(self.token).get("accounts/login_status/"), 401)
        self.assertEqual(self.phone(other).get("newsfeeds/").status_code, 200)
        self.assertIs(self.alice.status()["has_logged_in"], True)

    def test_logging_out_of_one_browser_leaves_the_others_and_the_phones(self):
        other = self.browser()
        other.logs_in("alice1")

        self.alice.post("accounts/logout/")

        self.assertIs(other.status()["has_logged_in"], True)
        self.assertEqual(self.phone(self.token).get("newsfeeds/").status_code, 200)

    def test_somebody_who_is_not_logged_in_may_log_out_again_and_again(self):
        browser = self.browser()

        responses = [browser.post("accounts/logout/") for _ in range(2)]

        self.assertEqual([response.json() for response in responses], [{"success": True}] * 2)

    def test_a_link_cannot_log_anybody_out(self):
        response = self.alice.get("accounts/logout/")

        self.assert_refused(response, 405)
        self.assertIs(self.alice.status()["has_logged_in"], True)


class LoginStatusTests(ApiTestCase):
    def test_nobody_is_told_their_address_and_nothing_else(self):
        response = self.nobody().client.get("/api/accounts/login_status/", REMOTE_ADDR="203.0.113.9")

        self.assertEqual(response.json(), {"has_logged_in": False, "ip": "203.0.113.9"})

    def test_alice_is_told_who_she_is(self):
        alice = self.person("alice1")

        status = alice.get("accounts/login_status/").json()

        user = {"id": alice.id, "username": "alice1"}
        self.assertEqual(status, {"has_logged_in": True, "ip": "127.0.0.1", "user": user})

"""
Sessions out of order, sessions of staff, and requests from other sites.
"""

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.test import override_settings
from django.utils import timezone

from accounts.models import AccessToken, User
from testing.people import PASSWORD
from testing.testcases import ApiTestCase

FOREIGN_ORIGINS = (
    "https://evil.example",
    "http://testserver.evil.example",
    "http://eviltestserver",
    "https://testserver",
    "http://testserver:8080",
    "null",
    "http://[",
    "",
)


class SessionsOutOfOrderTests(ApiTestCase):
    def setUp(self):
        self.alice, self.bob = self.browser(), self.browser()
        self.alice.signs_up("alice1")
        self.bob.signs_up("bobby1")
        # What is said of them below is said of what the caches hold.
        self.caches_are_lost()
        self.assertIs(self.alice.status()["has_logged_in"] and self.bob.status()["has_logged_in"], True)

    def change_session(self, name, value):
        session = self.alice.client.session
        session[name] = value
        session.save()

    def test_one_that_names_somebody_else_is_nobodys(self):
        self.change_session(SESSION_KEY, str(self.bob.id))

        self.assertIs(self.alice.status()["has_logged_in"], False)

    def test_one_from_before_a_new_password_is_nobodys(self):
        self.change_session(HASH_SESSION_KEY, "of another password")

        self.assertIs(self.alice.status()["has_logged_in"], False)

    def test_one_without_a_hash_is_nobodys(self):
        self.change_session(HASH_SESSION_KEY, "")

        self.assertIs(self.alice.status()["has_logged_in"], False)

    def test_one_that_a_backend_vouched_for_which_is_gone_is_nobodys(self):
        self.change_session(BACKEND_SESSION_KEY, "django.contrib.auth.backends.ModelBackend")

        self.assertIs(self.alice.status()["has_logged_in"], False)


class StaffSessionsTests(ApiTestCase):
    """
    In the admin a session is worth what the database says now; no cache is asked.
    """

    def setUp(self):
        self.alice = self.browser()
        self.alice.signs_up("alice1")
        User.objects.filter(id=self.alice.id).update(is_staff=True)
        # They hold her as she was.
        self.caches_are_lost()
        self.assertEqual(self.alice.client.get("/admin/").status_code, 200)

    def assert_she_has_to_log_in(self):
        self.assertRedirects(self.alice.client.get("/admin/"), "/admin/login/?next=/admin/")

    def test_who_was_suspended_behind_the_services_backs_is_out(self):
        User.objects.filter(id=self.alice.id).update(suspended_at=timezone.now())

        self.assert_she_has_to_log_in()

    def test_who_was_deleted_behind_the_services_backs_is_out(self):
        User.objects.filter(id=self.alice.id).update(deleted_at=timezone.now())

        self.assert_she_has_to_log_in()

    def test_who_is_no_longer_of_the_staff_is_out(self):
        User.objects.filter(id=self.alice.id).update(is_staff=False)

        self.assert_she_has_to_log_in()

    def test_a_session_that_another_backend_vouched_for_is_nobodys(self):
        session = self.alice.client.session
        session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
        session.save()

        self.assert_she_has_to_log_in()


class RequestsFromElsewhereTests(ApiTestCase):
    def setUp(self):
        self.alice = self.browser()
        self.token = self.alice.signs_up("alice1")
        self.bob = self.person("bobby1")

    def test_a_session_may_write_only_with_the_csrf_token(self):
        path = f"/api/friendships/{self.bob.id}/follow/"

        without = self.alice.client.post(path)
        wrong = self.alice.client.post(path, HTTP_X_CSRFTOKEN="x" * 64)
        right = self.alice.client.post(path, **self.alice.csrf_header())

        self.assert_refused(without, 403, text="CSRF")
        self.assert_refused(wrong, 403, text="CSRF")
        self.assertEqual((right.status_code, right.json()["duplicate"]), (201, False))

    def test_a_session_may_read_without_it(self):
        response = self.alice.client.get("/api/newsfeeds/")

        self.assertEqual(response.status_code, 200)

    def test_a_token_writes_without_it_even_beside_a_cookie(self):
        response = self.alice.client.post(
            f"/api/friendships/{self.bob.id}/follow/", HTTP_AUTHORIZATION=f"Bearer {self.token}"
        )

        self.assertEqual(response.status_code, 201, response.json())

    def test_a_client_that_is_logged_out_needs_none_to_log_in_or_sign_up(self):
        client = self.browser().client

        login = client.post("/api/accounts/login/", {"username": "alice1", "password": PASSWORD}, format="json")
        client.cookies.clear()
        account = {"username": "carol1", "email": "c@example.com", "password": PASSWORD}
        signup = client.post("/api/accounts/signup/", account, format="json")

        self.assertEqual((login.status_code, signup.status_code), (200, 201))

    def test_another_site_cannot_log_anybody_in(self):
        credentials = {"username": "alice1", "password": PASSWORD}
        for origin in FOREIGN_ORIGINS:
            with self.subTest(origin=origin):
                response = self.browser().client.post(
                    "/api/accounts/login/", credentials, format="json", HTTP_ORIGIN=origin
                )

                self.assert_refused(response, 403)
                self.assertNotIn("sessionid", response.cookies)
        self.assertEqual(AccessToken.objects.filter(user=self.alice.user).count(), 1)

    def test_another_site_cannot_open_an_account(self):
        account = {"username": "carol1", "email": "c@example.com", "password": PASSWORD}

        response = self.browser().client.post(
            "/api/accounts/signup/", account, format="json", HTTP_ORIGIN="https://evil.example"
        )

        self.assert_refused(response, 403)
        self.assertFalse(User.objects.filter(username="carol1").exists())

    def test_a_page_of_ours_and_of_a_trusted_site_can(self):
        credentials = {"username": "alice1", "password": PASSWORD}
        with override_settings(CSRF_TRUSTED_ORIGINS=["https://app.example"]):
            for origin in ("http://testserver", "https://app.example"):
                with self.subTest(origin=origin):
                    response = self.browser().client.post(
                        "/api/accounts/login/", credentials, format="json", HTTP_ORIGIN=origin
                    )

                    self.assertEqual(response.status_code, 200, response.json())

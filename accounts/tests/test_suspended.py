"""
Somebody whom moderators have suspended, at each of the three login forms: only the right password hears why it fails.
"""

from django.test import Client

from accounts.services import AccountService
from testing.people import PASSWORD
from testing.testcases import ApiTestCase

HTML = {"HTTP_ACCEPT": "text/html"}
WORDS = "This account is suspended."


class SuspendedLoginTests(ApiTestCase):
    def setUp(self):
        self.alice = self.browser()
        self.alice.signs_up("alice1")
        with self.captureOnCommitCallbacks(execute=True):
            AccountService.suspend(user=self.alice.user)

    def log_in(self, **credentials):
        return self.nobody().client.post(
            "/api/accounts/login/", credentials, format="json", HTTP_X_REQUEST_ID="the-same"
        )

    def test_the_right_password_hears_why(self):
        response = self.log_in(username="Alice1", password=PASSWORD)

        body = self.assert_refused(response, 403)
        self.assertEqual((body["code"], body["message"]), ("account_suspended", WORDS))
        self.assertNotIn("sessionid", response.cookies)

    def test_a_wrong_one_learns_nothing(self):
        wrong, unknown = (self.log_in(username=name, password="wrong battery") for name in ("alice1", "nobody1"))

        self.assertEqual(wrong.status_code, 400)
        self.assertEqual((wrong.content, dict(wrong.headers)), (unknown.content, dict(unknown.headers)))

    def test_once_restored_she_is_in_again(self):
        with self.captureOnCommitCallbacks(execute=True):
            AccountService.restore(user=self.alice.user)

        self.assertEqual(self.log_in(username="alice1", password=PASSWORD).status_code, 200)

    def test_one_who_has_left_as_well_is_nobody(self):
        AccountService.delete_account(user=self.alice.user, password=PASSWORD)

        self.assertEqual(self.log_in(username="alice1", password=PASSWORD).status_code, 400)

    def test_the_login_pages_say_it_in_words(self):
        for address in ("/api-auth/login/", "/admin/login/"):
            with self.subTest(address=address):
                right, wrong = (
                    Client().post(address, {"username": "alice1", "password": password}, **HTML)
                    for password in (PASSWORD, "wrong battery")
                )

                self.assertContains(right, WORDS, status_code=403)
                self.assertNotContains(wrong, WORDS)

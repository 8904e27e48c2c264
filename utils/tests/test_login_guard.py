"""
The guard before every password: one count for the API, the browsable pages and the admin, and nothing hashed beyond it;
another for those who are inside.
"""

from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.hashers import MD5PasswordHasher
from django.test import Client

from accounts.models import User
from testing.people import PASSWORD
from testing.testcases import ApiTestCase, CommittedTestCase
from utils.api.exceptions import TooManyRequests

API, PAGES, ADMIN = "/api/accounts/login/", "/api-auth/login/", "/admin/login/"
WRONG = "wrong battery"


class CountingHasher(MD5PasswordHasher):
    """
    Knows how often a password was hashed.
    """

    hashed = 0

    def encode(self, password, salt):
        type(self).hashed += 1
        return super().encode(password, salt)


class GuardTestCase(ApiTestCase):
    def setUp(self):
        self.enterContext(self.settings(PASSWORD_HASHERS=[f"{__name__}.CountingHasher"]))
        User.objects.create_superuser("modera1", "modera1@example.com", PASSWORD)
        self.limit(accounts__login=["1000/d"], accounts__login_name=["4/d"])
        CountingHasher.hashed = 0

    def try_api(self, name="modera1", password=WRONG, **headers):
        credentials = {"username": name, "password": password}
        return self.nobody().client.post(API, credentials, format="json", **headers)

    def try_form(self, path, name="modera1", password=WRONG, **headers):
        credentials = {"username": name, "password": password}
        return Client(headers={"Accept": "text/html"}).post(path, credentials, **headers)

    def try_door(self, path, **options):
        return self.try_api(**options) if path == API else self.try_form(path, **options)


class EachDoorTests(GuardTestCase):
    def test_the_fifth_of_four_attempts_is_refused_at_each_door(self):
        for path, wrong in ((API, 400), (PAGES, 200), (ADMIN, 200)):
            with self.subTest(path=path):
                name = f"somebody_{path.strip('/').replace('/', '_')}"

                statuses = [self.try_door(path, name=name).status_code for _ in range(6)]

                self.assertEqual(statuses, [wrong] * 4 + [429] * 2)

    def test_the_doors_share_one_count(self):
        statuses = [self.try_door(path).status_code for path in (API, PAGES, ADMIN, API, PAGES, ADMIN, API)]

        self.assertEqual(statuses, [400, 200, 200, 400, 429, 429, 429])

    def test_beyond_it_the_right_password_opens_no_door(self):
        for _ in range(4):
            self.try_api()

        for path in (API, PAGES, ADMIN):
            with self.subTest(path=path):
                response = self.try_door(path, password=PASSWORD)

                self.assertEqual(response.status_code, 429)
                self.assertNotIn("sessionid", response.cookies)

    def test_the_right_password_counts_too_and_opens_the_doors_before(self):
        responses = [self.try_door(path, password=PASSWORD) for path in (API, PAGES, ADMIN)]

        self.assertEqual([response.status_code for response in responses], [200, 302, 302])

    def test_looking_at_the_form_counts_nothing(self):
        for _ in range(9):
            Client().get(ADMIN)

        self.assertEqual(self.try_form(ADMIN, password=PASSWORD).status_code, 302)


class BeforeHashingTests(GuardTestCase):
    def test_nothing_is_hashed_for_who_is_refused(self):
        for path in (API, PAGES, ADMIN):
            with self.subTest(path=path):
                for _ in range(4):
                    self.try_door(path, name="modera1")
                before = CountingHasher.hashed

                self.try_door(path, name="modera1")

                self.assertEqual(CountingHasher.hashed, before)

    def test_nothing_is_hashed_for_an_address_that_is_refused_either(self):
        self.limit(accounts__login=["2/d"], accounts__login_name=["1000/d"])

        statuses = [self.try_door(path).status_code for path in (API, PAGES, ADMIN, API, PAGES)]
        hashed = CountingHasher.hashed

        self.assertEqual(statuses, [400, 200, 429, 429, 429])
        self.assertEqual(hashed, 2)

    def test_a_name_that_nobody_has_costs_the_same_until_it_is_refused(self):
        for name in ("modera1", "nobody1"):
            with self.subTest(name=name):
                before = CountingHasher.hashed

                statuses = [self.try_api(name=name).status_code for _ in range(6)]

                self.assertEqual((statuses, CountingHasher.hashed - before), ([400] * 4 + [429] * 2, 4))


class NamesTests(GuardTestCase):
    def test_a_name_in_another_case_or_with_spaces_is_the_same_name(self):
        for path in (API, ADMIN):
            with self.subTest(path=path):
                statuses = [
                    self.try_door(path, name=name).status_code
                    for name in ("Modera1", "MODERA1", " modera1 ", "mOdErA1", "modera1", "MODERA1")
                ]

                self.assertEqual(statuses[-1], 429)

    def test_each_name_has_a_count_of_its_own(self):
        for _ in range(5):
            self.try_api(name="alice1")

        self.assertEqual(self.try_api(name="modera1", password=PASSWORD).status_code, 200)

    def test_the_answer_does_not_tell_whether_somebody_has_the_name(self):
        def refusal(path, name):
            for _ in range(4):
                self.try_api(name=name)
            response = self.try_door(path, name=name, HTTP_X_REQUEST_ID="the-same")
            headers = {key: value for key, value in response.headers.items() if key != "Set-Cookie"}
            return response.status_code, response.content, headers

        for path in (API, PAGES, ADMIN):
            with self.subTest(path=path):
                self.limit(accounts__login=["1000/d"], accounts__login_name=["1/d"])
                known, unknown = refusal(path, "modera1"), refusal(path, "nobody1")

                for headers in (known[2], unknown[2]):
                    self.assertLessEqual(int(headers.pop("Retry-After")), 86_400)
                    headers.pop("X-RateLimit-Reset", None)
                self.assertEqual(known, unknown)

    def test_strange_names_are_counted_and_no_crash(self):
        for name in ("x" * 200, "İ" * 20, "ß", "😀", "a b c", "%s%n", "name:alice1"):
            with self.subTest(name=name[:10]):
                statuses = [self.try_api(name=name).status_code for _ in range(5)]

                self.assertEqual(statuses, [400] * 4 + [429])


class AnswersTests(GuardTestCase):
    def setUp(self):
        super().setUp()
        for _ in range(4):
            self.try_api()

    def test_the_api_answers_with_the_contracts_body(self):
        response = self.try_api()

        body = self.assert_refused(response, 429)
        self.assertEqual((body["code"], body["detail"]), ("throttled", "Too many requests, try again later."))
        self.assertTrue(1 <= int(response["Retry-After"]) <= 86_400)

    def test_the_api_tells_the_limit_with_least_left(self):
        refused, free = self.try_api(), self.try_api(name="nobody1")

        self.assertEqual((refused["X-RateLimit-Limit"], refused["X-RateLimit-Remaining"]), ("4", "0"))
        self.assertEqual((free["X-RateLimit-Limit"], free["X-RateLimit-Remaining"]), ("4", "3"))

    def test_forms_answer_with_a_page_for_people(self):
        for path in (PAGES, ADMIN):
            with self.subTest(path=path):
                response = self.try_form(path)

                self.assertEqual(response.status_code, 429)
                self.assertTrue(response["Content-Type"].startswith("text/html"))
                self.assertContains(response, "Too many requests, try again later.", status_code=429)
                self.assertContains(response, response["X-Request-ID"], status_code=429)
                self.assertTrue(1 <= int(response["Retry-After"]) <= 86_400)

    def test_a_program_at_a_form_gets_json(self):
        response = Client().post(ADMIN, {"username": "modera1", "password": WRONG})

        self.assert_refused(response, 429)

    def test_a_call_that_the_name_refused_does_not_use_up_the_address(self):
        self.limit(accounts__login=["7/d"], accounts__login_name=["4/d"])
        for _ in range(20):
            self.try_api()

        statuses = [self.try_api(name=f"nobody{number}").status_code for number in range(8)]

        self.assertEqual(statuses, [400] * 7 + [429])


class InsideTests(GuardTestCase):
    """
    Who has taken over a session does not get to guess the password that goes with it.
    """

    def setUp(self):
        super().setUp()
        self.limit(accounts__password=["4/d"])
        self.alice = self.browser()
        self.alice.signs_up("alice1")
        CountingHasher.hashed = 0

    def change(self, person, password=WRONG):
        return person.post("accounts/password/", old_password=password, new_password="another horse battery")

    def close(self, person, password=WRONG):
        return person.delete("accounts/me/", password=password)

    def test_changing_the_password_and_closing_the_account_share_one_count(self):
        statuses = [guess(self.alice).status_code for guess in (self.change, self.close) * 3]

        self.assertEqual(statuses, [400] * 4 + [429] * 2)

    def test_beyond_it_nothing_is_hashed_and_the_right_password_does_nothing(self):
        for _ in range(4):
            self.change(self.alice)
        hashed = CountingHasher.hashed

        for guess in (self.change, self.close):
            response = guess(self.alice, PASSWORD)

            body = self.assert_refused(response, 429)
            self.assertEqual(body["code"], "throttled")
            self.assertTrue(1 <= int(response["Retry-After"]) <= 86_400)
        self.assertEqual((hashed, CountingHasher.hashed), (4, 4))
        self.assertTrue(self.browser().logs_in("alice1", PASSWORD))

    def test_another_session_of_the_account_has_the_same_count_and_another_account_its_own(self):
        phone, bob = self.phone(self.browser().logs_in("alice1")), self.browser()
        bob.signs_up("bobby1")
        for _ in range(4):
            self.change(self.alice)

        self.assertEqual([self.change(phone).status_code, self.change(bob).status_code], [429, 400])

    def test_who_does_not_get_in_does_not_use_it_up(self):
        for _ in range(9):
            self.try_api(name="alice1")
            self.change(self.nobody())

        self.assertEqual(self.change(self.alice, PASSWORD).status_code, 200)

    def test_the_admins_form_for_it_leads_here(self):
        response = Client().get("/admin/password_change/")

        self.assertEqual((response.status_code, response["Location"]), (302, "/api/accounts/password/"))


class WithoutRequestTests(GuardTestCase):
    def test_a_caller_inside_the_project_is_counted_by_name(self):
        for _ in range(4):
            authenticate(username="modera1", password=WRONG)

        with self.assertRaises(TooManyRequests):
            authenticate(username="modera1", password=PASSWORD)

    def test_switched_off_nobody_is_refused(self):
        with self.settings(RATELIMIT_ENABLE=False):
            statuses = [self.try_api().status_code for _ in range(8)]

        self.assertEqual(set(statuses), {400})


class GuessingAtOnceTests(CommittedTestCase):
    def test_of_twelve_guesses_at_one_moment_four_are_looked_at(self):
        rates = {**settings.RATES, "accounts.login": ["1000/d"], "accounts.login_name": ["4/d"]}
        self.enterContext(self.settings(RATELIMIT_ENABLE=True, RATES=rates))

        def guess():
            return self.nobody().post("accounts/login/", username="alice1", password=WRONG).status_code

        statuses = self.together(*[guess] * 12)

        self.assertEqual(sorted(statuses), [400] * 4 + [429] * 8)

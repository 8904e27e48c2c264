"""
The API in a browser: pages, forms with their errors inline, next and previous.
"""

import re
from datetime import timedelta
from html import unescape

from django.utils.timezone import now

from accounts.models import User
from testing.people import PASSWORD
from testing.testcases import ApiTestCase
from utils.database.time_ids import format_time
from utils.pages.templatetags.pages import ago, exact

HTML = {"HTTP_ACCEPT": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}


class PageTestCase(ApiTestCase):
    def setUp(self):
        self.alice = self.person("alice1")
        self.reader = self.nobody().client

    def page(self, path, client=None, status=200):
        response = (client or self.reader).get(path if path.startswith(("http", "/")) else f"/api/{path}", **HTML)
        self.assertEqual((response.status_code, response["Content-Type"]), (status, "text/html; charset=utf-8"))
        return response.content.decode()

    def control(self, page, kind):
        """
        Return where the next or previous control leads, None when there is none.
        """
        match = re.search(rf'<a href="([^"]+)" rel="{kind}"', page)
        return unescape(match[1]) if match else None


class FormatsTests(PageTestCase):
    def test_json_is_what_curl_and_programs_get(self):
        for accept in ("*/*", "application/json", "application/*", "", "text/html;q=0.1, application/json"):
            with self.subTest(accept=accept):
                response = self.reader.get("/api/", **({"HTTP_ACCEPT": accept} if accept else {}))

                self.assertEqual(response["Content-Type"].split(";")[0], "application/json")

    def test_a_browser_gets_a_page_everywhere(self):
        tweet_id = self.alice.tweets()
        for path in (
            "",
            "accounts/",
            "accounts/login_status/",
            f"users/{self.alice.id}/",
            "friendships/",
            f"friendships/{self.alice.id}/followers/",
            f"friendships/{self.alice.id}/followers/?page=1",
            f"tweets/?user_id={self.alice.id}",
            f"tweets/{tweet_id}/",
        ):
            with self.subTest(path=path):
                self.assertIn("<html", self.page(path))
        self.assertIn("<html", self.page("newsfeeds/", client=self.alice.client))

    def test_errors_are_pages_too(self):
        for path, status in (("newsfeeds/", 403), ("tweets/", 400), ("tweets/1/", 404), ("accounts/signup/", 405)):
            with self.subTest(path=path):
                self.assertIn("request_id", self.page(path, status=status))

    def test_a_page_that_lacks_a_parameter_asks_for_it(self):
        for path, name in (("tweets/", "user_id"), ("comments/", "tweet_id"), ("users/search/", "q")):
            with self.subTest(path=path):
                self.assertRegex(self.page(path, status=400), rf'<label for="ask_{name}">.*\s+<input id="ask_{name}"')

    def test_what_people_wrote_is_escaped(self):
        tweet_id = self.alice.tweets("<script>alert('Hello')</script>")

        page = self.page(f"tweets/{tweet_id}/")

        self.assertNotIn("<script>alert", page)
        self.assertIn("&lt;script&gt;alert", page)


class TimesTests(PageTestCase):
    def test_a_time_is_told_in_its_largest_unit(self):
        for passed, words in (
            (timedelta(seconds=-5), "just now"),
            (timedelta(seconds=59), "just now"),
            (timedelta(minutes=3, seconds=20), "3 minutes ago"),
            (timedelta(days=1, hours=5), "1 day ago"),
            (timedelta(days=800), "2 years ago"),
        ):
            with self.subTest(passed=passed):
                # The unit stays on the line of its number.
                self.assertEqual(ago(format_time(now() - passed)).replace("\xa0", " "), words)

    def test_the_exact_time_is_in_words(self):
        self.assertEqual(exact("2026-11-04T06:40:29.068437Z"), "4 November 2026, 06:40:29 UTC")


class LoggingInOnPagesTests(PageTestCase):
    def test_every_page_has_a_link_to_log_in_that_leads_back(self):
        page = self.page(f"users/{self.alice.id}/")

        self.assertIn(f"/api-auth/login/?next=/api/users/{self.alice.id}/", page)

    def test_the_form_behind_it_opens_a_session(self):
        browser = self.browser()
        browser.signs_up("bobby1")
        browser.client.cookies.clear()
        browser.client.get("/api-auth/login/", **HTML)

        response = browser.client.post(
            "/api-auth/login/?next=/api/newsfeeds/",
            {
                "username": "BOBBY1",
                "password": PASSWORD,
                "next": "/api/newsfeeds/",
                "csrfmiddlewaretoken": browser.client.cookies["csrftoken"].value,
            },
            format="multipart",
            **HTML,
        )

        self.assertEqual((response.status_code, response["Location"]), (302, "/api/newsfeeds/"))
        self.assertIn("bobby1", self.page("newsfeeds/", client=browser.client))

    def test_it_leads_to_no_other_site(self):
        browser = self.browser()
        browser.signs_up("bobby1")
        for target in (
            "//evil.example",
            "https:evil.example",
            "/\\evil.example",
            "https://evil.example/",
            "javascript:1",
        ):
            browser.client.cookies.clear()
            browser.client.get("/api-auth/login/", **HTML)
            with self.subTest(target=target):
                form = {"username": "bobby1", "password": PASSWORD, "next": target}
                form["csrfmiddlewaretoken"] = browser.client.cookies["csrftoken"].value

                response = browser.client.post("/api-auth/login/", form, format="multipart", **HTML)

                self.assertEqual((response.status_code, response["Location"]), (302, "/api/"))


class FormsTests(PageTestCase):
    def sign_up(self, **fields):
        return self.browser().client.post("/api/accounts/signup/", fields, format="multipart", **HTML)

    def test_a_page_that_only_takes_posts_shows_its_form(self):
        page = self.page("accounts/signup/", status=405)

        for name in ("username", "email", "password"):
            self.assertIn(f'name="{name}"', page)
        self.assertIn('type="password"', page)

    def test_each_error_stands_beside_its_field_and_what_was_typed_is_kept(self):
        response = self.sign_up(username="no", email="alice@example.com", password="short")

        page = response.content.decode()
        self.assertEqual(response.status_code, 400)
        for name, words in (
            ("username", "Use 6 to 20 letters, digits and underscores."),
            ("password", "Ensure this field has at least 6 characters."),
        ):
            self.assertIn(f'<span class="help-block is-error" id="{name}_error_1">{words}</span>', page)
            self.assertRegex(page, f'<input id="{name}"[^>]* aria-describedby="{name}_error_1 ?"')
        self.assertIn('value="alice@example.com"', page)

    def test_a_password_is_never_sent_back(self):
        for fields in (
            {"username": "no", "email": "a@example.com", "password": "swordfish and chips"},
            {"username": "somebody", "email": "no mail", "password": "swordfish and chips"},
        ):
            with self.subTest(fields=fields):
                self.assertNotIn("swordfish", self.sign_up(**fields).content.decode())

    def test_a_form_that_is_right_does_its_work(self):
        response = self.sign_up(username="somebody", email="a@example.com", password=PASSWORD)

        self.assertEqual((response.status_code, response["Content-Type"]), (201, "text/html; charset=utf-8"))
        self.assertTrue(User.objects.filter(username="somebody").exists())

    def test_the_page_of_tweets_has_a_form_to_post_one(self):
        page = self.page(f"tweets/?user_id={self.alice.id}", client=self.alice.client)

        self.assertRegex(page, r'<textarea[^>]*name="content"')


class TurningPagesTests(PageTestCase):
    def setUp(self):
        super().setUp()
        self.fan_ids = self.crowd(9, following=self.alice)
        self.first = f"friendships/{self.alice.id}/followers/?limit=2"

    def shown(self, page):
        """
        Return the ids of the people on a page.
        """
        return [int(id) for id in re.findall(r"&quot;id&quot;: (\d+)", page)]

    def test_next_leads_through_the_whole_list(self):
        page, shown = self.page(self.first), []

        while True:
            shown += self.shown(page)
            if not self.control(page, "next"):
                break
            page = self.page(self.control(page, "next"))

        self.assertEqual(shown, self.fan_ids[::-1])

    def test_previous_leads_back_the_way_one_came(self):
        pages = [self.page(self.first)]
        while self.control(pages[-1], "next"):
            pages.append(self.page(self.control(pages[-1], "next")))
        way_there = [self.shown(page) for page in pages]

        way_back, page = [], pages[-1]
        while True:
            way_back.append(self.shown(page))
            if not self.control(page, "prev"):
                break
            page = self.page(self.control(page, "prev"))

        self.assertEqual(way_back, way_there[::-1])

    def test_the_only_page_has_no_controls(self):
        page = self.page(f"friendships/{self.alice.id}/followers/")

        self.assertEqual((self.control(page, "next"), self.control(page, "prev")), (None, None))

    def test_the_way_one_came_is_nothing_to_a_program(self):
        response = self.reader.get(f"/api/{self.first}&trail=first,abc")

        self.assertEqual(response.status_code, 200)
        self.assertNotIn("trail", response.json()["next"])

    def test_users_have_controls_of_their_own(self):
        staff = self.person("staff1", is_staff=True)
        self.crowd(5, following=staff)

        page = self.page("users/", client=staff.client)

        self.assertIn("page=2", self.control(page, "next"))

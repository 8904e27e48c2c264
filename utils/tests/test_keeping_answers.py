"""
Who may keep an answer and for whom it is: Cache-Control, ETag and Vary.
"""

from django.test import Client

from accounts.models import UserProfile
from testing.people import PASSWORD
from testing.testcases import ApiTestCase

HTML = {"HTTP_ACCEPT": "text/html"}


class CacheControlTests(ApiTestCase):
    def setUp(self):
        self.alice = self.person("alice1")
        self.tweet_id = self.alice.tweets()

    def test_an_answer_with_a_token_is_kept_by_nobody(self):
        browser = self.browser()

        signup = browser.post("accounts/signup/", username="carol1", email="carol@example.com", password=PASSWORD)
        login = browser.post("accounts/login/", username="carol1", password=PASSWORD)
        password = browser.post("accounts/password/", old_password=PASSWORD, new_password="staple battery")

        for response in (signup, login, password):
            self.assertIn("token", response.json())
            self.assertEqual(response["Cache-Control"], "no-store")

    def test_neither_is_anything_else_below_accounts_errors_included(self):
        for response in (
            self.alice.get("accounts/"),
            self.alice.get("accounts/login_status/"),
            self.nobody().post("accounts/login/", username="nobody1", password="wrong"),
            self.nobody().post("accounts/logout/"),
            self.nobody().delete("accounts/me/"),
            self.alice.client.get("/api/accounts/login_status/", **HTML),
        ):
            self.assertEqual(response["Cache-Control"], "no-store", response)

    def test_what_depends_on_who_asks_is_kept_by_nobody_between(self):
        profile_id = UserProfile.objects.get(user_id=self.alice.id).id
        reads = (
            "newsfeeds/", f"tweets/?user_id={self.alice.id}", f"tweets/{self.tweet_id}/", f"users/{self.alice.id}/",
            "users/by/alice1/", f"friendships/{self.alice.id}/followers/", f"friendships/{self.alice.id}/followings/",
            f"comments/?tweet_id={self.tweet_id}", "notifications/", "notifications/unread-count/", "features/", "",
            "users/", "tweets/1/", "tweets/", f"profiles/{profile_id}/",
        )  # fmt: skip
        for path in reads:
            for person in (self.alice, self.nobody()):
                for accept in ({}, HTML):
                    with self.subTest(path=path, person=person, accept=accept):
                        response = person.client.get(f"/api/{path}", **accept)

                        self.assertEqual(response["Cache-Control"], "private, no-cache")

    def test_so_is_the_answer_to_a_write(self):
        response = self.alice.post("comments/", tweet_id=self.tweet_id, content="First!")

        self.assertEqual(response["Cache-Control"], "private, no-cache")

    def test_the_admin_is_kept_by_nobody(self):
        self.assertIn("no-store", Client().get("/admin/login/")["Cache-Control"])


class FirstPageTests(ApiTestCase):
    def setUp(self):
        self.alice, self.bob = self.person("alice1"), self.person("bobby1")
        self.tweet_id = self.alice.tweets()
        self.alice.tweets("And another one")
        self.bob.follows(self.alice)
        self.bob.post("comments/", tweet_id=self.tweet_id, content="First!")
        self.tasks_run()
        self.lists = (
            "newsfeeds/",
            "newsfeeds/?limit=1",
            f"tweets/?user_id={self.alice.id}",
            f"comments/?tweet_id={self.tweet_id}",
            f"friendships/{self.alice.id}/followers/",
            f"friendships/{self.bob.id}/followings/",
            f"friendships/{self.alice.id}/followers/?page=1",
            "notifications/",
        )

    def ask(self, path, **headers):
        return self.alice.client.get(f"/api/{path}", headers=headers)

    def test_who_has_the_first_page_already_hears_so(self):
        for path in self.lists:
            with self.subTest(path=path):
                first = self.ask(path)

                again = self.ask(path, **{"If-None-Match": first["ETag"]})

                self.assertEqual((again.status_code, again.content), (304, b""))
                for name in ("ETag", "Cache-Control", "Vary"):
                    self.assertEqual(again[name], first[name])

    def test_what_is_new_is_seen_at_once(self):
        etag = self.ask("newsfeeds/")["ETag"]

        tweet_id = self.alice.tweets("Something new")

        response = self.ask("newsfeeds/", **{"If-None-Match": etag})
        self.assertEqual((response.status_code, response.json()["results"][0]["id"]), (200, tweet_id))

    def test_two_people_have_two_etags_where_they_see_different_things(self):
        self.bob.post("likes/", content_type="tweet", object_id=self.tweet_id)
        path = f"/api/tweets/?user_id={self.alice.id}"

        self.assertNotEqual(self.alice.client.get(path)["ETag"], self.bob.client.get(path)["ETag"])

    def test_later_pages_are_not_asked_for_twice(self):
        page = self.ask("newsfeeds/?limit=1").json()

        for address in (
            page["next"].removeprefix("http://testserver/api/"),
            f"newsfeeds/?created_at__lt={page['results'][0]['created_at']}",
            f"newsfeeds/?created_at__gt={page['results'][0]['created_at']}",
        ):
            self.assertNotIn("ETag", self.ask(address))


class VaryTests(ApiTestCase):
    def test_errors_from_outside_the_framework_differ_by_what_is_accepted(self):
        for headers in ({}, HTML):
            for path, more in (
                ("/nowhere", {}),
                ("/api/nowhere/", {}),
                ("/api/", {"HTTP_HOST": "evil.example"}),
            ):
                with self.subTest(path=path, headers=headers, more=more):
                    response = Client().get(path, **headers, **more)

                    self.assertGreaterEqual(response.status_code, 400)
                    self.assertIn("Accept", response["Vary"])

    def test_so_do_errors_and_answers_of_the_api(self):
        for path in ("/api/newsfeeds/", "/api/tweets/1/", "/api/tweets/", "/api/accounts/signup/", "/api/"):
            self.assertIn("Accept", Client().get(path)["Vary"])

    def test_a_forged_form_too(self):
        response = Client(enforce_csrf_checks=True).post("/api-auth/login/", {"username": "alice1"})

        self.assertEqual(response.status_code, 403)
        self.assertIn("Accept", response["Vary"])


class AcceptTests(ApiTestCase):
    def test_anything_may_be_said_in_many_ways(self):
        for accept in ("", " ", ",", "*", "*;q=0.2", "image/gif, *; q=.2", "*/*", "image/png, */*;q=0.1"):
            for path in ("/api/", "/api/accounts/login_status/", "/api/schema/?format=json"):
                with self.subTest(accept=accept, path=path):
                    response = Client().get(path, HTTP_ACCEPT=accept)

                    self.assertEqual(response.status_code, 200, response.content[:200])
                    self.assertIn("json", response["Content-Type"])

    def test_what_is_not_spoken_here_is_406(self):
        self.assert_refused(Client().get("/api/", HTTP_ACCEPT="image/png"), 406)

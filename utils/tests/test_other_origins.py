"""
What browsers are told: which other origins may read an answer, and what a page of ours may load.
"""

import re

from testing.testcases import ApiTestCase
from tweets.tests.photos import Photographing

ORIGIN = "https://app.example"
EXPOSED = {"X-Request-ID", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "Retry-After"}
HTML = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


class OtherOriginsTests(ApiTestCase):
    def setUp(self):
        self.alice = self.person("alice1")
        self.enterContext(self.settings(CORS_ALLOWED_ORIGINS=[ORIGIN]))

    def preflight(self, origin, method="POST", headers="authorization,content-type,idempotency-key"):
        return self.nobody().client.options(
            "/api/tweets/",
            HTTP_ORIGIN=origin,
            HTTP_ACCESS_CONTROL_REQUEST_METHOD=method,
            HTTP_ACCESS_CONTROL_REQUEST_HEADERS=headers,
        )

    def test_a_client_of_a_listed_origin_may_ask_with_a_token(self):
        response = self.preflight(ORIGIN)

        self.assertEqual((response.status_code, response["Access-Control-Allow-Origin"]), (200, ORIGIN))
        allowed = {name.strip() for name in response["Access-Control-Allow-Headers"].split(",")}
        self.assertLessEqual({"authorization", "content-type", "idempotency-key", "x-request-id"}, allowed)
        self.assertIn("DELETE", response["Access-Control-Allow-Methods"])

    def test_it_may_read_the_answer_and_the_headers_that_matter(self):
        response = self.alice.client.get("/api/newsfeeds/", HTTP_ORIGIN=ORIGIN)

        self.assertEqual((response.status_code, response["Access-Control-Allow-Origin"]), (200, ORIGIN))
        exposed = {name.strip() for name in response["Access-Control-Expose-Headers"].split(",")}
        self.assertLessEqual(EXPOSED | {"ETag", "Location"}, exposed)

    def test_it_may_read_errors_too(self):
        for response in (
            self.nobody().client.get("/api/newsfeeds/", HTTP_ORIGIN=ORIGIN),
            self.nobody().client.get("/api/nowhere/", HTTP_ORIGIN=ORIGIN),
        ):
            self.assertEqual(response["Access-Control-Allow-Origin"], ORIGIN)

    def test_its_cookies_are_not_wanted(self):
        for response in (self.preflight(ORIGIN), self.alice.client.get("/api/newsfeeds/", HTTP_ORIGIN=ORIGIN)):
            self.assertNotIn("Access-Control-Allow-Credentials", response)

    def test_any_other_origin_may_read_nothing(self):
        for origin in (
            "https://evil.example",
            "https://app.example.evil",
            "http://app.example",
            "null",
            "http://[",
            "*",
        ):
            with self.subTest(origin=origin):
                for response in (
                    self.preflight(origin),
                    self.alice.client.get("/api/newsfeeds/", HTTP_ORIGIN=origin),
                ):
                    self.assertNotIn("Access-Control-Allow-Origin", response)
                    self.assertLess(response.status_code, 500)

    def test_only_the_api_and_its_files_are_for_other_origins(self):
        response = self.nobody().client.get("/admin/login/", HTTP_ORIGIN=ORIGIN)

        self.assertNotIn("Access-Control-Allow-Origin", response)

    def test_answers_are_kept_apart_by_origin(self):
        self.assertIn("origin", self.alice.client.get("/api/newsfeeds/")["Vary"].lower())

    def test_without_a_list_nobody_may(self):
        with self.settings(CORS_ALLOWED_ORIGINS=[]):
            self.assertNotIn("Access-Control-Allow-Origin", self.preflight(ORIGIN))


class FilesOfOtherOriginsTests(Photographing, ApiTestCase):
    def setUp(self):
        self.alice, self.bob = self.person("alice1"), self.person("bobby1")
        self.enterContext(self.settings(CORS_ALLOWED_ORIGINS=[ORIGIN], PHOTO_REVIEW="pre"))
        self.address = self.posts(self.alice, self.picture())["photo_urls"][0]

    def test_a_photo_may_be_read_as_the_api_may(self):
        self.enterContext(self.settings(PHOTO_REVIEW="post"))
        response = self.nobody().client.get(self.address, HTTP_ORIGIN=ORIGIN)
        again = self.nobody().client.get(self.address, HTTP_ORIGIN=ORIGIN, HTTP_IF_NONE_MATCH=response["ETag"])
        missing = self.nobody().client.get(re.sub("[0-9a-f]{32}", "0" * 32, self.address), HTTP_ORIGIN=ORIGIN)

        self.assertEqual([answer.status_code for answer in (response, again, missing)], [200, 304, 404])
        for answer in (response, again, missing):
            self.assertEqual(answer["Access-Control-Allow-Origin"], ORIGIN)
            self.assertIn("origin", answer["Vary"].lower())

    def test_no_other_origin_may(self):
        response = self.alice.client.get(self.address, HTTP_ORIGIN="https://evil.example")

        self.assertNotIn("Access-Control-Allow-Origin", response)

    def test_a_client_may_ask_for_it_with_a_token(self):
        response = self.nobody().client.options(
            self.address,
            HTTP_ORIGIN=ORIGIN,
            HTTP_ACCESS_CONTROL_REQUEST_METHOD="GET",
            HTTP_ACCESS_CONTROL_REQUEST_HEADERS="authorization,if-none-match",
        )

        self.assertEqual((response.status_code, response["Access-Control-Allow-Origin"]), (200, ORIGIN))
        self.assertIn("authorization", response["Access-Control-Allow-Headers"])

    def test_alices_client_shows_her_what_waits_and_bobs_does_not(self):
        seen = {
            person: person.client.get(self.address, HTTP_ORIGIN=ORIGIN).status_code
            for person in (self.alice, self.bob, self.nobody())
        }

        self.assertEqual(list(seen.values()), [200, 404, 404])

    def test_a_bad_token_is_401_and_neither_answer_is_kept_by_others(self):
        bad, hidden = self.phone("no").client.get(self.address), self.bob.client.get(self.address)

        self.assertEqual((bad.status_code, bad["WWW-Authenticate"]), (401, "Bearer"))
        self.assertEqual([bad["Cache-Control"], hidden["Cache-Control"]], ["private, no-cache"] * 2)


class PoliciesOfPagesTests(ApiTestCase):
    def policy(self, address, **headers):
        response = self.nobody().client.get(address, HTTP_ACCEPT=HTML, **headers)
        policy = response.get("Content-Security-Policy", "")
        return {words[0]: words[1:] for part in policy.split(";") if (words := part.split())}

    def test_every_page_has_one_that_runs_no_script_of_a_stranger(self):
        for address in (
            "/api/",
            "/api/docs/",
            "/api/redoc/",
            "/admin/login/",
            "/api-auth/login/",
            "/nowhere",
            "/api/x/",
        ):
            with self.subTest(address=address):
                policy = self.policy(address)

                self.assertEqual(policy["default-src"], ["'self'"])
                self.assertNotIn("script-src", policy)
                self.assertEqual(policy["object-src"], ["'none'"])
                self.assertEqual(policy["frame-ancestors"], ["'none'"])
                self.assertEqual(policy["form-action"], ["'self'"])

    def test_a_bad_host_has_one_too(self):
        self.assertEqual(self.policy("/api/", HTTP_HOST="evil.example").get("default-src", ["'self'"]), ["'self'"])

    def test_json_needs_none(self):
        self.assertNotIn("Content-Security-Policy", self.person("alice1").get("newsfeeds/"))

    def test_what_else_guards_a_page_is_there(self):
        response = self.nobody().client.get("/admin/login/")

        self.assertEqual(response["X-Frame-Options"], "DENY")
        self.assertEqual(response["X-Content-Type-Options"], "nosniff")
        self.assertEqual(response["Referrer-Policy"], "same-origin")
        self.assertEqual(response["Cross-Origin-Opener-Policy"], "same-origin")

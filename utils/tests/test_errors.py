"""
One body for every error, from any part of the program.
"""

import logging

from django.test import override_settings

from testing.people import PersonClient
from testing.testcases import ApiTestCase
from utils.observability.middleware import RequestIdFilter
from utils.tests.crashing import SECRET


class ErrorsOfTheContractTests(ApiTestCase):
    def setUp(self):
        self.alice, self.bob = self.person("alice1"), self.person("bobby1")

    def test_each_kind_has_the_one_body_and_a_stable_code(self):
        tweet_id = self.bob.tweets()
        ask, post = self.alice.client.get, self.alice.client.post
        cases = [
            (400, "invalid", lambda: self.alice.post("tweets/", content="short")),
            (400, "parse_error", lambda: post("/api/tweets/", b"{", content_type="application/json")),
            (400, "missing_parameters", lambda: self.alice.get("tweets/")),
            (400, "cannot_follow_self", lambda: self.alice.post(f"friendships/{self.alice.id}/follow/")),
            (401, "invalid_token", lambda: self.nobody().client.get("/api/", HTTP_AUTHORIZATION="Bearer no")),
            (403, "not_authenticated", lambda: self.nobody().get("newsfeeds/")),
            (403, "permission_denied", lambda: self.alice.get("users/")),
            (403, "permission_denied", lambda: self.alice.delete(f"tweets/{tweet_id}/")),
            (404, "not_found", lambda: self.alice.get("tweets/1/")),
            (404, "not_found", lambda: self.alice.get("tweets/abc/")),
            (404, "not_found", lambda: self.alice.get("nonsense/")),
            (404, "not_found", lambda: ask("/nonsense")),
            (405, "method_not_allowed", lambda: self.alice.put("tweets/")),
            (406, "not_acceptable", lambda: ask("/api/", HTTP_ACCEPT="image/png")),
            (413, "too_large", lambda: self.alice.post("tweets/", content="x" * 3_000_000)),
            (415, "unsupported_media_type", lambda: post("/api/tweets/", b"x", content_type="text/csv")),
            (400, "bad_request", lambda: ask("/api/", HTTP_HOST="evil.example")),
        ]
        for status, code, request in cases:
            with self.subTest(status=status, code=code):
                response = request()

                body = self.assert_refused(response, status)
                self.assertEqual(body["code"], code)
                self.assertEqual(response["Content-Type"].split(";")[0], "application/json")
                self.assertEqual(body["request_id"], response["X-Request-ID"])

    def test_a_validation_error_has_its_texts_by_field_and_one_message(self):
        response = self.alice.post("tweets/", content="short")

        body = self.assert_refused(response, 400)
        self.assertEqual(body["message"], "Please check input")
        self.assertEqual(body["errors"], {"content": ["Ensure this field has at least 6 characters."]})

    def test_only_a_missing_parameter_of_a_list_is_named_in_the_message(self):
        listed = self.alice.get("tweets/")
        posted = self.alice.post("tweets/")

        self.assertEqual(self.assert_refused(listed, 400)["message"], "missing user_id in request")
        self.assertEqual(listed.json()["errors"], {"user_id": ["This field is required."]})
        self.assertEqual(self.assert_refused(posted, 400, field="content")["message"], "Please check input")

    def test_a_method_that_is_not_there_names_those_that_are(self):
        for path, allowed in (
            ("tweets/", "GET, POST, HEAD, OPTIONS"),
            ("newsfeeds/", "GET, HEAD, OPTIONS"),
            ("accounts/login/", "POST, OPTIONS"),
            ("accounts/me/", "DELETE, OPTIONS"),
            (f"users/{self.bob.id}/", "GET, HEAD, OPTIONS"),
            (f"friendships/{self.bob.id}/followers/", "GET, HEAD, OPTIONS"),
        ):
            with self.subTest(path=path):
                response = self.alice.put(path)

                self.assert_refused(response, 405)
                self.assertEqual(response["Allow"], allowed)

    def test_unknown_methods_are_405_and_no_crash(self):
        for method in ("TRACE", "FOO", "PROPFIND"):
            with self.subTest(method=method):
                self.assert_refused(self.nobody().client.generic(method, "/api/tweets/"), 405)


@override_settings(ROOT_URLCONF="utils.tests.crashing")
class ErrorsNobodyForesawTests(ApiTestCase):
    def setUp(self):
        logging.disable(logging.CRITICAL)
        self.addCleanup(logging.disable, logging.NOTSET)
        self.client = PersonClient(raise_request_exception=False)

    def crash(self, kind, **headers):
        return self.client.get(f"/api/fails/{kind}/", **headers)

    def test_a_view_that_crashes_tells_nothing_but_the_request_id(self):
        for kind in ("nobody-foresaw", "assertion", "recursion"):
            with self.subTest(kind=kind):
                response = self.crash(kind)

                body = self.assert_refused(response, 500)
                self.assertEqual((body["code"], body["errors"]), ("error", {}))
                self.assertEqual(body["request_id"], response["X-Request-ID"])
                self.assertNotIn("hunter2", response.content.decode())
                self.assertNotIn("Traceback", response.content.decode())

    def test_a_crash_outside_the_framework_has_the_same_body(self):
        response = self.client.get("/fails/")

        self.assert_refused(response, 500)
        self.assertEqual(response["Content-Type"], "application/json")

    def test_a_crash_is_logged_with_its_request_id(self):
        logging.disable(logging.NOTSET)
        given = {}
        catcher = logging.Handler()
        catcher.addFilter(RequestIdFilter())
        catcher.emit = lambda record: given.setdefault(record.levelname, record.request_id)
        logger = logging.getLogger("django.request")
        logger.addHandler(catcher)
        self.addCleanup(logger.removeHandler, catcher)

        self.crash("nobody-foresaw", HTTP_X_REQUEST_ID="crash-1")
        self.crash("http404", HTTP_X_REQUEST_ID="missing-1")

        self.assertEqual(given, {"ERROR": "crash-1", "WARNING": "missing-1"})

    def test_refusals_of_services_become_their_status_and_code(self):
        for kind, status, code in (
            ("refused", 400, "refused"),
            ("forbidden", 403, "permission_denied"),
            ("missing", 404, "not_found"),
            ("conflict", 409, "conflict"),
            ("unavailable", 503, "unavailable"),
        ):
            with self.subTest(kind=kind):
                self.assertEqual(self.assert_refused(self.crash(kind), status)["code"], code)
        self.assertEqual(self.crash("refused").json()["message"], "Not like this.")

    def test_a_refusal_about_a_field_is_a_validation_error(self):
        body = self.assert_refused(self.crash("refused-field"), 400)

        self.assertEqual((body["message"], body["errors"]), ("Please check input", {"content": ["Not this."]}))

    def test_what_will_pass_says_when_to_try_again(self):
        for kind in ("unavailable", "database", "hbase-away", "redis-away", "hbase-refuses"):
            with self.subTest(kind=kind):
                response = self.crash(kind)

                self.assert_refused(response, 503)
                self.assertGreaterEqual(int(response["Retry-After"]), 1)

    def test_a_store_that_is_away_passes_and_one_that_refuses_is_an_error_in_the_log(self):
        logging.disable(logging.NOTSET)
        for kind, level in (
            ("hbase-away", "WARNING"),
            ("redis-away", "WARNING"),
            ("hbase-refuses", "ERROR"),
            ("database", "ERROR"),
        ):
            with self.subTest(kind=kind), self.assertLogs("utils.api.exception_handler") as logs:
                self.crash(kind)

                self.assertEqual([record.levelname for record in logs.records], [level])

    def test_djangos_own_exceptions_keep_their_words_to_themselves(self):
        for kind, status in (
            ("http404", 404),
            ("permission", 403),
            ("suspicious", 400),
            ("bad-request", 400),
            ("database", 503),
            ("hbase-away", 503),
            ("redis-away", 503),
            ("hbase-refuses", 503),
        ):
            with self.subTest(kind=kind):
                response = self.crash(kind)

                self.assert_refused(response, status)
                self.assertNotIn(SECRET, response.content.decode())

    def test_nested_errors_are_flat_lists_of_texts(self):
        nested, listed = self.crash("nested").json(), self.crash("listed").json()

        self.assertEqual(nested["errors"], {"a.b": ["deep"], "a.c.0.d": ["deeper"], "e": ["flat"]})
        self.assertEqual(listed["errors"], {"non_field_errors": ["one", "two"]})

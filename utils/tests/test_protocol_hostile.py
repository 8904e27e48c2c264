"""
Requests at the edges of HTTP: bad hosts, forged forms, headers and bodies that nobody means.

Never a 500, and never a page for a program.
"""

import orjson
from django.conf import settings
from django.test import Client, RequestFactory
from django.urls import path

from accounts.services import AccessTokenService
from testing.people import PASSWORD
from testing.testcases import ApiTestCase
from utils.api.exception_handler import server_error
from utils.errors import Refused

HTML = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def refuse(request):
    raise Refused("Not like this.")


def crash(request):
    raise RuntimeError("a secret of the house")


urlpatterns = [path("refuse/", refuse), path("crash/", crash), path("api/crash/", crash)]
handler500 = "utils.api.exception_handler.server_error"


class OutsideTheFrameworkTests(ApiTestCase):
    def ask(self, address, **headers):
        return Client(raise_request_exception=False).get(address, **headers)

    def test_a_bad_host_is_400_in_the_contracts_body(self):
        for host in ("evil.example", "127.0.0.1:port", "a" * 300, "{}", "[::1", "é"):
            with self.subTest(host=host[:20]):
                body = self.assert_refused(self.ask("/api/", HTTP_HOST=host), 400)

                self.assertEqual(body["code"], "bad_request")

    def test_an_unknown_address_is_404_for_programs_and_a_page_for_people(self):
        for address in ("/nowhere", "/api/nowhere/", "/admin2/", "/api/tweets/1/nothing/"):
            with self.subTest(address=address):
                self.assertEqual(self.assert_refused(self.ask(address), 404)["code"], "not_found")
                page = self.ask(address, HTTP_ACCEPT=HTML)
                self.assertContains(page, page["X-Request-ID"], status_code=404)
                self.assertTrue(page["Content-Type"].startswith("text/html"))

    def test_programs_of_every_kind_get_json(self):
        for accept in ("*/*", "application/json", "", "application/*", "image/png", "junk", "text/plain"):
            with self.subTest(accept=accept):
                for address in ("/nowhere", "/api/nowhere/"):
                    self.assert_refused(self.ask(address, HTTP_ACCEPT=accept), 404)

    def test_what_crashes_is_500_with_nothing_but_the_request_id(self):
        with self.settings(ROOT_URLCONF=__name__):
            for address in ("/crash/", "/api/crash/"):
                with self.subTest(address=address), self.assertLogs("django.request", "ERROR") as logs:
                    body = self.assert_refused(self.ask(address, HTTP_X_REQUEST_ID="the-one"), 500)
                    page = self.ask(address, HTTP_ACCEPT=HTML)

                self.assertEqual((body["code"], body["request_id"]), ("error", "the-one"))
                self.assertNotIn("secret", str(body))
                self.assertNotIn(b"secret", page.content)
                self.assertIn("a secret of the house", logs.records[0].exc_text or str(logs.records[0].exc_info[1]))

    def test_the_page_of_a_crash_needs_neither_user_nor_database(self):
        with self.assertNumQueries(0):
            response = server_error(RequestFactory().get("/", HTTP_ACCEPT=HTML))

        self.assertEqual(response.status_code, 500)

    def test_what_a_service_refuses_outside_the_framework_is_a_refusal_there_too(self):
        with self.settings(ROOT_URLCONF=__name__):
            body = self.assert_refused(self.ask("/refuse/"), 400)
            page = self.ask("/refuse/", HTTP_ACCEPT=HTML)

        self.assertEqual((body["code"], body["message"]), ("refused", "Not like this."))
        self.assertContains(page, "Not like this.", status_code=400)

    def test_what_stands_in_an_address_is_escaped_on_a_page(self):
        page = self.ask("/<script>alert(1)</script>", HTTP_ACCEPT=HTML)

        self.assertNotIn(b"<script>alert", page.content)


class ForgedFormsTests(ApiTestCase):
    def test_a_form_without_a_token_is_403_json_for_programs_and_a_page_for_people(self):
        for address in ("/admin/login/", "/api-auth/login/"):
            with self.subTest(address=address):
                client = Client(enforce_csrf_checks=True)

                body = self.assert_refused(client.post(address, {"username": "alice1"}), 403)
                page = client.post(address, {"username": "alice1"}, HTTP_ACCEPT=HTML)

                self.assertEqual(body["code"], "csrf_failed")
                self.assertContains(page, "CSRF Failed", status_code=403)
                self.assertTrue(page["Content-Type"].startswith("text/html"))

    def test_a_write_of_the_api_without_one_is_403_json(self):
        browser = self.browser()
        browser.signs_up("alice1")

        response = browser.client.post("/api/tweets/", {"content": "Hello world"}, format="json")

        self.assert_refused(response, 403)


class StrangeHeadersTests(ApiTestCase):
    def setUp(self):
        token = AccessTokenService.create_token(user=self.person("alice1").user)
        # Not the usual client: what is asked here stands in no schema.
        self.alice = Client(headers={"Authorization": f"Bearer {token}"})

    def assert_survives(self, response):
        self.assertLess(response.status_code, 500, response.content[:300])
        self.assertFalse(response.get("Content-Type", "").startswith("text/html"))
        if response.status_code >= 400:
            self.assert_refused(response, response.status_code)

    def test_any_value_of_any_header_is_survived(self):
        values = (
            "",
            " ",
            "\x00",
            "é",
            "a" * 100_000,
            "%00",
            "'\"<>",
            "\xff",
            "0" * 5000,
            "-1",
            "NaN",
            "{}",
            "..;,;=,",
        )
        headers = (
            "HTTP_ACCEPT", "HTTP_ACCEPT_LANGUAGE", "HTTP_ACCEPT_ENCODING", "HTTP_COOKIE", "HTTP_ORIGIN", "HTTP_REFERER",
            "HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO",
            "HTTP_X_FORWARDED_HOST", "HTTP_X_REQUEST_ID", "HTTP_USER_AGENT", "HTTP_RANGE", "HTTP_EXPECT",
            "HTTP_X_HTTP_METHOD_OVERRIDE", "HTTP_IDEMPOTENCY_KEY", "HTTP_X_CSRFTOKEN", "HTTP_TRANSFER_ENCODING",
        )  # fmt: skip
        for header in headers:
            for value in values:
                with self.subTest(header=header, value=value[:8]):
                    self.assert_survives(self.alice.get("/api/newsfeeds/", **{header: value}))

    def test_any_token_is_survived(self):
        for value in (
            "Bearer",
            "Bearer ",
            "Bearer \x00",
            "Bearer é",
            "Basic YTpi",
            "Bearer a b",
            "bearer " + "x" * 50_000,
        ):
            with self.subTest(value=value[:12]):
                self.assert_survives(Client().get("/api/newsfeeds/", HTTP_AUTHORIZATION=value))

    def test_a_password_in_the_authorization_header_opens_nothing(self):
        browser = self.browser()
        browser.signs_up("bobby1")

        response = self.nobody().client.get("/api/newsfeeds/", HTTP_AUTHORIZATION=f"Basic bobby1:{PASSWORD}")

        self.assert_refused(response, 403)

    def test_cookies_without_sense_are_nobody(self):
        for cookie in (
            "sessionid=",
            "sessionid=\x00",
            "sessionid=" + "x" * 10_000,
            "sessionid=é",
            "=;=;",
            "csrftoken=é",
        ):
            with self.subTest(cookie=cookie[:16]):
                response = self.nobody().client.get("/api/accounts/login_status/", HTTP_COOKIE=cookie)

                self.assertEqual((response.status_code, response.json()["has_logged_in"]), (200, False))

    def test_types_and_lengths_that_lie_are_survived(self):
        for content_type in (
            "",
            "json",
            "application/json; charset=bogus",
            "multipart/form-data",
            "a/b/c",
            "\x00",
            "x" * 9999,
        ):
            for body in (b"", b"{}", b"\xff\xfe", b"content=Hello+world"):
                with self.subTest(content_type=content_type[:30], body=body):
                    response = self.alice.generic("POST", "/api/tweets/", body, content_type=content_type)

                    self.assert_survives(response)

    def test_a_length_that_is_no_number_is_survived(self):
        for length in ("", "abc", "-5", "9" * 30, "1e3"):
            with self.subTest(length=length):
                response = self.alice.generic(
                    "POST", "/api/tweets/", b"{}", content_type="application/json", CONTENT_LENGTH=length
                )

                self.assert_survives(response)


class LargeBodiesTests(ApiTestCase):
    def setUp(self):
        self.alice = self.person("alice1")

    def test_more_than_the_project_reads_is_413(self):
        size = settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1
        bodies = {
            "application/json": b'"' + b"x" * size + b'"',
            "application/x-www-form-urlencoded": b"content=" + b"x" * size,
        }
        for content_type, body in bodies.items():
            with self.subTest(content_type=content_type):
                response = self.alice.client.generic("POST", "/api/tweets/", body, content_type=content_type)

                self.assertEqual(self.assert_refused(response, 413)["code"], "too_large")

    def test_it_is_413_outside_the_framework_too(self):
        body = b"username=" + b"x" * settings.DATA_UPLOAD_MAX_MEMORY_SIZE

        response = self.form_client().generic(
            "POST", "/admin/login/", body, content_type="application/x-www-form-urlencoded"
        )

        self.assertEqual(self.assert_refused(response, 413)["code"], "too_large")

    def test_more_fields_than_anybody_means_are_400(self):
        fields = "&".join(f"field{number}=x" for number in range(2000)).encode()

        responses = [
            self.alice.client.generic("POST", "/api/tweets/", fields, content_type="application/x-www-form-urlencoded"),
            self.form_client().generic(
                "POST", "/admin/login/", fields, content_type="application/x-www-form-urlencoded"
            ),
        ]

        for response in responses:
            self.assertEqual(self.assert_refused(response, 400)["code"], "bad_request")


class DeepJsonTests(ApiTestCase):
    def test_documents_deeper_than_anybody_means_are_400_with_a_key_and_without(self):
        alice = self.person("alice1")
        for depth in (65, 250, 300, 350, 1000, 2000, 30_000):
            for headers in ({}, {"HTTP_IDEMPOTENCY_KEY": "a-key"}):
                with self.subTest(depth=depth, headers=headers):
                    body = b'{"content": ' + b"[" * depth + b"]" * depth + b"}"
                    response = alice.client.generic("POST", "/api/tweets/", body, "application/json", **headers)

                    self.assert_refused(response, 400)

    def test_a_field_that_is_ignored_may_hold_anything_and_breaks_nothing(self):
        alice = self.person("alice1")
        for value in (2**63, -(2**70), 1.5, [[[]]], {"a": {"b": None}}, "😀" * 1000, [1] * 900):
            with self.subTest(value=str(value)[:20]):
                body = orjson.dumps({"content": "Hello world"})[:-1] + b', "x": ' + to_json(value) + b"}"
                response = alice.client.generic(
                    "POST", "/api/tweets/", body, "application/json", HTTP_IDEMPOTENCY_KEY=str(hash(str(value)))
                )

                self.assertEqual(response.status_code, 201, response.content)


def to_json(value):
    return str(value).encode() if isinstance(value, int) else orjson.dumps(value)

"""
Log lines: one for each request, each with its id, for people or for machines.
"""

import json
import logging
import sys

from django.conf import settings
from django.test import SimpleTestCase

from testing.testcases import ApiTestCase
from utils.observability.logs import JsonFormatter, LineFormatter
from utils.observability.middleware import RequestIdFilter, current_request_id


class AccessLinesTests(ApiTestCase):
    def get_log_line(self, ask):
        """
        Return the one record that a request leaves, as it stands when it is formatted.
        """
        with self.assertLogs("access", logging.INFO) as logs:
            ask()
        self.assertEqual(len(logs.records), 1)
        return logs.records[0]

    def test_each_request_leaves_one_line_with_all_that_matters(self):
        alice = self.person("alice1")

        record = self.get_log_line(lambda: alice.get("newsfeeds/"))

        self.assertEqual(
            (record.method, record.path, record.status, record.user_id), ("GET", "/api/newsfeeds/", 200, alice.id)
        )
        self.assertGreaterEqual(record.milliseconds, 0)
        self.assertRegex(record.getMessage(), rf"^GET /api/newsfeeds/ 200 [0-9.]+ ms user {alice.id}$")

    def test_a_session_is_named_by_its_user_too(self):
        browser = self.browser()
        browser.signs_up("alice1")

        self.assertEqual(self.get_log_line(browser.status).user_id, browser.id)

    def test_nobody_is_none(self):
        self.assertIsNone(self.get_log_line(lambda: self.nobody().get("accounts/login_status/")).user_id)

    def test_where_nobody_asked_who_it_is_the_log_does_not_ask_either(self):
        browser = self.browser()
        browser.signs_up("alice1")

        with self.assertNumQueries(0):
            record = self.get_log_line(lambda: browser.client.get("/livez"))

        self.assertIsNone(record.user_id)

    def test_errors_leave_one_too(self):
        for path, status in (("/api/nowhere/", 404), ("/api/newsfeeds/", 403), ("/nowhere", 404)):
            with self.subTest(path=path):
                self.assertEqual(self.get_log_line(lambda path=path: self.nobody().client.get(path)).status, status)

    def test_what_stands_in_the_query_is_nobodys_business(self):
        record = self.get_log_line(lambda: self.nobody().client.get("/api/tweets/?user_id=1&token=secret"))

        self.assertNotIn("secret", str(record.__dict__))

    def test_a_password_never_reaches_a_line(self):
        with self.assertLogs(level=logging.DEBUG) as logs:
            self.nobody().post("accounts/login/", username="alice1", password="hunter2-hunter2")

        self.assertNotIn("hunter2", str([record.__dict__ for record in logs.records]))


class RequestIdsTests(ApiTestCase):
    def test_a_line_that_is_logged_meanwhile_carries_the_id(self):
        seen = []

        class Listener(logging.Handler):
            def emit(self, record):
                RequestIdFilter().filter(record)
                seen.append(record.request_id)

        listener = Listener()
        logging.getLogger("access").addHandler(listener)
        self.addCleanup(logging.getLogger("access").removeHandler, listener)

        self.nobody().client.get("/api/", HTTP_X_REQUEST_ID="the-one")

        self.assertEqual(seen, ["the-one"])

    def test_afterwards_there_is_none(self):
        self.nobody().client.get("/api/", HTTP_X_REQUEST_ID="the-one")

        self.assertEqual(current_request_id.get(), "-")


class FormattingTests(SimpleTestCase):
    def record(self, message, *args, error=None, **extra):
        record = logging.getLogger("somewhere").makeRecord(
            "somewhere", logging.WARNING, "file.py", 1, message, args, error, extra=extra
        )
        record.request_id = "abc"
        return record

    def error(self):
        try:
            raise ValueError("boom")
        except ValueError:
            return sys.exc_info()

    def line(self, record):
        return LineFormatter(settings.LOGGING["formatters"]["line"]["format"]).format(record)

    def test_for_people_it_is_one_line_with_the_id(self):
        self.assertRegex(
            self.line(self.record("%s went %s", "it", "well")), r"^\S+ \S+ WARNING somewhere \[abc\] it went well$"
        )

    def test_nobody_can_begin_a_line_of_their_own(self):
        forged = "/x\n2026-01-01 INFO access [abc] GET /admin/\r\x1b[2J\u2028\x85"

        text = self.line(self.record("GET %s", forged))

        self.assertEqual(len(text.splitlines()), 1)
        self.assertNotIn("\x1b", text)

    def test_a_traceback_keeps_its_lines(self):
        text = self.line(self.record("it failed", error=self.error()))

        self.assertGreater(len(text.splitlines()), 2)
        self.assertTrue(text.endswith("ValueError: boom"))

    def test_for_machines_it_is_one_object_a_line(self):
        text = JsonFormatter(host="web-1").format(
            self.record("a\nb %s", "c", path="/x\n", status=200, method="GET", user_id=None)
        )

        self.assertEqual(len(text.splitlines()), 1)
        line = json.loads(text)
        self.assertRegex(line.pop("time"), r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")
        self.assertEqual(
            line,
            {
                "level": "WARNING",
                "host": "web-1",
                "logger": "somewhere",
                "request_id": "abc",
                "message": "a\nb c",
                "method": "GET",
                "path": "/x\n",
                "status": 200,
                "user_id": None,
            },
        )

    def test_a_traceback_is_a_field(self):
        line = json.loads(JsonFormatter(host="web-1").format(self.record("it failed", error=self.error())))

        self.assertIn("ValueError: boom", line["traceback"])

    def test_what_json_cannot_carry_is_still_a_line(self):
        line = json.loads(JsonFormatter(host="web-1").format(self.record("%s %s", "\ud800", object(), path=object())))

        self.assertIn("ud800", line["message"])

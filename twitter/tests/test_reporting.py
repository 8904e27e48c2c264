"""
Errors to Sentry and traces to OpenTelemetry: off unless asked for, and then without what is nobody's business.
"""

import gzip
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from unittest import TestCase

import pytest

from twitter.tests.fresh import FreshStart

pytestmark = pytest.mark.embedded

LOADED = """
import sys
import twitter.wsgi, twitter.celery
# Where OpenTelemetry is installed, the client of Redis looks for its metrics by itself; tracing is ours to load.
ours = {"sentry_sdk", "opentelemetry.sdk.trace", "opentelemetry.exporter.otlp", "opentelemetry.instrumentation"}
print(sorted(sys.modules.keys() & ours))
"""
# A view with a bug, and a request that carries secrets in every place.
FAIL = """
import twitter.wsgi
from django.test import Client
from twitter import urls

def broken(request):
    secret = "local-secret"
    raise ValueError("a bug")

urls.urlpatterns.insert(0, urls.path("api/broken/", broken))
client = Client(raise_request_exception=False, headers={"Authorization": "Bearer header-secret", "Host": "localhost"})
client.cookies["sessionid"] = "cookie-secret"
print(client.post("/api/broken/?q=query-secret", {"password": "body-secret"}).status_code)
"""
FLUSH_ERRORS = "import sentry_sdk; sentry_sdk.flush(10)"
FLUSH_TRACES = "from opentelemetry import trace; trace.get_tracer_provider().force_flush(10_000)"
SECRETS = ("local", "header", "cookie", "query", "body")


class Collector(HTTPServer):
    """
    Takes what is sent, as Sentry and an OpenTelemetry collector do.
    """

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.bodies = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def __exit__(self, *error):
        self.shutdown()
        super().__exit__(*error)


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.bodies.append(gzip.decompress(body) if self.headers["Content-Encoding"] == "gzip" else body)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


class ReportingTests(FreshStart, TestCase):
    def setUp(self):
        super().setUp()
        self.collector = self.enterContext(Collector())
        self.address = f"127.0.0.1:{self.collector.server_port}"

    def run_script(self, *lines, **knobs):
        done = self.python("-c", "\n".join(lines), **knobs)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.strip()

    def received(self):
        return b"".join(self.collector.bodies).decode(errors="replace")

    def test_where_nobody_asks_for_them_they_are_not_even_imported(self):
        self.assertEqual(self.run_script(LOADED), "[]")

    def test_sentry_gets_the_bug_and_none_of_the_secrets(self):
        status = self.run_script(FAIL, FLUSH_ERRORS, SENTRY_DSN=f"http://key@{self.address}/1")

        self.assertEqual(status, "500")
        self.assertIn("a bug", self.received())
        self.assertIn("/api/broken/", self.received())
        self.assertEqual([place for place in SECRETS if f"{place}-secret" in self.received()], [])

    def test_a_collector_gets_a_span_and_none_of_the_secrets(self):
        self.run_script(FAIL, FLUSH_TRACES, OTEL_EXPORTER_OTLP_ENDPOINT=f"http://{self.address}")

        self.assertIn("/api/broken/", self.received())
        self.assertIn("twitter-newsfeed", self.received())
        self.assertEqual([place for place in SECRETS if f"{place}-secret" in self.received()], [])

"""
The embedded profile as one runs it: commands and a web process of their own, no server.
"""

import json
import re
import shutil
import socket
import sqlite3
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import closing
from pathlib import Path
from unittest import TestCase

import pytest

from testing.stack_processes import Process, answers, free_port
from testing.testcases import Steps
from twitter.tests.fresh import FreshStart, fresh_environment

WEB = ["-m", "gunicorn", "-c", "deploy/gunicorn.conf.py"]
# What never reaches the project.
NO_HTTP = {
    "no address": b"GET\r\n\r\n",
    "no version": b"GET /api/ HTTP/banana\r\n\r\n",
    "a bad method": b"<script> /api/ HTTP/1.1\r\n\r\n",
    "a bad header": b"GET /api/ HTTP/1.1\r\nHost localhost\r\n\r\n",
    "two lengths": b"POST /api/ HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    "a long address": b"GET /" + b"a" * 33_000 + b" HTTP/1.1\r\n\r\n",
    "a long header": b"GET /api/ HTTP/1.1\r\nHost: localhost\r\nCookie: " + b"a" * 33_000 + b"\r\n\r\n",
    "an unknown coding": b"POST /api/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",
    "a bad chunk": b"POST /api/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nbanana\r\n\r\n",
}
BROKEN = """
def application(environ, start_response):
    if environ["PATH_INFO"] != "/livez":
        raise ValueError("a secret")
    start_response("200 OK", [])
    return []
"""
GRAPH = "".join(f"{follower} 9001\n" for follower in range(1001, 1041)) + "1001 9002\n1002 9002\n1003 9003\n"


class EmbeddedTestCase(FreshStart, Steps, TestCase):
    pytestmark = pytest.mark.embedded

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Migrated once, copied for each test.
        cls.empty_database = Path(cls.enterClassContext(tempfile.TemporaryDirectory())) / "db.sqlite3"

    def setUp(self):
        super().setUp()
        if not self.empty_database.exists():
            self.manage("migrate", "--verbosity", "0", DATA_DIR=str(self.empty_database.parent))
        self.bring_database()

    def bring_database(self):
        self.data_dir.mkdir(exist_ok=True)
        shutil.copy(self.empty_database, self.data_dir)

    def graph(self, text=GRAPH, name="graph.txt"):
        path = self.data_dir / name
        path.write_text(text)
        return str(path)

    def start_web(self, *arguments, application="twitter.wsgi:application"):
        self.port = free_port()
        environment = fresh_environment(self.data_dir, PORT=str(self.port), RATE_LIMITS="off")
        web = Process([sys.executable, *WEB, *arguments, application], environment)
        self.addCleanup(web.kill)
        self.until(lambda: answers(self.url("/livez")) or not web.is_running, "the web server answers", seconds=60)
        self.assertTrue(web.is_running, web.output)
        return web

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    def call(self, path, token=None, **data):
        """
        Return the JSON that the web process answers.
        """
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        request = urllib.request.Request(self.url(f"/api/{path}"), json.dumps(data).encode() if data else None, headers)
        with urllib.request.urlopen(request, timeout=20) as response:
            return json.load(response)

    def log_in(self, name):
        return self.call("accounts/login/", username=name, password="graph-password")["token"]

    def feed(self, token):
        return [row["id"] for row in self.call("newsfeeds/", token)["results"]]

    def send(self, data):
        """
        Return head and JSON that the web process answers to some bytes.
        """
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as client:
            client.sendall(data)
            head, _, body = client.makefile("rb").read().decode().partition("\r\n\r\n")
        return head, json.loads(body)


class CommandTests(EmbeddedTestCase):
    def test_the_most_followed_post_and_every_follower_gets_it(self):
        output = self.manage("load_graph", self.graph(), "--tweets", "2")

        (tweet_id,) = re.findall(r"tweet (\d+) of user 9001 went to 40 followers", output)
        self.assertRegex(output, r"tweet \d+ of user 9002 went to 2 followers")
        self.assertIn("40 of 40 followers' feeds hold", self.manage("feed_count", tweet_id))
        self.assertIn("the author's own feed holds it too", self.manage("feed_count", tweet_id))

    def test_a_second_time_nobody_posts_again(self):
        def tweets(output):
            return re.findall(r"tweet (\d+) of user (\d+) went", output)

        first = self.manage("load_graph", self.graph(), "--tweets", "2")
        second = self.manage("load_graph", self.graph(), "--tweets", "2")

        self.assertEqual(len(tweets(first)), 2)
        self.assertEqual(tweets(second), tweets(first))

    def test_of_a_second_graph_its_own_people_post(self):
        self.manage("load_graph", self.graph())

        output = self.manage("load_graph", self.graph("501 502\n503 502\n", "other.txt"), "--tweets", "1")

        self.assertRegex(output, r"tweet \d+ of user 502 went to 2 followers")


class BeatTests(EmbeddedTestCase):
    def test_what_is_over_is_purged_once_its_time_has_come_across_restarts_too(self):
        first = self.start_web()
        # By then beat has written down when the schedule began.
        self.until(lambda: 'process="beat"' in self.metrics(), "beat is at work")
        first.kill()
        with closing(sqlite3.connect(self.data_dir / "db.sqlite3")) as database, database:
            database.execute("INSERT INTO django_session VALUES ('over', '', '2001-01-01')")
        self.a_day_has_passed()

        self.start_web()

        self.until(lambda: self.sessions() == 0, "the session is purged", seconds=30)
        metrics = self.metrics()
        for process in ("beat", "relay"):
            self.assertIn(f'last_seen_timestamp_seconds{{process="{process}"}}', metrics)

    def test_a_process_that_ends_leaves_the_lead_to_the_next(self):
        web = self.start_web()
        self.until(lambda: self.leases() == 1, "its beat leads")

        web.stop()

        self.assertEqual(self.leases(), 0)

    def leases(self):
        with closing(sqlite3.connect(self.data_dir / "db.sqlite3")) as database:
            return database.execute("SELECT COUNT(*) FROM beat_beatlease").fetchone()[0]

    def metrics(self):
        with urllib.request.urlopen(self.url("/metrics"), timeout=20) as response:
            return response.read().decode()

    def a_day_has_passed(self):
        """
        Let beat have sent its tasks a day ago, and its lease be over since.
        """
        with closing(sqlite3.connect(self.data_dir / "db.sqlite3")) as database, database:
            database.execute("UPDATE beat_periodictask SET sent_at = datetime(sent_at, '-1 day')")
            database.execute("UPDATE beat_beatlease SET expires_at = datetime(expires_at, '-1 day')")

    def sessions(self):
        with closing(sqlite3.connect(self.data_dir / "db.sqlite3")) as database:
            return database.execute("SELECT COUNT(*) FROM django_session").fetchone()[0]


class WebProcessTests(EmbeddedTestCase):
    def assert_in_the_words_of_the_api(self, head, error, web, code, message):
        request_id = error["request_id"]
        body = {"success": False, "code": code, "message": message, "detail": message, "errors": {}}
        self.assertEqual(error, {**body, "request_id": request_id})
        self.assertIn("Content-Type: application/json\r\n", head)
        self.assertIn(f"x-request-id: {request_id}", head.lower())
        self.assertIn(request_id, web.output)

    def test_its_worker_delivers_what_is_posted(self):
        self.manage("load_graph", self.graph(), "--password", "graph-password")
        self.start_web()
        author, follower = self.log_in("user_9001"), self.log_in("user_1001")
        self.assertEqual(self.feed(follower), [])

        tweet = self.call("tweets/", author, content="Hello from the web")

        self.until(lambda: self.feed(follower) == [tweet["id"]], "the follower has it")
        self.assertEqual(self.feed(author), [tweet["id"]])

    def test_what_a_process_left_undone_the_next_one_does_at_once(self):
        self.manage("load_graph", self.graph(), "--password", "graph-password")
        posted = self.manage(
            "shell",
            "--verbosity",
            "0",
            "-c",
            "from accounts.models import User\n"
            "from newsfeeds.services import PostingService\n"
            "from outbox.services import OutboxService\n"
            "print(PostingService.post_tweet(author=User.objects.get(id=9001), content='Last words').id)\n"
            # Published to a queue in the memory of this process, which ends here.
            "OutboxService.mark_published(messages=OutboxService.claim())\n",
        )
        tweet_id = int(posted.split()[-1])

        self.start_web()

        follower = self.log_in("user_1001")
        self.until(lambda: self.feed(follower) == [tweet_id], "the follower has it")
        self.assertIn("40 of 40 followers' feeds hold", self.manage("feed_count", str(tweet_id)))

    def test_killed_right_after_answering_it_loses_nothing(self):
        self.manage("load_graph", self.graph(), "--password", "graph-password")
        web = self.start_web()
        author = self.log_in("user_9001")
        tweets = [self.call("tweets/", author, content=f"Quickly, number {number}")["id"] for number in range(5)]
        web.kill()

        self.start_web()

        follower = self.log_in("user_1040")
        self.until(lambda: self.feed(follower) == tweets[::-1], "the follower has all of them")

    def test_it_ends_cleanly_when_asked_and_leaves_no_process(self):
        web = self.start_web()
        children, started = web.children, time.monotonic()

        code = web.stop()

        self.assertEqual((code, web.left_behind), (0, []), web.output)
        self.assertGreaterEqual(len(children), 1)
        # Much later gunicorn would kill what has not ended.
        self.assertLess(time.monotonic() - started, 20)

    def test_what_is_no_http_is_answered_in_the_words_of_the_api(self):
        web = self.start_web()
        for name, sent in NO_HTTP.items():
            with self.subTest(name=name):
                head, error = self.send(sent)

                self.assertRegex(head, "^HTTP/1.[01] 400 Bad Request\r\n")
                self.assert_in_the_words_of_the_api(head, error, web, "bad_request", "Bad request.")
        self.assertNotIn("Traceback", web.output)

    def test_and_so_is_what_fails_before_the_project_can_answer(self):
        (self.data_dir / "broken.py").write_text(BROKEN)
        web = self.start_web("--pythonpath", str(self.data_dir), application="broken:application")

        head, error = self.send(b"GET /api/ HTTP/1.1\r\nHost: localhost\r\n\r\n")

        self.assertTrue(head.startswith("HTTP/1.1 500 Internal Server Error\r\n"), head)
        self.assert_in_the_words_of_the_api(head, error, web, "error", "Something went wrong on our side.")
        self.assertIn("ValueError: a secret", web.output)

    def test_a_client_on_this_machine_that_claims_to_come_by_https_is_not_believed(self):
        self.start_web()

        claim = b"X-Forwarded-Proto: https\r\nX-Forwarded-Ssl: on\r\nConnection: close\r\n\r\n"
        _, root = self.send(b"GET /api/ HTTP/1.1\r\nHost: localhost\r\n" + claim)

        self.assertEqual(root["docs"], "http://localhost/api/docs/")

    def test_two_copies_run_side_by_side(self):
        self.start_web()
        here = self.port
        self.data_dir = self.data_dir / "second"
        self.bring_database()
        self.start_web()
        self.call("accounts/signup/", username="alice_two", email="alice@example.com", password="correct horse")

        self.port = here

        self.assertTrue(answers(self.url("/api/users/by/alice_two/")))
        with self.assertRaises(urllib.error.HTTPError):
            self.call("users/by/alice_two/")

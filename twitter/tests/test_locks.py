"""
Locks of a frozen process, and a frozen MariaDB: requests that wait for them are soon told to come back later.
"""

import json
import sqlite3
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
from django.db import connection

from accounts.models import UserProfile
from accounts.services import AccessTokenService
from testing.stack_chaos import ChaosProxy
from testing.stack_processes import RealStackTestCase, answers, environment_of_test, free_port, production_command
from testing.testcases import CommittedTestCase
from twitter.tests.test_embedded import EmbeddedTestCase

# What is promised to a request that waits for a lock.
SECONDS = 3
# How often a busy machine may be too slow for it.
ATTEMPTS = 3
# What a MariaDB that says nothing costs, five for its silence and two for a new connection, and something for a busy
# machine.
SILENCE_SECONDS = 10


def ask(address, token=None, **data):
    """
    Return (status, Retry-After, seconds) of a request.
    """
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    request = urllib.request.Request(address, json.dumps(data).encode() if data else None, headers)
    started = time.monotonic()
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.status, None, time.monotonic() - started
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers["Retry-After"], time.monotonic() - started


class FrozenProcess:
    """
    Mixed into a test case: another session of the database, in the middle of a transaction.
    """

    def frozen(self):
        session = connection.copy()
        self.addCleanup(session.close)
        session.set_autocommit(False)
        return session

    def freeze(self, sql, params):
        session = self.frozen()
        with session.cursor() as cursor:
            cursor.execute(sql, params)
        return session


class RefusedInTime:
    """
    Mixed into a test case: what is promised to a request that waits for a lock, and to all other requests at that time.
    """

    def assert_eight_posts_are_refused_in_time(self, api, author, reader, *, reads):
        slowest = []
        for _ in range(ATTEMPTS):
            with ThreadPoolExecutor(8) as threads:
                posts = [threads.submit(ask, f"{api}/tweets/", author, content=f"Post {n}") for n in range(8)]
                feeds = [ask(f"{api}/newsfeeds/", reader) for _ in range(reads)]
            refused = [post.result() for post in posts]
            self.assertEqual({(status, retry_after) for status, retry_after, _ in refused}, {(503, "2")})
            self.assertEqual({status for status, _, _ in feeds}, {200})
            slowest.append((max(seconds for _, _, seconds in refused), max(seconds for _, _, seconds in feeds)))
            if slowest[-1][0] < SECONDS and slowest[-1][1] < 1:
                return
        self.fail(f"(posts, feeds) took {slowest} seconds")


class WebServerTestCase(RealStackTestCase):
    """
    A test with a web server of eight threads, and Alice and Bob before it.
    """

    def setUp(self):
        super().setUp()
        self.alice, self.bob = self.person("alice1"), self.person("bobby1")
        self.alices, self.bobs = (AccessTokenService.create_token(user=who.user) for who in (self.alice, self.bob))
        port = free_port()
        self.api = f"http://127.0.0.1:{port}/api"
        knobs = {"HOST": "127.0.0.1", "PORT": str(port), "RATE_LIMITS": "off", "WEB_WORKERS": "2", "WEB_THREADS": "4"}
        web = self.start_command(
            production_command("web"), BROKER_URL=self.broker.url, DATABASE_URL=self.database_url(), **knobs
        )
        self.until(lambda: answers(f"{self.api}/") or not web.is_running, "the web server answers", seconds=60)
        self.assertTrue(web.is_running, web.output)
        # Each process has met the database before it counts.
        with ThreadPoolExecutor(16) as threads:
            list(threads.map(lambda _: ask(f"{self.api}/newsfeeds/", self.bobs), range(16)))

    def database_url(self):
        return environment_of_test()["DATABASE_URL"]


@pytest.mark.stack
class LockedProfileTests(FrozenProcess, RefusedInTime, WebServerTestCase):
    def freeze_alices_profile(self):
        return self.freeze("SELECT id FROM accounts_userprofile WHERE user_id = %s FOR UPDATE", [self.alice.id])

    def test_eight_posts_by_its_owner_are_503_within_three_seconds_and_others_read_meanwhile(self):
        self.freeze_alices_profile()

        self.assert_eight_posts_are_refused_in_time(self.api, self.alices, self.bobs, reads=20)

    def test_nothing_is_left_of_them_and_when_the_lock_is_gone_posting_works(self):
        frozen = self.freeze_alices_profile()
        self.assertEqual(ask(f"{self.api}/tweets/", self.alices, content="Too early")[0], 503)

        frozen.rollback()

        self.assertEqual(ask(f"{self.api}/tweets/", self.alices, content="In time")[0], 201)
        self.assertEqual(UserProfile.objects.get(user_id=self.alice.id).tweets_count, 1)

    def test_a_lock_that_comes_in_time_is_waited_for(self):
        frozen = self.freeze_alices_profile()

        with ThreadPoolExecutor(1) as threads:
            post = threads.submit(ask, f"{self.api}/tweets/", self.alices, content="Just in time")
            self.until(self.somebody_waits, "the post waits")
            frozen.rollback()

            self.assertEqual(post.result()[0], 201)

    def somebody_waits(self):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT COUNT(*) FROM information_schema.processlist"
                " WHERE db = DATABASE() AND command = 'Query' AND time_ms > 100 AND id <> CONNECTION_ID()"
            )
            return cursor.fetchone()[0] > 0


@pytest.mark.stack
class FrozenServerTests(WebServerTestCase):
    def database_url(self):
        url = urlsplit(super().database_url())
        self.mariadb = self.enterContext(ChaosProxy(url.hostname, url.port or 3306))
        return url._replace(netloc=f"{url.netloc.rpartition('@')[0]}@127.0.0.1:{self.mariadb.port}").geturl()

    def test_a_mariadb_that_says_nothing_holds_no_request_for_ten_seconds(self):
        self.mariadb.blackhole()

        with ThreadPoolExecutor(4) as threads:
            posts = [threads.submit(ask, f"{self.api}/tweets/", self.alices, content=f"Post {n}") for n in range(2)]
            reads = [threads.submit(ask, f"{self.api}/tweets/?user_id={self.alice.id}") for _ in range(2)]

        for request in posts + reads:
            status, retry_after, seconds = request.result()
            self.assertEqual((status, retry_after), (503, "2"))
            self.assertLess(seconds, SILENCE_SECONDS)
        self.mariadb.heal()
        self.until(lambda: ask(f"{self.api}/newsfeeds/", self.bobs)[0] == 200, "it works as before")


@pytest.mark.stack
class LockedFeedTests(FrozenProcess, CommittedTestCase):
    def test_a_task_gives_way_and_does_its_work_later(self):
        alice, bob = self.person("alice1"), self.person("bobby1")
        bob.follows(alice)
        self.everything_settles()
        tweet_id = alice.tweets()
        friendship = "from_user_id = %s AND to_user_id = %s"
        frozen = self.freeze(f"DELETE FROM friendships_friendship WHERE {friendship}", [bob.id, alice.id])
        started = time.monotonic()

        self.tasks_run_once()
        self.tasks_run_once()

        self.assertLess(time.monotonic() - started, 15)
        self.assertEqual(self.rows_of(bob), [])
        frozen.rollback()
        self.everything_settles()
        self.assertEqual(self.rows_of(bob), [tweet_id])


class LockedFileTests(RefusedInTime, EmbeddedTestCase):
    def test_while_another_process_writes_and_writes_one_hears_within_three_seconds(self):
        self.manage("load_graph", self.graph(), "--password", "graph-password")
        self.start_web()
        author = self.log_in("user_9001")
        # The first time today that a token is shown is written down.
        ask(self.url("/api/newsfeeds/"), author)
        writer = sqlite3.connect(self.data_dir / "db.sqlite3", isolation_level=None)
        self.addCleanup(writer.close)
        writer.execute("BEGIN IMMEDIATE")

        self.assert_eight_posts_are_refused_in_time(self.url("/api"), author, author, reads=1)

        writer.execute("ROLLBACK")
        self.assertEqual(ask(self.url("/api/tweets/"), author, content="At last")[0], 201)

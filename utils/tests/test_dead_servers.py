"""
Redis and Memcached that refuse, or accept and never answer: it costs speed, never an error.
"""

import contextlib
import socket
import threading
from copy import deepcopy

from django.conf import settings
from django.core.cache import caches
from django.test import SimpleTestCase

from testing.people import PASSWORD
from testing.stack_caches import REQUEST_SECONDS, cache_timeouts, forget_troubles
from testing.testcases import ApiTestCase
from utils.caching.redis.client import RedisUnavailable, breaker, client
from utils.caching.redis.lists import MISS, IdList


class ServersElsewhere:
    """
    A test whose Redis and Memcached are at an address of its choice, and are waited for as by requests.
    """

    def setUp(self):
        super().setUp()
        self.enterContext(cache_timeouts(REQUEST_SECONDS))

    def servers_at(self, port):
        configured = deepcopy(settings.CACHES)
        redis = f"redis://127.0.0.1:{port}/0"
        for name, backend in (("default", "RedisBackend"), ("rates", "RateCounterBackend")):
            configured[name] = {
                "BACKEND": f"utils.caching.redis.backend.{backend}",
                "LOCATION": redis,
                "OPTIONS": {
                    "SOCKET_CONNECT_TIMEOUT": settings.CACHE_TIMEOUT_SECONDS,
                    "SOCKET_TIMEOUT": settings.CACHE_TIMEOUT_SECONDS,
                },
            }
        configured["objects"] = {
            "BACKEND": "utils.caching.memcached.backend.MemcachedBackend",
            "LOCATION": f"127.0.0.1:{port}",
            "OPTIONS": {"timeout": settings.CACHE_TIMEOUT_SECONDS},
        }
        engine = "django.contrib.sessions.backends.cached_db"
        self.addCleanup(forget_troubles)
        self.enterContext(
            self.settings(CACHES=configured, REDIS_URL=redis, MEMCACHED_URL=f"127.0.0.1:{port}", SESSION_ENGINE=engine)
        )
        forget_troubles()

    def nobody_listens(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
        self.servers_at(port)

    def somebody_listens_and_never_answers(self):
        server = self.enterContext(socket.create_server(("127.0.0.1", 0), backlog=64))
        self.servers_at(server.getsockname()[1])

    def somebody_counts_and_never_answers(self):
        """
        Return a list of the connections that are made.
        """
        server = self.enterContext(socket.create_server(("127.0.0.1", 0), backlog=64))
        made = []

        def accept():
            with contextlib.suppress(OSError):
                while True:
                    made.append(server.accept())

        threading.Thread(target=accept, daemon=True).start()
        self.servers_at(server.getsockname()[1])
        return made

    def somebody_answers(self, answer):
        """
        Serve connections that get `answer` to their first request and are then hung up on.
        """
        server = self.enterContext(socket.create_server(("127.0.0.1", 0), backlog=64))

        def serve():
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(4096)
                    connection.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        self.servers_at(server.getsockname()[1])


class ServersAwayTests(ServersElsewhere, ApiTestCase):
    def test_people_sign_up_log_in_follow_post_and_read_as_ever(self):
        bob = self.person("bobby1")
        self.nobody_listens()

        alice = self.browser()
        token = alice.signs_up("alice1")
        followed = alice.post(f"friendships/{bob.id}/follow/")
        tweet_id = self.phone(token).tweets("Nobody remembers anything")

        self.assertEqual(followed.status_code, 201)
        self.assertEqual(alice.status()["user"]["username"], "alice1")
        self.assertEqual(alice.feed(), [tweet_id])
        self.assertEqual(alice.get(f"tweets/{tweet_id}/").json()["content"], "Nobody remembers anything")
        self.assertIs(alice.get(f"users/{bob.id}/").json()["has_followed"], True)
        self.assertEqual(len(alice.get(f"friendships/{bob.id}/followers/").json()["results"]), 1)
        self.assertEqual(alice.post(f"friendships/{bob.id}/unfollow/").json()["deleted"], 1)
        self.assertIs(alice.get(f"users/{bob.id}/").json()["has_followed"], False)
        self.assertTrue(self.browser().logs_in("alice1", PASSWORD))
        self.assertEqual(alice.post("accounts/logout/").status_code, 200)
        self.assertIs(alice.status()["has_logged_in"], False)

    def test_a_token_that_was_revoked_is_refused_though_no_cache_could_be_told(self):
        alice = self.browser()
        token = alice.signs_up("alice1")
        self.nobody_listens()

        self.phone(token).post("accounts/logout/")

        self.assert_refused(self.phone(token).get("newsfeeds/"), 401)

    def test_requests_pass_while_nobody_counts_them(self):
        alice = self.person("alice1")
        self.nobody_listens()

        with self.settings(RATELIMIT_ENABLE=True, RATES={**settings.RATES, "tweets.list": ["1/h"]}):
            responses = [alice.get("tweets/", user_id=alice.id) for _ in range(5)]

        self.assertEqual([response.status_code for response in responses], [200] * 5)

    def test_the_probe_names_them_and_stays_ready(self):
        self.nobody_listens()

        response = self.nobody().client.get("/readyz")

        self.assertEqual(response.status_code, 200)
        states = response.json()
        self.assertEqual((states["database"], states["redis"], states["memcached"]), ("up", "down", "down"))

    def test_servers_that_never_answer_are_no_error_either(self):
        alice = self.person("alice1")
        self.somebody_listens_and_never_answers()

        responses = [
            alice.get("newsfeeds/"),
            alice.post("tweets/", content="Is anybody there?"),
            alice.get("newsfeeds/"),
        ]

        self.assertEqual([response.status_code for response in responses], [200, 201, 200])
        self.assertEqual(len(responses[2].json()["results"]), 1)

    def test_a_page_waits_once_for_each_of_them_and_not_each_time_it_asks(self):
        alice = self.person("alice1")
        alice.tweets("Is anybody there?")
        waited_for = self.somebody_counts_and_never_answers()

        feed = alice.get("newsfeeds/")

        self.assertEqual(feed.status_code, 200)
        self.assertEqual(len(waited_for), 2)


class ClientsTests(ServersElsewhere, SimpleTestCase):
    def test_redis_that_refuses_is_unavailable_and_the_breaker_opens(self):
        self.nobody_listens()
        for _ in range(3):
            with self.assertRaises(RedisUnavailable):
                client.call("PING")

        self.assertTrue(breaker.is_open)
        with self.assertRaisesMessage(RedisUnavailable, "breaker is open"):
            client.call("PING")

    def test_redis_that_never_answers_is_unavailable(self):
        self.somebody_listens_and_never_answers()

        with self.assertRaises(RedisUnavailable):
            client.call("PING")

    def test_a_list_without_its_redis_is_a_miss_that_leases_nothing_and_reads_the_database(self):
        self.nobody_listens()
        lists = IdList("nowhere")

        page = lists.read(1, before=None, after=None, limit=5)
        entries = lists.load(1, before=None, after=None, limit=2, fetch=lambda before, after, limit: [3, 2, 1][:limit])

        self.assertEqual((page.status, page.lease), (MISS, None))
        self.assertEqual([id for id, _ in entries], [3, 2])
        with self.assertRaises(RedisUnavailable):
            lists.push([1], 4)

    def test_memcached_that_refuses_misses_and_confirms_nothing(self):
        self.nobody_listens()
        cache = caches["objects"]

        answers = [cache.get("a", "default"), cache.get_many(["a"]), cache.set("a", 1), cache.add("a", 1)]

        self.assertEqual(answers, ["default", {}, False, False])
        self.assertEqual(cache.set_many({"a": 1, "b": 2}), ["a", "b"])
        self.assertFalse(cache.delete("a"))
        self.assertIsNone(cache.add_many({"a": 1}))
        self.assertTrue(cache._server.breaker.is_open)

    def read_in_a_thread(self, cache):
        """
        Return what a read finds, in a list; an empty list if it raises or does not come to an end.
        """
        found = []
        reader = threading.Thread(target=lambda: found.append(cache.get_many(["a", "b"])), daemon=True)
        reader.start()
        reader.join(timeout=5)
        if reader.is_alive():
            cache._server.pool.client_pool.clear()
        return found

    def test_servers_that_hang_up_are_away_and_nothing_worse(self):
        for answer in (b"", b"VALUE ", b"VALUE :1:a 0 30\r\n[1, 2", b"$100\r\nhalf", b"ERROR\r\n", b"\x00\xff\r\n"):
            with self.subTest(answer=answer):
                self.somebody_answers(answer)

                self.assertEqual(self.read_in_a_thread(caches["objects"]), [{}])
                with self.assertRaises(RedisUnavailable):
                    client.call("GET", "a")

    def test_djangos_cache_in_redis_misses_too(self):
        self.nobody_listens()
        cache = caches["default"]

        self.assertEqual((cache.get("a", "default"), cache.get_many(["a"])), ("default", {}))
        self.assertFalse(cache.set("a", 1) or cache.delete("a") or cache.has_key("a") or cache.touch("a"))


class TimeoutsTests(ServersElsewhere, SimpleTestCase):
    def test_every_redis_client_has_both_timeouts_and_tries_once(self):
        self.nobody_listens()

        ours = client._new_connection()
        djangos = caches["default"].client.get_client().connection_pool.make_connection()

        for connection in (ours, djangos):
            with self.subTest(connection=connection):
                self.assertEqual(connection.socket_timeout, settings.CACHE_TIMEOUT_SECONDS)
                self.assertEqual(connection.socket_connect_timeout, settings.CACHE_TIMEOUT_SECONDS)
        self.assertEqual(ours.retry._retries, 0)

    def test_memcached_has_both_timeouts(self):
        self.nobody_listens()

        pooled = caches["objects"]._server.pool

        self.assertEqual((pooled.timeout, pooled.connect_timeout), (settings.CACHE_TIMEOUT_SECONDS,) * 2)

    def test_no_cache_may_take_longer_than_a_third_of_a_second(self):
        self.assertLessEqual(settings.CACHE_TIMEOUT_SECONDS, 0.3)

    def test_the_database_has_timeouts_too(self):
        options = settings.DATABASES["default"]["OPTIONS"]

        if settings.EMBEDDED:
            self.assertEqual((options["transaction_mode"], options["timeout"]), ("IMMEDIATE", 20))
        else:
            self.assertTrue(all(0 < options[f"{what}_timeout"] <= 10 for what in ("connect", "read", "write")))
            self.assertIn("innodb_lock_wait_timeout=2", options["init_command"])
            self.assertLess(settings.LOCK_WAIT_SECONDS, settings.REQUEST_STATEMENT_SECONDS)
            self.assertLess(settings.REQUEST_STATEMENT_SECONDS, settings.REQUEST_SILENCE_SECONDS)
            self.assertIs(settings.DATABASES["default"]["CONN_HEALTH_CHECKS"], True)

    def test_the_relay_waits_for_confirms_and_not_for_ever(self):
        if not settings.EMBEDDED:
            options = settings.CELERY_BROKER_TRANSPORT_OPTIONS
            self.assertIs(options["confirm_publish"], True)
            self.assertTrue(0 < options["read_timeout"] <= 5 and 0 < options["write_timeout"] <= 5)
        self.assertTrue(0 < settings.CELERY_BROKER_CONNECTION_TIMEOUT <= 2)

"""
Tests touch nothing that a running site uses, and not each other.
"""

import os

import pytest
from django.conf import settings
from django.core.cache import caches
from django.db import connection

from testing.stack_caches import REQUEST_SECONDS, caches_between_proxies
from testing.testcases import ApiTestCase
from utils.caching.redis.client import client


class IsolationTests(ApiTestCase):
    def test_the_database_is_one_of_the_tests_own(self):
        self.assertIn("test", str(connection.settings_dict["NAME"]))

    @pytest.mark.one_server
    @pytest.mark.stack
    def test_redis_is_not_the_sites_and_not_another_processs(self):
        worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))

        number = int(settings.REDIS_URL.rpartition("/")[2])

        self.assertGreaterEqual(number, 1 + worker)
        self.assertEqual(caches["default"]._server, settings.REDIS_URL)
        client.call("SET", "isolated", "1")
        self.assertEqual(caches["default"].client.get_client().get("isolated"), b"1")

    @pytest.mark.stack
    def test_keys_in_memcached_carry_a_prefix_of_this_process(self):
        self.assertTrue(caches["objects"].key_prefix.startswith("test"), caches["objects"].key_prefix)

    @pytest.mark.one_server
    @pytest.mark.stack
    def test_a_cache_that_is_late_on_a_busy_machine_is_waited_for(self):
        with caches_between_proxies() as proxies:
            # Both are connected.
            caches["objects"].set("key", "value")
            client.call("PING")
            for proxy in proxies:
                proxy.slow_down(REQUEST_SECONDS)

            self.assertEqual((caches["objects"].get("key"), client.call("PING")), ("value", b"PONG"))

    def test_limits_are_off_and_caches_are_empty(self):
        self.assertIs(settings.RATELIMIT_ENABLE, False)
        self.assertIsNone(caches["objects"].get("left_by_the_test_before"))
        caches["objects"].set("left_by_the_test_before", 1)

    def test_and_nothing_is_left_by_the_test_before(self):
        self.test_limits_are_off_and_caches_are_empty()

"""
Several Memcached: one that is away costs its share of hits, and comes back without what it should have forgotten.
"""

import pytest
from django.core.cache import caches
from django.test import SimpleTestCase

from testing.stack_cluster import several_memcached, wait_for
from utils.caching.memcached import missed
from utils.caching.memcached.objects import fill, invalidate
from utils.caching.redis.client import client

pytestmark = pytest.mark.stack

NAMES = [f"name{number}" for number in range(300)]


class SeveralMemcachedTests(SimpleTestCase):
    def setUp(self):
        super().setUp()
        self.servers = self.enterContext(several_memcached())
        self.cache = caches["objects"]
        for server in self.servers:
            self.addCleanup(client.call, "DEL", missed.KEY.format(address=f"127.0.0.1:{server.port}"))
        fill({name: [name] for name in NAMES}, 60)

    def get_names(self, server):
        return [
            name
            for name in NAMES
            if self.cache._get_server(self.cache.make_key(name))._address.endswith(str(server.port))
        ]

    def test_each_holds_its_share_and_a_page_finds_all(self):
        shares = [len(self.get_names(server)) for server in self.servers]

        self.assertEqual(self.cache.get_many(NAMES), {name: [name] for name in NAMES})
        self.assertGreater(min(shares), 100)

    def test_one_that_is_dead_costs_its_share_only(self):
        dead, alive = self.servers
        theirs, others = self.get_names(dead), self.get_names(alive)

        dead.kill()

        for _ in range(5):
            self.assertEqual(set(self.cache.get_many(NAMES)), set(others))
        self.assertTrue(self.cache.set(others[0], 1))
        self.assertFalse(self.cache.set(theirs[0], 1))
        self.assertFalse(invalidate(*NAMES))

    def test_one_that_was_frozen_does_not_bring_back_what_was_invalidated(self):
        frozen, _ = self.servers
        name = self.get_names(frozen)[0]
        frozen.freeze()
        confirmed = invalidate(name)

        frozen.thaw()
        found = []
        # Read until it holds something again, which takes a breaker's pause and the quiet time before and after.
        wait_for(lambda: self.can_be_filled(name, found), "it is used again")

        self.assertFalse(confirmed)
        self.assertEqual([value for value in found if value == [name]], [])
        self.assertEqual(self.cache.get(name), "new")

    def can_be_filled(self, name, found):
        found.append(self.cache.get(name))
        return self.cache.add(name, "new", 60)

"""
A Redis Cluster: the same answers as from one Redis, through a failover and through slots that move.
"""

import pytest
from django.conf import settings
from django.core.cache import caches
from django.test import SimpleTestCase, override_settings

from newsfeeds.cache import user_newsfeeds
from testing.stack_caches import forget_troubles
from testing.stack_cluster import redis_cluster, wait_for
from testing.testcases import ApiTestCase
from tweets.cache import TweetState, load_states, put_states
from utils.caching.redis.client import RedisUnavailable, client
from utils.caching.redis.cluster import get_slot
from utils.caching.redis.lists import HIT, MISS, IdList

OWNERS = range(1, 1_001)


class OnACluster:
    """
    A test class with a Redis Cluster of its own.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cluster = cls.enterClassContext(redis_cluster())

    def setUp(self):
        super().setUp()
        client.call("FLUSHDB")
        self.lists = IdList("numbers")

    def fill(self, owner_ids, ids=(3, 2, 1)):
        for owner_id in owner_ids:
            page = self.lists.read(owner_id, before=None, after=None, limit=5)
            self.lists.store(owner_id, ids, page.lease)

    def read(self, owner_id):
        page = self.lists.read(owner_id, before=None, after=None, limit=5)
        return page.ids if page.status == HIT else None


@pytest.mark.stack
class ClusterTests(OnACluster, ApiTestCase):
    def test_people_post_read_and_delete_as_on_one_redis(self):
        alice = self.browser()
        alice.signs_up("alice1")
        empty = alice.feed()
        kept, deleted = alice.tweets("This stays"), alice.tweets("This does not")
        before = alice.feed()

        alice.delete(f"tweets/{deleted}/")

        self.assertEqual((empty, before), ([], [deleted, kept]))
        self.assertEqual((alice.feed(), alice.feed()), ([kept], [kept]))
        self.assertEqual(client.call("LRANGE", user_newsfeeds.key(alice.id), -1, -1), [b"%d" % kept])
        states = load_states([kept, deleted])
        self.assertEqual([states[id].is_deleted for id in (kept, deleted)], [0, 1])
        self.assertIs(alice.status()["has_logged_in"], True)

    def test_rates_are_counted(self):
        alice = self.person("alice1")

        with self.settings(RATELIMIT_ENABLE=True, RATES={**settings.RATES, "tweets.list": ["2/h", "50/d"]}):
            responses = [alice.get("tweets/", user_id=alice.id) for _ in range(3)]

        self.assertEqual([response.status_code for response in responses], [200, 200, 429])

    def test_a_thousand_lists_take_one_pipeline_a_master_and_a_few_dozen_scripts_in_each(self):
        self.fill([1, 2, 3, 999])
        asked = self.count_scripts()

        self.lists.push(OWNERS, 4)

        self.assertEqual([self.read(owner_id) for owner_id in (1, 2, 999, 500)], [[4, 3, 2, 1]] * 3 + [None])
        self.assertLess(self.count_scripts() - asked, 150)
        self.assertEqual(self.lists.read_all([1, 500, 2]), {1: [4, 3, 2, 1], 2: [4, 3, 2, 1]})
        self.lists.remove(OWNERS, 2)
        self.assertEqual(self.read(3), [4, 3, 1])
        self.lists.drop([3])
        self.assertIsNone(self.read(3))

    def count_scripts(self):
        return sum(
            node.ask("INFO", "commandstats").get("cmdstat_evalsha", {"calls": 0})["calls"]
            for node in self.cluster.masters
        )

    def test_djangos_cache_stores_finds_and_forgets(self):
        cache = caches["default"]

        cache.set_many({"a": 1, "b": [2], "c": "three"}, 60)

        self.assertEqual(cache.get_many(["a", "b", "c", "d"]), {"a": 1, "b": [2], "c": "three"})
        self.assertFalse(cache.add("a", 2) or cache.add("a", 2, 60))
        self.assertTrue(cache.add("d", 4, 60) and cache.touch("d", 60) and cache.has_key("d") and cache.delete("d"))
        self.assertIsNone(cache.get("d"))
        client.call("SET", cache.make_key("a"), b"no JSON")
        self.assertIsNone(cache.get("a"))

    def test_a_slot_that_moves_is_read_and_written_all_the_way(self):
        source, target = self.cluster.masters[1:]
        here = [id for id in OWNERS if get_slot(self.lists.key(id)) in range(5_462, 10_923)]
        owner_id = here[0]
        self.fill([owner_id])
        slot = get_slot(self.lists.key(owner_id))

        for number, moment in enumerate(self.cluster.move_slot(slot, source, target), start=4):
            with self.subTest(moment=moment):
                self.lists.push([owner_id], number)

                self.assertEqual(self.read(owner_id)[0], number)
                self.assertEqual(caches["default"].get_many([f"{{{owner_id % 128}}}"]), {})

        self.assertEqual(self.read(owner_id), [6, 5, 4, 3, 2])


@pytest.mark.stack
class FailoverTests(OnACluster, SimpleTestCase):
    def test_a_promoted_replica_that_missed_a_removal_does_not_bring_it_back(self):
        master, replica = self.cluster.masters[0], self.cluster.replica
        owner_id = next(id for id in OWNERS if get_slot(self.lists.key(id)) < 5_462)
        elsewhere = next(id for id in OWNERS if get_slot(self.lists.key(id)) > 5_462)
        tweet_id = owner_id
        self.fill([owner_id, elsewhere])
        put_states({tweet_id: TweetState(1, 1, 5, 0, 0, 0)})
        wait_for(lambda: replica.info("slave_repl_offset") == master.info("master_repl_offset"), "replica up to date")
        replica.freeze()
        self.lists.remove([owner_id], 2)
        confirmed = put_states({tweet_id: TweetState(2, 1, 5, 0, 0, 1)})

        master.kill()
        replica.thaw()
        away = self.read(owner_id)
        wait_for(lambda: replica.info("role") == "master", "the replica is promoted")
        seen = []
        wait_for(lambda: self.read_while_it_lasts(owner_id, tweet_id, seen), "the promoted replica is used")

        self.assertTrue(confirmed)
        self.assertIsNone(away)
        # Nothing of before: neither the list nor the state in which the tweet was not deleted.
        self.assertEqual(seen, [])
        self.assertEqual(self.read(elsewhere), [3, 2, 1])
        self.fill([owner_id], (3, 1))
        self.assertEqual(self.read(owner_id), [3, 1])

    def read_while_it_lasts(self, owner_id, tweet_id, seen):
        """
        Return whether the list can be written again, and note whatever was found until then.
        """
        state = load_states([tweet_id])[tweet_id]
        page = self.lists.read(owner_id, before=None, after=None, limit=5)
        seen += [found for found in (state, page.ids) if found]
        try:
            self.lists.push([owner_id], 9)
        except RedisUnavailable:
            return False
        return True


class NobodyThereTests(SimpleTestCase):
    def test_a_cluster_of_which_no_node_answers_is_unavailable(self):
        self.addCleanup(forget_troubles)
        self.enterContext(override_settings(REDIS_URL="redis+cluster://127.0.0.1:1,127.0.0.1:2"))
        forget_troubles()
        lists = IdList("nowhere")

        page = lists.read(1, before=None, after=None, limit=5)

        self.assertEqual((page.status, page.lease), (MISS, None))
        for call in (lambda: client.call("PING"), lambda: client.get_many(["a"]), lambda: lists.push([1], 4)):
            with self.assertRaises(RedisUnavailable):
                call()

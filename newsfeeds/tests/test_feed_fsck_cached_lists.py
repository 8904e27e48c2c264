"""
manage.py feed_fsck: a cached list that differs from the stored feed.
"""

import pytest
from django.test import override_settings

from newsfeeds.cache import user_newsfeeds
from newsfeeds.tests.fsck import FsckCase, fsck
from utils.caching.redis.client import client


@pytest.mark.stack
class CachedListTests(FsckCase):
    def setUp(self):
        super().setUp()
        self.bob.feed()
        self.key = user_newsfeeds.key(self.bob.id)

    def put(self, *ids):
        client.call("DEL", self.key)
        client.call("RPUSH", self.key, *ids)

    def assert_found_and_repaired(self, *kinds):
        said, is_wrong = fsck()
        self.assertTrue(is_wrong)
        for kind in kinds:
            self.assertIn(f"is {kind} in the feed of user {self.bob.id}", said)
        self.assertNotIn("mysql", said)
        self.assertIs(self.repairs()[1], False)
        self.assertEqual(self.bob.feed(), self.ids)
        self.assertEqual(fsck(), ("no difference\n", False))

    def test_a_list_that_lacks_a_tweet(self):
        self.put(self.ids[0], self.ids[2])

        self.assert_found_and_repaired("missing")

    def test_a_list_with_a_ghost(self):
        self.put(self.stranger_id, *self.ids)

        self.assert_found_and_repaired("ghost")

    def test_a_list_with_a_repeat(self):
        self.put(self.ids[0], self.ids[0], *self.ids[1:])

        self.assert_found_and_repaired("repeated")

    def test_a_list_out_of_order(self):
        self.put(self.ids[1], self.ids[0], self.ids[2])

        self.assert_found_and_repaired("misordered")

    def test_what_is_no_list_of_ids(self):
        self.put("nonsense")

        self.assert_found_and_repaired("misordered")

    def test_an_empty_list_of_a_feed_that_is_not(self):
        self.put(0)

        self.assert_found_and_repaired("missing")

    @override_settings(MAX_CACHED_IDS=2)
    def test_a_full_list_need_not_hold_what_is_older(self):
        self.put(*self.ids[:2])

        self.assertEqual(fsck(), ("no difference\n", False))

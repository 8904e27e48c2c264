"""
Lists of ids in a real Redis, against a plain Python set in the place of the database.
"""

import pytest
from django.conf import settings
from django.test import SimpleTestCase, override_settings

from utils.caching.redis.client import client
from utils.caching.redis.lists import BEYOND, HIT, MISS, IdList
from utils.tests.redis_lists import OWNER, Table, load, stored

pytestmark = pytest.mark.stack


class FillingTests(SimpleTestCase):
    def setUp(self):
        self.lists = IdList("filling", state_prefix="state:")

    def test_a_miss_builds_the_list_and_the_next_read_does_not_ask_the_database(self):
        table = Table(range(1, 31))

        first, second = load(self.lists, table), load(self.lists, table)

        self.assertEqual(first, list(range(30, 10, -1)))
        self.assertEqual(second, first)
        self.assertEqual(table.asked, [(None, None, settings.MAX_CACHED_IDS)])

    def test_an_empty_list_is_remembered_too_and_a_push_begins_it(self):
        table = Table()
        load(self.lists, table)
        load(self.lists, table)
        self.assertEqual((stored(self.lists), len(table.asked)), ([], 1))

        self.lists.push([OWNER], 5)

        self.assertEqual(stored(self.lists), [5])

    def test_a_list_lives_a_day(self):
        load(self.lists, Table([1, 2]))

        seconds = client.call("TTL", self.lists.key(OWNER))

        self.assertTrue(0 < seconds <= settings.LIST_CACHE_SECONDS)

    @override_settings(MAX_CACHED_IDS=10)
    def test_a_page_beyond_the_cap_comes_from_the_database(self):
        table = Table(range(1, 41))
        load(self.lists, table)
        table.asked.clear()

        pages = [load(self.lists, table, before=before, limit=4) for before in (None, 37, 33, 31, 20)]

        self.assertEqual(
            pages, [[40, 39, 38, 37], [36, 35, 34, 33], [32, 31, 30, 29], [30, 29, 28, 27], [19, 18, 17, 16]]
        )
        self.assertEqual(table.asked, [(33, None, 4), (31, None, 4), (20, None, 4)])

    @override_settings(MAX_CACHED_IDS=10)
    def test_a_list_below_the_cap_answers_for_its_end_too(self):
        table = Table(range(1, 10))
        load(self.lists, table)
        table.asked.clear()

        pages = [load(self.lists, table, before=3), load(self.lists, table, after=7), load(self.lists, table, before=1)]

        self.assertEqual((pages, table.asked), ([[2, 1], [9, 8], []], []))

    @pytest.mark.one_server
    def test_states_come_in_the_same_round_trip(self):
        table = Table([1, 2, 3])
        load(self.lists, table)
        client.call("SET", "state:2", "two")

        entries = self.lists.load(OWNER, before=None, after=None, limit=3, fetch=table.fetch)

        self.assertEqual(entries, [(3, None), (2, b"two"), (1, None)])

    def test_a_list_may_have_no_states(self):
        lists, table = IdList("alone"), Table([1, 2, 3])

        cold, warm = load(lists, table), load(lists, table)

        self.assertEqual((cold, warm), ([3, 2, 1], [3, 2, 1]))


class LeasesTests(SimpleTestCase):
    def setUp(self):
        self.lists = IdList("leases", state_prefix="state:")

    def read(self):
        return self.lists.read(OWNER, before=None, after=None, limit=20)

    def test_of_two_readers_who_miss_one_gets_the_lease(self):
        first, second = self.read(), self.read()

        self.assertEqual((first.status, second.status), (MISS, MISS))
        self.assertTrue(first.lease)
        self.assertIsNone(second.lease)

    def test_a_push_between_the_readers_look_and_its_store_leaves_no_hole(self):
        table = Table([1, 2])
        lease = self.read().lease
        newest = table.fetch(None, None, 800)

        table.ids.add(3)
        self.lists.push([OWNER], 3)
        self.lists.store(OWNER, newest, lease)

        self.assertIsNone(stored(self.lists))
        self.assertEqual(load(self.lists, table), [3, 2, 1])

    def test_a_push_after_the_store_of_what_was_read_before_it_leaves_no_hole_and_no_repeat(self):
        table = Table([1, 2])
        lease = self.read().lease
        before_the_commit = table.fetch(None, None, 800)
        table.ids.add(3)

        self.lists.store(OWNER, before_the_commit, lease)
        self.lists.push([OWNER], 3)
        self.lists.push([OWNER], 3)

        self.assertEqual(stored(self.lists), [3, 2, 1])

    def test_a_removal_between_look_and_store_brings_nothing_back(self):
        lease = self.read().lease

        self.lists.remove([OWNER], 2)
        self.lists.store(OWNER, [3, 2, 1], lease)

        self.assertIsNone(stored(self.lists))

    def test_forgetting_between_look_and_store_ends_the_lease_too(self):
        lease = self.read().lease

        self.lists.drop([OWNER])
        self.lists.store(OWNER, [3, 2, 1], lease)

        self.assertIsNone(stored(self.lists))

    def test_a_reader_who_slept_past_its_lease_cannot_store_over_a_newer_list(self):
        slow = self.read().lease
        client.call("DEL", f"{self.lists.key(OWNER)}:lease")
        quick = self.read().lease
        self.lists.store(OWNER, [5, 4], quick)
        self.lists.push([OWNER], 6)

        self.lists.store(OWNER, [4], slow)

        self.assertEqual(stored(self.lists), [6, 5, 4])

    def test_a_lease_ends_by_itself(self):
        self.read()

        milliseconds = client.call("PTTL", f"{self.lists.key(OWNER)}:lease")

        self.assertTrue(0 < milliseconds <= 5000)

    def test_a_made_up_lease_stores_nothing(self):
        self.lists.store(OWNER, [1], "made up")

        self.assertIsNone(stored(self.lists))


class PushingTests(SimpleTestCase):
    def setUp(self):
        self.lists = IdList("pushing", state_prefix="state:")

    def fill(self, ids, owner=OWNER):
        page = self.lists.read(owner, before=None, after=None, limit=1)
        self.lists.store(owner, sorted(ids, reverse=True), page.lease)

    def test_a_late_id_finds_its_place_down_to_the_128th(self):
        for late, place in ((2000, 0), (1951, 25), (1807, 97), (1747, 127)):
            with self.subTest(place=place):
                self.lists.drop([OWNER])
                self.fill(range(1002, 2002, 2))

                self.lists.push([OWNER], late - 1)

                self.assertEqual(stored(self.lists).count(late - 1), 1)
                self.assertEqual(stored(self.lists), sorted(stored(self.lists), reverse=True))

    def test_an_id_too_deep_to_look_for_drops_the_list_which_then_rebuilds(self):
        table = Table(range(1000, 2000, 2))
        self.fill(table.ids)
        table.ids.add(1001)

        self.lists.push([OWNER], 1001)

        self.assertIsNone(stored(self.lists))
        self.assertEqual(load(self.lists, table, before=1004), [1002, 1001, 1000])

    def test_an_id_older_than_a_short_complete_list_goes_to_its_end(self):
        for length in (1, 31, 32, 33, 64, 127):
            with self.subTest(length=length):
                self.lists.drop([OWNER])
                self.fill(range(1000, 1000 + length))

                self.lists.push([OWNER], 5)

                self.assertEqual(stored(self.lists)[-1], 5)
                self.assertEqual(len(stored(self.lists)), length + 1)

    @override_settings(MAX_CACHED_IDS=4)
    def test_a_full_list_that_gets_one_more_lets_go_of_its_oldest(self):
        self.fill([10, 20, 30, 40])

        self.lists.push([OWNER], 50)
        self.assertEqual(stored(self.lists), [50, 40, 30, 20])
        self.lists.push([OWNER], 35)

        self.assertEqual(stored(self.lists), [50, 40, 35, 30])

    @override_settings(MAX_CACHED_IDS=32)
    def test_an_id_older_than_a_full_list_stays_out(self):
        self.fill(range(1000, 1032))

        self.lists.push([OWNER], 5)

        self.assertEqual((len(stored(self.lists)), stored(self.lists)[-1]), (32, 1000))

    def test_a_push_goes_only_to_the_lists_that_are_there(self):
        self.fill([1, 2], owner=1)
        self.fill([4], owner=3)

        self.lists.push([1, 2, 3], 3)

        self.assertEqual([stored(self.lists, owner) for owner in (1, 2, 3)], [[3, 2, 1], None, [4, 3]])

    @pytest.mark.one_server
    def test_late_pushes_to_very_many_lists_search_two_hundred_and_drop_the_rest(self):
        owners = range(1, 206)
        for owner in owners:
            self.fill([10, 30], owner=owner)

        self.lists.push(owners, 20)

        there = [stored(self.lists, owner) for owner in owners]
        self.assertEqual((there[:200], there[200:]), ([[30, 20, 10]] * 200, [None] * 5))

    @override_settings(MAX_CACHED_IDS=4)
    def test_a_full_list_that_loses_one_is_dropped_because_it_would_look_complete(self):
        table = Table(range(1, 9))
        load(self.lists, table)
        table.ids.discard(7)

        self.lists.remove([OWNER], 7)

        self.assertIsNone(stored(self.lists))
        self.assertEqual(load(self.lists, table), [8, 6, 5, 4, 3, 2, 1])

    def test_ids_beyond_two_to_the_53rd_are_not_needed_and_the_largest_one_is_exact(self):
        largest = 2**53 - 1
        self.fill([largest - 2])

        self.lists.push([OWNER], largest)
        self.lists.push([OWNER], largest - 1)

        self.assertEqual(stored(self.lists), [largest, largest - 1, largest - 2])

    def test_statuses_tell_hit_from_beyond(self):
        self.fill(range(1, 10))
        with self.settings(MAX_CACHED_IDS=9):
            beyond = self.lists.read(OWNER, before=3, after=None, limit=5)
        hit = self.lists.read(OWNER, before=3, after=None, limit=5)

        self.assertEqual((beyond.status, hit.status, hit.ids), (BEYOND, HIT, [2, 1]))

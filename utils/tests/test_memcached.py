"""
Cached objects: read in one round trip, never older than their invalidation, JSON and nothing else.
"""

import json
import pickle
from unittest import mock

import pytest
from django.conf import settings
from django.core.cache import caches
from django.test import SimpleTestCase
from pymemcache.client.base import Client

from testing.stack_caches import forget_troubles
from utils.caching.memcached.objects import TOMBSTONE, Lookup, fill, invalidate, read_one, read_through


class Table:
    """
    What a database would hold, and how often it was asked.
    """

    def __init__(self, **rows):
        self.rows = rows
        self.asked = []

    def load(self, ids):
        self.asked.append(sorted(ids))
        return {id: self.rows[id] for id in ids if id in self.rows}

    def lookup(self, *ids):
        return Lookup({id: f"thing:{id}" for id in ids}, self.load)


class ReadingThroughTests(SimpleTestCase):
    def read(self, table, *ids):
        lookup = table.lookup(*ids)
        read_through(lookup)
        return lookup.found

    def test_what_was_read_once_is_not_asked_for_again(self):
        table = Table(a={"name": "Alice"}, b=[1, 2], c="text", d=0, e="")

        first, second = self.read(table, *"abcde"), self.read(table, *"abcde")

        self.assertEqual(first, table.rows)
        self.assertEqual(second, table.rows)
        self.assertEqual(table.asked, [list("abcde")])

    def test_only_what_is_missing_is_asked_for(self):
        table = Table(a=1, b=2, c=3)
        self.read(table, "b")

        found = self.read(table, *"abc")

        self.assertEqual((found, table.asked), ({"a": 1, "b": 2, "c": 3}, [["b"], ["a", "c"]]))

    def test_what_exists_nowhere_is_not_found_and_not_remembered(self):
        table = Table(a=1)
        self.assertEqual(self.read(table, "a", "ghost"), {"a": 1})

        table.rows["ghost"] = 2

        self.assertEqual(self.read(table, "ghost"), {"ghost": 2})

    def test_several_kinds_of_things_take_one_trip(self):
        people, tweets = Table(alice=1, bob=2), Table(hello=3)
        with mock.patch.object(caches["objects"], "get_many", wraps=caches["objects"].get_many) as get_many:
            lookups = people.lookup("alice", "bob"), tweets.lookup("hello")
            read_through(*lookups)

        self.assertEqual(get_many.call_count, 1)
        self.assertEqual([lookup.found for lookup in lookups], [{"alice": 1, "bob": 2}, {"hello": 3}])

    def test_nothing_asked_is_nothing_found(self):
        table = Table()

        self.assertEqual((self.read(table), table.asked), ({}, []))

    def test_one_thing_may_be_read_alone(self):
        first, second = read_one("alone", lambda: "first"), read_one("alone", lambda: "second")
        absent, now = read_one("absent", lambda: None), read_one("absent", lambda: "now")

        self.assertEqual((first, second), ("first", "first"))
        self.assertEqual((absent, now), (None, "now"))


class InvalidatingTests(SimpleTestCase):
    def test_the_next_reader_sees_the_new_value(self):
        table = Table(a="old")
        read_through(table.lookup("a"))
        table.rows["a"] = "new"

        self.assertTrue(invalidate("thing:a"))

        lookup = table.lookup("a")
        read_through(lookup)
        self.assertEqual(lookup.found, {"a": "new"})

    def test_it_wins_against_a_reader_who_read_the_database_just_before(self):
        table = Table(a="old")

        def load_slowly(ids):
            found = table.load(ids)
            table.rows["a"] = "new"
            invalidate("thing:a")
            return found

        racing = Lookup({"a": "thing:a"}, load_slowly)
        read_through(racing)
        later = table.lookup("a")
        read_through(later)

        self.assertEqual((racing.found, later.found), ({"a": "old"}, {"a": "new"}))

    def test_a_reader_who_meets_the_tombstone_fills_nothing(self):
        table = Table(a="value")
        invalidate("thing:a")

        for _ in range(3):
            lookup = table.lookup("a")
            read_through(lookup)
            self.assertEqual(lookup.found, {"a": "value"})

        self.assertEqual(len(table.asked), 3)
        self.assertEqual(caches["objects"].get("thing:a"), TOMBSTONE)

    def test_filling_never_replaces_what_is_there(self):
        fill({"thing:a": "first"}, 60)
        fill({"thing:a": "second", "thing:b": "third"}, 60)

        self.assertEqual(caches["objects"].get_many(["thing:a", "thing:b"]), {"thing:a": "first", "thing:b": "third"})

    def test_several_keys_go_at_once_and_twice_is_the_same(self):
        table = Table(a=1, b=2)
        read_through(table.lookup("a", "b"))

        self.assertTrue(invalidate("thing:a", "thing:b") and invalidate("thing:a", "thing:b"))

        read_through(table.lookup("a", "b"))
        self.assertEqual(table.asked, [["a", "b"], ["a", "b"]])


@pytest.mark.one_server
class RealServerTests(SimpleTestCase):
    pytestmark = pytest.mark.stack

    def setUp(self):
        forget_troubles()
        self.addCleanup(forget_troubles)
        self.cache = caches["objects"]
        self.another_program = Client(settings.MEMCACHED_URL)
        self.addCleanup(self.another_program.close)

    def test_what_travels_is_json(self):
        value = {"name": "Grüße", "ids": [1, 2**53 - 1], "none": None}
        self.cache.set("thing", value)

        stored = self.another_program.get(self.cache.make_key("thing"))

        self.assertEqual(json.loads(stored), value)
        self.assertEqual(self.cache.get("thing"), value)

    def test_a_pickle_is_never_opened_and_what_is_no_json_is_a_miss(self):
        for garbage in (pickle.dumps(Bomb()), b"", b"{", b"\xff\xfe", b"null and void"):
            with self.subTest(garbage=garbage[:8]):
                self.another_program.set(self.cache.make_key("thing"), garbage, noreply=False)

                self.assertEqual(read_one("thing", lambda: "from the database"), "from the database")

    def test_garbage_among_good_values_is_a_miss_and_moves_none_of_them(self):
        self.cache.set_many({"before": [1], "after": {"two": 2}})
        for garbage in (b"{", b"1,2", b"", b'"half'):
            with self.subTest(garbage=garbage):
                self.another_program.set(self.cache.make_key("thing"), garbage, noreply=False)

                found = self.cache.get_many(["before", "thing", "after"])

                self.assertEqual(found, {"before": [1], "thing": None, "after": {"two": 2}})

    def test_many_adds_take_one_trip_and_leave_what_is_there(self):
        self.cache.set("thing:1", "first")

        self.cache.add_many({f"thing:{number}": number for number in range(200)}, 60)

        found = self.cache.get_many([f"thing:{number}" for number in range(200)])
        self.assertEqual(found, {f"thing:{number}": number for number in range(200)} | {"thing:1": "first"})

    def test_keys_that_memcached_refuses_are_misses_and_no_crash(self):
        for key in ("with space", "x" * 300, "line\nbreak", "ünïcode"):
            with self.subTest(key=key[:10]):
                forget_troubles()

                self.assertIsNone(self.cache.get(key))
                self.assertFalse(self.cache.set(key, 1))
                self.assertNotIn(key, self.cache.get_many([key, "there"]))

    def test_a_key_cannot_smuggle_a_command(self):
        smuggled = self.cache.make_key("smuggled")

        self.cache.get_many([f"a\r\nset {smuggled} 0 60 1\r\n1\r\nget a"])

        self.assertIsNone(self.another_program.get(smuggled))

    def test_a_long_answer_is_read_to_its_end(self):
        values = {f"thing:{number}": "x" * number * 37 for number in range(120)}
        self.cache.set_many(values)

        self.assertEqual(self.cache.get_many(values), values)

    def test_a_value_may_hold_what_the_protocol_uses(self):
        values = {"a": "END\r\n", "b": "\r\nVALUE b 0 3\r\n", "c": "\r\n\r\n", "d": "\x00\u2028"}
        self.cache.set_many(values)

        self.assertEqual(self.cache.get_many("abcd"), values)

    def test_a_value_lives_up_to_a_tenth_shorter_than_asked_and_never_longer(self):
        lives = {self.cache._seconds(300) for _ in range(500)}

        self.assertTrue(min(lives) >= 270 and max(lives) <= 300)
        self.assertGreater(len(lives), 5)


class Bomb:
    """
    Something whose pickle fails the test when it is opened.
    """

    def __reduce__(self):
        return pytest.fail, ("a pickle was opened",)

"""
Objects through the cache: what is loaded, what is stored, and who wins when somebody writes meanwhile.
"""

from unittest import mock

from django.core.cache import caches

from testing.testcases import ApiTestCase
from utils.caching.memcached.objects import TOMBSTONE, Lookup, fill, invalidate, read_one, read_through


class Table:
    """
    Rows as a database has them; it remembers what was asked for.
    """

    def __init__(self, **rows):
        self.rows, self.asked = rows, []

    def load(self, names):
        self.asked.append(list(names))
        return {name: self.rows[name] for name in names if name in self.rows}

    def lookup(self, *names, **fields):
        return Lookup({name: f"test:{name}" for name in names}, self.load, **fields)


class ReadThroughTestCase(ApiTestCase):
    def setUp(self):
        self.table = Table(alice=1, bob=2, carol=3)
        self.cache = caches["objects"]

    def read(self, *names, **fields):
        lookup = self.table.lookup(*names, **fields)
        read_through(lookup)
        return lookup.found


class ReadingTests(ReadThroughTestCase):
    def test_what_the_cache_lacks_is_loaded_once_and_then_there(self):
        self.assertEqual(self.read("alice", "bob"), {"alice": 1, "bob": 2})
        self.assertEqual(self.read("alice", "bob"), {"alice": 1, "bob": 2})

        self.assertEqual(self.table.asked, [["alice", "bob"]])

    def test_only_what_is_missing_is_loaded(self):
        self.read("bob")

        self.assertEqual(self.read("alice", "bob", "carol"), {"alice": 1, "bob": 2, "carol": 3})

        self.assertEqual(self.table.asked, [["bob"], ["alice", "carol"]])

    def test_who_does_not_exist_is_not_found_and_asked_for_again(self):
        for _ in range(2):
            self.assertEqual(self.read("alice", "nobody"), {"alice": 1})

        self.assertEqual(self.table.asked, [["alice", "nobody"], ["nobody"]])

    def test_several_lookups_are_one_round_trip(self):
        other = Table(tweet="hello")
        lookups = [self.table.lookup("alice"), other.lookup("tweet"), self.table.lookup("bob")]

        with mock.patch.object(self.cache, "get_many", wraps=self.cache.get_many) as get_many:
            read_through(*lookups)

        self.assertEqual([lookup.found for lookup in lookups], [{"alice": 1}, {"tweet": "hello"}, {"bob": 2}])
        self.assertEqual(get_many.call_count, 1)

    def test_nothing_wanted_is_nothing_loaded(self):
        self.assertEqual(self.read(), {})
        self.assertEqual(self.table.asked, [])

    def test_a_value_that_is_false_is_a_value(self):
        self.table.rows.update(zero=0, empty="", none=[])
        expected = {"zero": 0, "empty": "", "none": []}

        for _ in range(2):
            self.assertEqual(self.read(*expected), expected)
        self.assertEqual(len(self.table.asked), 1)


class InvalidatingTests(ReadThroughTestCase):
    def test_after_it_everybody_reads_the_database(self):
        self.read("alice", "bob")
        self.table.rows["alice"] = 10

        self.assertTrue(invalidate("test:alice"))

        self.assertEqual(self.read("alice", "bob"), {"alice": 10, "bob": 2})
        self.assertEqual(self.table.asked[1:], [["alice"]])

    def test_who_read_before_it_does_not_fill_the_cache_after_it(self):
        def load(names):
            found = self.table.load(names)
            # Another process commits and invalidates at this moment.
            self.table.rows["alice"] = 10
            invalidate("test:alice")
            return found

        late = Lookup({"alice": "test:alice"}, load)
        read_through(late)

        self.assertEqual(late.found, {"alice": 1})
        self.assertEqual(self.read("alice"), {"alice": 10})

    def test_a_tombstone_is_kept_by_readers(self):
        self.read("alice")
        invalidate("test:alice")

        for _ in range(2):
            self.read("alice")

        self.assertEqual(self.cache.get("test:alice"), TOMBSTONE)
        self.assertEqual(len(self.table.asked), 3)

    def test_other_keys_stay(self):
        self.read("alice", "bob")

        invalidate("test:alice")

        self.read("bob")
        self.assertEqual(len(self.table.asked), 1)

    def test_several_are_one_round_trip_and_none_is_none(self):
        with mock.patch.object(self.cache, "set_many", wraps=self.cache.set_many) as set_many:
            self.assertTrue(invalidate("test:alice", "test:bob"))
            self.assertEqual(set_many.call_count, 1)

            self.assertTrue(invalidate())
            self.assertEqual(set_many.call_count, 1)


class DamageTests(ReadThroughTestCase):
    def read_numbers(self, *names):
        return self.read(*names, is_valid=lambda value: type(value) is int)

    def test_a_value_that_is_none_of_its_kind_is_loaded_and_replaced_by_a_tombstone(self):
        self.cache.set_many({"test:alice": "damaged", "test:bob": 2})

        self.assertEqual(self.read_numbers("alice", "bob"), {"alice": 1, "bob": 2})

        self.assertEqual(self.table.asked, [["alice"]])
        self.assertEqual(self.cache.get("test:alice"), TOMBSTONE)
        self.assertEqual(self.cache.get("test:bob"), 2)

    def test_a_tombstone_is_no_damage(self):
        invalidate("test:alice")

        with mock.patch.object(self.cache, "set_many", wraps=self.cache.set_many) as set_many:
            self.assertEqual(self.read_numbers("alice"), {"alice": 1})

        self.assertEqual(set_many.call_count, 0)

    def test_the_text_of_a_tombstone_is_never_a_value(self):
        self.cache.set("test:alice", TOMBSTONE)

        self.assertEqual(self.read("alice"), {"alice": 1})


class FillingTests(ReadThroughTestCase):
    def test_it_adds_and_never_replaces(self):
        self.cache.set("test:alice", 7)

        fill({"test:alice": 1, "test:bob": 2}, 60)

        self.assertEqual(self.cache.get_many(["test:alice", "test:bob"]), {"test:alice": 7, "test:bob": 2})

    def test_each_cache_has_keys_of_its_own(self):
        fill({"test:alice": 1}, 60, alias="default")

        self.assertIsNone(self.cache.get("test:alice"))
        self.assertEqual(caches["default"].get("test:alice"), 1)


class ReadOneTests(ReadThroughTestCase):
    def one(self, name, **fields):
        return read_one(f"test:{name}", lambda: self.table.load([name]).get(name), **fields)

    def test_it_is_the_value_from_the_cache_or_the_loaded_one(self):
        self.assertEqual([self.one("alice"), self.one("alice")], [1, 1])
        self.assertEqual(self.table.asked, [["alice"]])

    def test_none_is_not_remembered(self):
        self.assertEqual([self.one("nobody"), self.one("nobody")], [None, None])
        self.assertEqual(len(self.table.asked), 2)

        self.table.rows["nobody"] = 9
        self.assertEqual(self.one("nobody"), 9)

    def test_a_value_that_is_none_of_its_kind_is_not_given(self):
        self.cache.set("test:alice", "damaged")

        self.assertEqual(self.one("alice", is_valid=lambda value: type(value) is int), 1)

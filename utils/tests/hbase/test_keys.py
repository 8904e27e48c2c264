"""
Row keys, without a server: bytes sort as values do, and nothing is lost on the way.
"""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from utils.hbase.exceptions import BadRowKey
from utils.hbase.keys import KeyRange, split_keys, successor
from utils.tests.hbase.samples import Entry, Reading

SMALLEST, LARGEST = -(2**63), 2**63 - 1

integers = st.integers(SMALLEST, LARGEST)
# Close neighbours are where an encoding goes wrong.
close_integers = st.integers(-3, 3) | st.integers(2**32 - 2, 2**32 + 2) | integers
user_ids = st.integers(0, LARGEST)

reading_keys = st.tuples(close_integers, close_integers)
entry_keys = st.tuples(user_ids, close_integers)


def encoded(model, values):
    return model._meta.key.encode(values)


def decoded(model, key):
    return tuple(model._meta.key.decode(key))


class TestTheOrderOfKeysIsTheOrderOfValues:
    @given(reading_keys, reading_keys)
    @example((-1, 0), (0, 0))
    @example((SMALLEST, 0), (LARGEST, 0))
    @example((0, LARGEST), (1, SMALLEST))
    def test_numbers_of_either_sign_ascend(self, one, other):
        assert (encoded(Reading, one) < encoded(Reading, other)) == (one < other)

    @given(user_ids, close_integers, close_integers)
    def test_descending_numbers_have_the_largest_first(self, owner, one, other):
        assert (encoded(Entry, (owner, one)) < encoded(Entry, (owner, other))) == (one > other)


class TestKeysCanBeReadBack:
    @given(reading_keys)
    def test_numbers(self, values):
        assert decoded(Reading, encoded(Reading, values)) == values

    @given(entry_keys)
    def test_reversed_and_descending_numbers(self, values):
        assert decoded(Entry, encoded(Entry, values)) == values

    @given(st.binary(max_size=40))
    def test_bytes_that_are_no_key_are_refused_or_read_as_the_key_they_are(self, data):
        for model in (Reading, Entry):
            try:
                values = decoded(model, data)
            except BadRowKey:
                continue
            assert encoded(model, values) == data


class TestSequentialIdsSpread:
    def test_a_thousand_new_users_fall_evenly_into_sixteen_regions(self):
        splits = split_keys(16)
        regions = [0] * 16

        for owner in range(1_000_000, 1_001_024):
            key = encoded(Entry, (owner, 1))
            regions[sum(split <= key for split in splits)] += 1

        assert regions == [64] * 16

    def test_the_splits_ascend_and_cut_into_as_many_parts_as_wished(self):
        for regions in (1, 2, 3, 7, 100, 1000):
            splits = split_keys(regions)
            assert len(splits) == regions - 1
            assert splits == sorted(set(splits))

    @given(user_ids, close_integers)
    def test_all_keys_have_sixteen_bytes(self, owner, tweet):
        assert len(encoded(Entry, (owner, tweet))) == 16


class TestPrefixesAndRanges:
    @given(entry_keys, user_ids)
    def test_a_prefix_holds_the_rows_of_one_owner_and_no_others(self, values, owner):
        wanted = Entry._meta.key.range((owner,), (), ())

        assert holds(wanted, encoded(Entry, values)) == (values[0] == owner)

    @given(reading_keys, reading_keys)
    @example((LARGEST, LARGEST), (LARGEST, LARGEST - 1))
    def test_a_whole_key_as_prefix_is_that_row_alone(self, values, other):
        wanted = Reading._meta.key.range(values, (), ())

        assert holds(wanted, encoded(Reading, values))
        assert holds(wanted, encoded(Reading, other)) == (values == other)

    @given(reading_keys, close_integers, close_integers, close_integers)
    def test_start_is_included_and_stop_is_not(self, values, instrument, start, stop):
        wanted = Reading._meta.key.range((instrument,), (start,), (stop,))

        expected = values[0] == instrument and start <= values[1] < stop
        assert holds(wanted, encoded(Reading, values)) == expected

    @given(entry_keys, user_ids, close_integers, close_integers)
    def test_over_descending_numbers_start_is_the_newest(self, values, owner, start, stop):
        wanted = Entry._meta.key.range((owner,), (start,), (stop,))

        expected = values[0] == owner and start >= values[1] > stop
        assert holds(wanted, encoded(Entry, values)) == expected

    @given(reading_keys, reading_keys)
    def test_the_part_behind_a_key_begins_with_the_next_one(self, values, last):
        wanted = Reading._meta.key.range((), (), ()).after(encoded(Reading, last))

        assert holds(wanted, encoded(Reading, values)) == (values > last)

    @given(st.binary(), st.binary())
    def test_the_successor_is_the_first_key_behind_a_prefix(self, prefix, key):
        behind = successor(prefix)

        assert (prefix <= key and (behind is None or key < behind)) == key.startswith(prefix)

    def test_a_range_over_reversed_numbers_is_refused_for_it_would_mean_nothing(self):
        with pytest.raises(BadRowKey, match="rows are not in the order of owner_id; name it in the prefix"):
            Entry._meta.key.range((), (5,), ())

    def test_nothing_can_follow_a_whole_key(self):
        with pytest.raises(BadRowKey, match="nothing left for start or stop"):
            Entry._meta.key.range((1, 2), (3,), ())

    def test_a_bare_value_in_place_of_a_tuple_is_refused(self):
        with pytest.raises(BadRowKey, match="prefix is a tuple of values, not 7"):
            Entry._meta.key.range(7, (), ())


class TestBadKeysAreClearErrors:
    @pytest.mark.parametrize(
        ("values", "words"),
        [
            ((1, None), "the key lacks tweet_id"),
            ((1,), r"a key has 2 parts \(owner_id, tweet_id\), not 1"),
            ((1, 2, 3), r"a key has 2 parts \(owner_id, tweet_id\), not 3"),
            (("1", 2), "owner_id is an integer, not '1'"),
            ((1, 2.0), "tweet_id is an integer, not 2.0"),
            ((True, 2), "owner_id is an integer, not True"),
            ((-1, 2), r"owner_id is out of range \(0 to 2\^63-1\): -1"),
            ((1, LARGEST + 1), "tweet_id is out of range"),
            ((1, SMALLEST - 1), "tweet_id is out of range"),
        ],
    )
    def test_numbers(self, values, words):
        with pytest.raises(BadRowKey, match=words):
            encoded(Entry, values)


def holds(wanted: KeyRange, key):
    return wanted.start <= key and (wanted.stop is None or key < wanted.stop)

"""
What rows do on a real server.
"""

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from utils.database.time_ids import next_id
from utils.hbase import wire
from utils.hbase.exceptions import BadColumn, BadRowKey, MissingColumn
from utils.hbase.fields import IntegerField
from utils.hbase.models import HBaseModel
from utils.tests.hbase.samples import Entry, Reading

pytestmark = [pytest.mark.stack, pytest.mark.hbase, pytest.mark.usefixtures("tables")]

SMALLEST, LARGEST = -(2**63), 2**63 - 1


def ids(rows):
    return [row.tweet_id for row in rows]


class TestOneRow:
    def test_what_is_created_can_be_got(self):
        made = Reading.create(instrument=-1, at=LARGEST, value=SMALLEST)

        found = Reading.get(instrument=-1, at=LARGEST)

        assert found == made
        assert found.value == SMALLEST

    def test_a_row_whose_key_says_everything_exists_too(self):
        Entry.create(owner_id=1, tweet_id=0)

        assert Entry.get(owner_id=1, tweet_id=0) == Entry(owner_id=1, tweet_id=0)

    def test_nobody_is_found_under_another_key(self):
        Entry.create(owner_id=2, tweet_id=1)

        assert Entry.get(owner_id=2, tweet_id=2) is None

    def test_creating_twice_leaves_one_row(self):
        for _ in range(2):
            Entry.create(owner_id=3, tweet_id=1)

        assert ids(Entry.filter(prefix=(3,))) == [1]

    def test_creating_again_writes_over(self):
        Reading.create(instrument=4, at=1, value=1)
        Reading.create(instrument=4, at=1, value=2)

        assert Reading.get(instrument=4, at=1) == Reading(instrument=4, at=1, value=2)

    def test_a_deleted_row_is_gone_and_its_neighbours_stay(self):
        Entry.batch_create([Entry(owner_id=5, tweet_id=number) for number in (1, 2, 3)])

        Entry.delete(owner_id=5, tweet_id=2)

        assert Entry.get(owner_id=5, tweet_id=2) is None
        assert ids(Entry.filter(prefix=(5,))) == [3, 1]

    def test_deleting_twice_or_what_never_was_is_no_error(self):
        Entry.create(owner_id=6, tweet_id=1)

        for _ in range(2):
            Entry.delete(owner_id=6, tweet_id=1)

        assert Entry.filter(prefix=(6,)) == []


class TestManyRows:
    def test_rows_past_a_thousand_go_and_come_in_several_trips(self):
        rows = [Entry(owner_id=10, tweet_id=number) for number in range(2_500)]

        Entry.batch_create(rows)

        assert ids(Entry.filter(prefix=(10,))) == list(range(2_499, -1, -1))
        assert ids(Entry.filter(prefix=(10,), limit=1_200))[-1] == 1_300
        assert ids(Entry.filter(prefix=(10,), limit=1_000))[-1] == 1_500
        assert Entry.count(prefix=(10,)) == 2_500
        assert len(Entry.get_many([row.key for row in rows])) == 2_500

        Entry.batch_delete([row.key for row in rows[:2_400]])

        assert ids(Entry.filter(prefix=(10,))) == list(range(2_499, 2_399, -1))

    def test_get_many_finds_those_that_exist(self):
        Entry.batch_create([Entry(owner_id=owner, tweet_id=1) for owner in (20, 21)])

        found = Entry.get_many([(20, 1), (20, 2), (21, 1), (20, 1)])

        assert found == {(20, 1): Entry(owner_id=20, tweet_id=1), (21, 1): Entry(owner_id=21, tweet_id=1)}

    def test_nothing_costs_nothing(self):
        Entry.batch_create([])
        Entry.batch_delete([])

        assert Entry.get_many([]) == {}
        assert Entry.filter(prefix=(1,), limit=0) == []

    def test_a_scan_goes_on_behind_the_row_where_it_was_left(self):
        Reading.batch_create([Reading(instrument=30, at=number, value=number) for number in range(1_500)])
        scan = Reading.scan(prefix=(30,))
        first = [next(scan).at for _ in range(1_100)]

        rest = [row.at for row in Reading.scan(prefix=(30,), after=(30, first[-1]))]

        assert first + rest == list(range(1_500))

    def test_a_whole_table_can_be_scanned_and_counted(self):
        keys = {(31, 7), (32, 8), (33, 9)}
        Entry.batch_create([Entry(owner_id=owner_id, tweet_id=tweet_id) for owner_id, tweet_id in keys])

        rows = list(Entry.scan())

        assert keys <= {row.key for row in rows}
        assert Entry.count() == len(rows)


class TestPages:
    def test_older_and_newer_than_a_tweet(self):
        Entry.batch_create([Entry(owner_id=40, tweet_id=number) for number in range(1, 101)])

        assert ids(Entry.filter(prefix=(40,), limit=3)) == [100, 99, 98]
        assert ids(Entry.filter(prefix=(40,), start=(50 - 1,), limit=3)) == [49, 48, 47]
        assert ids(Entry.filter(prefix=(40,), stop=(97,))) == [100, 99, 98]
        assert ids(Entry.filter(prefix=(40,), start=(3,), stop=(1,))) == [3, 2]
        assert ids(Entry.filter(prefix=(40,), start=(1,), stop=(3,))) == []

    def test_neighbours_in_the_table_do_not_show_up(self):
        # 2^8 apart, these owners' keys differ in the second byte only.
        Entry.batch_create([Entry(owner_id=owner, tweet_id=1) for owner in (42, 42 + 256, 42 + 512)])

        for owner in (42, 42 + 256, 42 + 512):
            assert [row.owner_id for row in Entry.filter(prefix=(owner,))] == [owner]

    @pytest.mark.parametrize("edge", [SMALLEST, LARGEST])
    def test_the_ends_of_the_numbers_are_numbers_like_others(self, edge):
        Reading.create(instrument=edge, at=edge, value=edge)

        assert [row.key for row in Reading.filter(prefix=(edge,))] == [(edge, edge)]


numbers = st.sampled_from([SMALLEST, -2, -1, 0, 1, 2, LARGEST])
bounds = st.just(()) | numbers.map(lambda number: (number,))
series = iter(range(1_000, 10**9))


class TestAQueryGivesWhatASortedListWould:
    @hypothesis_settings(max_examples=60)
    @given(st.sets(numbers), st.sets(numbers), bounds, bounds, st.none() | st.integers(0, 5))
    def test_whatever_was_written_and_deleted(self, created, deleted, start, stop, limit):
        instrument = next(series)
        Reading.batch_create([Reading(instrument=instrument, at=at, value=at) for at in created])
        Reading.batch_delete([(instrument, at) for at in deleted])

        found = Reading.filter(prefix=(instrument,), start=start, stop=stop, limit=limit)

        expected = [at for at in sorted(created - deleted) if start <= (at,) and (not stop or (at,) < stop)]
        assert [(row.at, row.value) for row in found] == [(at, at) for at in expected[:limit]]
        assert Reading.count(prefix=(instrument,), start=start, stop=stop) == len(expected)


class OlderReading(HBaseModel):
    """
    A reading as an older version of the project wrote it.
    """

    instrument = IntegerField()
    at = IntegerField()
    colour = IntegerField(column_family="v")

    class Meta:
        table_name = "readings"
        row_key = ("instrument", "at")


class LongReading(HBaseModel):
    """
    A reading under a key that the present model does not have.
    """

    instrument = IntegerField()
    at = IntegerField()
    second = IntegerField()
    value = IntegerField(column_family="v")

    class Meta:
        table_name = "readings"
        row_key = ("instrument", "at", "second")


class TestRowsOfAnotherModelAreNamedAndNotGuessedAt:
    def test_a_missing_column(self):
        OlderReading.create(instrument=50, at=1, colour=1)

        with pytest.raises(MissingColumn, match="a row of Reading lacks the column value: {'instrument': 50, 'at': 1}"):
            Reading.get(instrument=50, at=1)

    def test_a_column_of_another_kind(self):
        key = Reading._meta.key.encode((51, 1))
        Reading._run(wire.put_rows, [(key, {b"v:value": b"five"})], next_id())

        with pytest.raises(BadColumn, match="Reading.value cannot be read: b'five'"):
            Reading.filter(prefix=(51,))

    def test_a_key_of_another_kind(self):
        LongReading.create(instrument=52, at=1, second=2, value=3)

        with pytest.raises(BadRowKey, match=r"not a key of \(instrument, at\)"):
            Reading.filter(prefix=(52,))
        LongReading.delete(instrument=52, at=1, second=2)

"""
Writes that come twice, late or in the wrong order: the version decides, not the arrival.
"""

import pytest

from utils.database.time_ids import next_id
from utils.tests.hbase.samples import Entry, Reading

pytestmark = [pytest.mark.stack, pytest.mark.hbase, pytest.mark.usefixtures("tables")]


class TestTheVersionDecides:
    def test_a_row_made_again_right_after_its_delete_is_there_every_time(self):
        """
        With HBase's own stamps, in milliseconds, two of three of these rows would be lost.
        """
        for number in range(300):
            Entry.create(owner_id=1, tweet_id=number)
            Entry.delete(owner_id=1, tweet_id=number)
            Entry.create(owner_id=1, tweet_id=number)

        assert Entry.count(prefix=(1,)) == 300

    def test_a_late_create_does_not_bring_back_what_was_deleted_after_it(self):
        decided = next_id()
        Entry.delete(owner_id=2, tweet_id=1)

        Entry.create(owner_id=2, tweet_id=1, version=decided)

        assert Entry.get(owner_id=2, tweet_id=1) is None

    def test_a_late_delete_does_not_remove_what_was_made_after_it(self):
        decided = next_id()
        Entry.create(owner_id=3, tweet_id=1)

        Entry.delete(owner_id=3, tweet_id=1, version=decided)
        Entry.batch_delete([(3, 1)], version=decided)

        assert Entry.get(owner_id=3, tweet_id=1) is not None

    def test_a_late_value_does_not_replace_a_newer_one(self):
        decided = next_id()
        Reading.create(instrument=4, at=1, value=2)

        Reading.create(instrument=4, at=1, value=1, version=decided)

        assert Reading.get(instrument=4, at=1) == Reading(instrument=4, at=1, value=2)

    def test_a_delete_beats_a_create_of_the_same_version_in_either_order(self):
        version = next_id()

        Entry.create(owner_id=5, tweet_id=1, version=version)
        Entry.delete(owner_id=5, tweet_id=1, version=version)
        Entry.delete(owner_id=5, tweet_id=2, version=version)
        Entry.create(owner_id=5, tweet_id=2, version=version)

        assert Entry.filter(prefix=(5,)) == []

    def test_any_order_of_the_same_writes_ends_the_same(self):
        one, two, three = next_id(), next_id(), next_id()
        writes = [
            lambda key: Reading.create(instrument=key, at=1, value=1, version=one),
            lambda key: Reading.delete(instrument=key, at=1, version=two),
            lambda key: Reading.create(instrument=key, at=1, value=3, version=three),
        ]
        orders = [(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0), (2, 2, 1, 0, 1)]

        for key, order in enumerate(orders, start=100):
            for index in order:
                writes[index](key)

        values = [Reading.get(instrument=key, at=1).value for key in range(100, 100 + len(orders))]
        assert values == [3] * len(orders)

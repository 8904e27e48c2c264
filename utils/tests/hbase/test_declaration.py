"""
How models are declared, without a server: what is wrong is said when the class is made.
"""

import pytest

from utils.hbase.exceptions import BadColumn, BadModel, BadRowKey, MissingColumn, NotATestTable
from utils.hbase.fields import IntegerField
from utils.hbase.models import HBaseModel
from utils.tests.hbase.samples import ALL, Entry, Reading


def declare(fields, **meta):
    return type("Sample", (HBaseModel,), {**fields, "Meta": type("Meta", (), meta)})


class TestWrongDeclarationsAreRefused:
    def test_no_meta(self):
        with pytest.raises(BadModel, match="Sample has no Meta"):
            type("Sample", (HBaseModel,), {"a": IntegerField()})

    @pytest.mark.parametrize(
        ("fields", "meta", "words"),
        [
            ({"a": IntegerField()}, {"row_key": ("a",)}, "lacks table_name"),
            ({"a": IntegerField()}, {"row_key": ("a",), "ordering": 1}, "unknown options: ordering"),
            ({"a": IntegerField()}, {"row_key": ("b",)}, "names 'b', which is no field"),
            ({"a": IntegerField()}, {"row_key": "a"}, "is a tuple of different field names"),
            ({"a": IntegerField()}, {"row_key": ()}, "is a tuple of different field names"),
            ({"a": IntegerField()}, {"row_key": ("a", "a")}, "is a tuple of different field names"),
            ({"a": IntegerField(column_family="f")}, {"row_key": ("a",)}, "a is a part of the key: no column family"),
            ({"a": IntegerField(), "b": IntegerField()}, {"row_key": ("a",)}, "b is neither a part of the key"),
            ({"filter": IntegerField()}, {"row_key": ("filter",)}, "no field can be called 'filter'"),
            ({"version": IntegerField()}, {"row_key": ("version",)}, "no field can be called 'version'"),
        ],
    )
    def test_wrong_fields_and_options(self, fields, meta, words):
        if "lacks table_name" not in words:
            meta = {"table_name": "samples", **meta}

        with pytest.raises(BadModel, match=words):
            declare(fields, **meta)


class TestRowsAreChecked:
    def test_an_unknown_name_is_refused(self):
        with pytest.raises(BadColumn, match="Entry has no field colour"):
            Entry(owner_id=1, tweet_id=2, colour="red")

    def test_a_column_that_is_not_given_is_missed_before_anything_is_sent(self):
        with pytest.raises(MissingColumn, match="Reading needs a value for the column value"):
            Reading.create(instrument=1, at=2)

    def test_a_wrong_value_is_refused_with_the_name_of_its_column(self):
        with pytest.raises(BadColumn, match="Reading.value is an integer, not '5'"):
            Reading.create(instrument=1, at=2, value="5")

    def test_one_bad_row_stops_a_batch_before_anything_is_sent(self):
        rows = [Entry(owner_id=1, tweet_id=2), Entry(owner_id=1)]

        with pytest.raises(BadRowKey, match="the key lacks tweet_id"):
            Entry.batch_create(rows)

    def test_a_get_wants_the_key_and_nothing_else(self):
        with pytest.raises(BadRowKey, match=r"a key of Reading is \(instrument, at\), not \(instrument, at, value\)"):
            Reading.get(instrument=1, at=2, value=3)

    @pytest.mark.parametrize("limit", [-1, 1.5, "3", True])
    def test_a_limit_is_a_number_of_rows(self, limit):
        with pytest.raises(ValueError, match="limit is a number of rows"):
            Entry.filter(prefix=(1,), limit=limit)

    @pytest.mark.parametrize("version", [-1, 1.5, True, "now"])
    def test_a_version_is_a_time_id(self, version):
        with pytest.raises(ValueError, match="a version is a time id"):
            Entry.create(owner_id=1, tweet_id=2, version=version)

    def test_rows_with_the_same_values_are_equal(self):
        assert Entry(owner_id=1, tweet_id=2) == Entry(owner_id=1, tweet_id=2)
        assert Entry(owner_id=1, tweet_id=2) != Entry(owner_id=1, tweet_id=3)
        assert len({Entry(owner_id=1, tweet_id=2), Entry(owner_id=1, tweet_id=2)}) == 1

    def test_a_row_shows_its_values(self):
        assert repr(Entry(owner_id=1, tweet_id=2)) == "Entry(owner_id=1, tweet_id=2)"
        assert Entry(owner_id=1, tweet_id=2).key == (1, 2)


class TestTablesAreSafeOutsideTests:
    @pytest.mark.parametrize("model", ALL)
    def test_neither_made_nor_dropped_without_saying_so(self, model, settings):
        settings.HBASE = {**settings.HBASE, "TABLE_PREFIX": ""}

        with pytest.raises(NotATestTable, match=f"{model.table()} is not a test's table"):
            model.create_table()
        with pytest.raises(NotATestTable, match="say outside_tests=True if you mean it"):
            model.drop_table()

    def test_the_arguments_for_a_table_in_regions(self, settings):
        settings.HBASE = {**settings.HBASE, "TABLE_PREFIX": "x_"}

        assert Entry.create_table_arguments() == ["x_entries", "f", "4000", "8000", "c000"]
        assert Reading.create_table_arguments() == ["x_readings", "v"]

    def test_a_table_has_each_family_of_its_columns_once(self, settings):
        settings.HBASE = {**settings.HBASE, "TABLE_PREFIX": "x_"}
        columns = {"b": IntegerField(column_family="v"), "c": IntegerField(column_family="r")}
        columns["d"] = IntegerField(column_family="v")

        sample = declare({"a": IntegerField(), **columns}, table_name="samples", row_key=("a",))

        assert sample.create_table_arguments() == ["x_samples", "r,v"]

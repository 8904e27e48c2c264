"""
What the server refuses is said in one line that names the table, and the connection lives on.
"""

import pytest

from utils.hbase import wire
from utils.hbase.exceptions import FamilyMissing, HBaseError, HBaseUnavailable, TableDisabled, TableMissing
from utils.hbase.fields import IntegerField
from utils.hbase.models import HBaseModel
from utils.hbase.pool import get_pool, timeout
from utils.tests.hbase.samples import Entry

pytestmark = [pytest.mark.stack, pytest.mark.hbase, pytest.mark.usefixtures("tables")]


class Nowhere(HBaseModel):
    """
    A model whose table nobody has made.
    """

    at = IntegerField()
    other = IntegerField(column_family="v")

    class Meta:
        table_name = "nowhere"
        row_key = ("at",)


class Widened(HBaseModel):
    """
    `Entry` with a column family that its table does not have.
    """

    owner_id = IntegerField()
    tweet_id = IntegerField()
    colour = IntegerField(column_family="paint")

    class Meta:
        table_name = "entries"
        row_key = ("owner_id", "tweet_id")


VERBS = {
    "create": lambda: Nowhere.create(at=1, other=2),
    "get": lambda: Nowhere.get(at=1),
    "get_many": lambda: Nowhere.get_many([(1,), (2,)]),
    "filter": lambda: Nowhere.filter(limit=5),
    "delete": lambda: Nowhere.delete(at=1),
    "batch_delete": lambda: Nowhere.batch_delete([(1,), (2,)]),
    "count": lambda: Nowhere.count(),
}


class TestServerErrors:
    @pytest.mark.parametrize("verb", VERBS)
    def test_a_missing_table_is_named(self, verb):
        with pytest.raises(TableMissing) as caught:
            VERBS[verb]()

        assert str(caught.value) == f"HBase has no table '{Nowhere.table()}'"
        assert "\n\tat " in caught.value.details

    def test_a_missing_column_family_is_named(self):
        with pytest.raises(FamilyMissing) as caught:
            Widened.create(owner_id=1, tweet_id=2, colour=3)

        assert str(caught.value) == f"the HBase table '{Entry.table()}' has no column family 'paint'"

    def test_a_disabled_table_is_named(self):
        Nowhere.create_table()
        with timeout(30_000):
            get_pool().run(lambda connection: connection.disable_table(Nowhere.table()), table=Nowhere.table())

        for verb in ("get", "filter", "count"):
            with pytest.raises(TableDisabled) as caught:
                VERBS[verb]()
            assert str(caught.value) == f"the HBase table '{Nowhere.table()}' is disabled"
        # The server looks for the region for a while before it gives up on a write.
        with pytest.raises(HBaseUnavailable, match="cannot be served right now"), timeout(10_000):
            VERBS["create"]()

        assert Nowhere.drop_table()

    def test_what_the_server_cannot_parse_is_an_error_and_not_an_outage(self):
        with pytest.raises(HBaseError, match="could not make sense of a call"):
            get_pool().run(
                lambda connection: wire.scan_page(
                    connection, Entry.table().encode(), b"", None, 1, filter_string="Nonsense()"
                ),
                table=Entry.table(),
            )

        assert Entry.filter(prefix=(999,), limit=1) == []

    def test_after_an_error_the_same_connection_answers_the_next_question(self):
        Entry.create(owner_id=1, tweet_id=7)
        used = []

        for verb in VERBS:
            with pytest.raises(TableMissing):
                VERBS[verb]()
            used.append(get_pool().run(lambda connection: connection, table=""))
            assert [row.tweet_id for row in Entry.filter(prefix=(1,))] == [7]

        assert len(set(map(id, used))) == 1


class TestTables:
    def test_made_once_and_dropped_once(self):
        assert Nowhere.create_table() is True
        assert Nowhere.create_table() is False
        Nowhere.create(at=1, other=2)

        assert Nowhere.drop_table() is True
        assert Nowhere.drop_table() is False

    def test_a_table_has_its_regions_on_a_server(self):
        (region,) = Entry.regions()

        assert (region.start, region.stop) == (b"", b"")
        assert region.server

    def test_a_table_that_is_not_there_has_no_regions(self):
        assert Nowhere.regions() == []

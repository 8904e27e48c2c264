"""
Declarative models for HBase tables.

    class Feed(HBaseModel):
        user_id = ReversedIntegerField()
        tweet_id = DescendingIntegerField()

        class Meta:
            table_name = "feeds"
            row_key = ("user_id", "tweet_id")

    Feed.create(user_id=7, tweet_id=100)
    Feed.filter(prefix=(7,), start=(99,), limit=20)     # older than tweet 100, newest first

**Versions.** Every write has one: a time id (utils.database.time_ids), by default that of the moment. Of
all writes to a row the one with the highest version counts, in whatever order they arrive, and
a delete beats a create of the same version. So a write may be repeated, and may come late: give
it the version that was drawn where the truth was decided (inside the SQL transaction, say), and
a late create cannot bring back what was deleted after it. Never pass numbers of another unit.

**Errors.** Every verb raises `HBaseUnavailable` (no answer), `HBaseError` (the server refused:
`TableMissing` and so on), `BadRowKey`, `BadColumn` or `MissingColumn` (see exceptions.py).
"""

from django.conf import settings

from utils.database.time_ids import next_id
from utils.hbase import scans, tables, wire
from utils.hbase.exceptions import HiddenByDelete
from utils.hbase.keys import split_keys
from utils.hbase.options import Options
from utils.hbase.pool import get_pool


class HBaseModel:
    """
    A row with the fields of its class as attributes; equal to another row with the same values.

    `Meta` holds `table_name`, `row_key` (names of fields, in order) and, if wanted, `regions`
    (into how many a big table should be split from its birth) and `column_family` (of the empty
    cell of a model without columns; "f").
    """

    def __init_subclass__(cls):
        cls._meta = Options(cls)

    def __init__(self, **values):
        """
        Make a row without writing it; what is not given is None.

        :raises BadColumn: there is no such field.
        """
        self._meta.check_names(values)
        self.__dict__ = dict.fromkeys(self._meta.fields) | values

    def __eq__(self, other):
        return type(other) is type(self) and other.__dict__ == self.__dict__

    def __hash__(self):
        return hash((type(self), self.key))

    def __repr__(self):
        values = ", ".join(f"{name}={value!r}" for name, value in self.__dict__.items())
        return f"{type(self).__name__}({values})"

    @property
    def key(self):
        """
        The row key as a tuple of values.
        """
        return tuple([self.__dict__[name] for name in self._meta.key.names])

    # ------------------------------------------------------------ one row

    @classmethod
    def create(cls, *, version=None, **values):
        """
        Write a row, over the one that has the same key if there is one, and return it. One round trip.
        """
        row = cls(**values)
        cls.batch_create([row], version=version)
        return row

    @classmethod
    def get(cls, **key):
        """
        Return the row with this key, or None. One round trip.
        """
        encoded = cls._meta.encode_only_key(key)
        cells = cls._run(wire.get_row, encoded)
        return None if cells is None else cls._load(encoded, cells)

    @classmethod
    def delete(cls, *, version=None, **key):
        """
        Delete the row with this key; it is no error if there is none. One round trip.
        """
        encoded = cls._meta.encode_only_key(key)
        cls._run(wire.delete_rows, [encoded], cls._meta.families, or_now(version))

    @classmethod
    def compare_and_set(cls, key, name, *, expected, value):
        """
        Set the column `name` of the row `key` (a tuple) if it holds `expected`, and say whether that was done.

        `expected` None means: if there is none. One round trip, two when it was set from None.
        It is not repeated on a dropped connection, so after `HBaseUnavailable` nobody knows whether it was done.

        :raises HiddenByDelete: the row was deleted before. The server stamps this write by its own
            clock, which is behind every version, and the delete covers it.
        """
        encoded, column = cls._meta.key.encode(key), cls._meta.column(name)
        before = None if expected is None else cls._meta.encode_column(name, expected)
        after = cls._meta.encode_column(name, value)
        done = cls._run(wire.compare_and_put, encoded, column, before, after, idempotent=False)
        if done and expected is None and column not in (cls._run(wire.get_row, encoded) or {}):
            raise HiddenByDelete(f"{cls.table()}: the row {key} was deleted before; use create")
        return done

    # ------------------------------------------------------------ many rows

    @classmethod
    def batch_create(cls, rows, *, version=None):
        """
        Write `rows` (instances); one round trip for each 1,000.

        All have the same version. Not one transaction: after an error some may be written, so repeat it whole.
        """
        meta = cls._meta
        version = or_now(version)
        # All are encoded before the first is sent: a bad row stops the batch while nothing is written.
        encoded = [(meta.encode_key(row.__dict__), meta.encode_cells(row.__dict__)) for row in rows]
        for chunk in chunks(encoded):
            cls._run(wire.put_rows, chunk, version)

    @classmethod
    def batch_delete(cls, keys, *, version=None):
        """
        Delete the rows of `keys` (tuples), as far as there are; one round trip for each 1,000.
        """
        version = or_now(version)
        for chunk in chunks([cls._meta.key.encode(key) for key in keys]):
            cls._run(wire.delete_rows, chunk, cls._meta.families, version)

    @classmethod
    def get_many(cls, keys):
        """
        Return {key: row} of those of `keys` (tuples) that exist; one round trip for each 1,000.
        """
        found = {}
        for chunk in chunks([cls._meta.key.encode(key) for key in keys]):
            for key, cells in cls._run(wire.get_rows, chunk):
                row = cls._load(key, cells)
                found[row.key] = row
        return found

    @classmethod
    def filter(cls, *, prefix=(), start=(), stop=(), limit=None, reverse=False):
        """
        Return the rows whose keys begin with `prefix`, from `start` up to, not including, `stop`, in key order.

        All are tuples of leading values; `start` and `stop` begin where `prefix` ends. Key order is
        the order of values but for `DescendingIntegerField`, largest first: there `start=(n,)`
        means n and less, `stop=(n,)` more than n. Over a `ReversedIntegerField` there is no range.

        :param limit: two round trips for each 1,000 rows; without a limit everything is held in memory.
        :param reverse: the same rows from the other end.
        """
        if limit is not None and (type(limit) is not int or limit < 0):
            raise ValueError(f"limit is a number of rows, not {limit!r}")
        wanted = cls._meta.key.range(prefix, start, stop)
        found = scans.pages(cls.table(), wanted, limit=limit, reverse=reverse)
        return [cls._load(key, cells) for page in found for key, cells in page]

    @classmethod
    def scan(cls, *, prefix=(), after=None):
        """
        Yield every row that begins with `prefix`, in key order, holding one page of 1,000 at a time.

        For commands. Rows written meanwhile may or may not be among them.

        :param after: the key (a tuple) of the last row of an earlier scan, to go on behind it.
        """
        wanted = cls._meta.key.range(prefix, (), ())
        if after is not None:
            wanted = wanted.after(cls._meta.key.encode(after))
        for page in scans.pages(cls.table(), wanted):
            for key, cells in page:
                yield cls._load(key, cells)

    @classmethod
    def count(cls, *, prefix=(), start=(), stop=()):
        """
        Return how many rows `filter` would find. It reads them all, but fetches only their keys.
        """
        wanted = cls._meta.key.range(prefix, start, stop)
        return sum(len(page) for page in scans.pages(cls.table(), wanted, only=wire.KEYS_ONLY))

    # ------------------------------------------------------------ the table

    @classmethod
    def create_table(cls, *, outside_tests=False):
        """
        Make the table and say whether it was made now; an existing one is left as it is.

        It has one region, because Thrift 1 cannot split. For a big table first run
        `deploy/hbase/hbase.sh create-table` with what `create_table_arguments` says.

        :raises NotATestTable: the table prefix is not a test's and `outside_tests` is not given.
        """
        tables.check_prefix(cls.table(), outside_tests)
        return tables.create_table(cls.table(), cls._meta.families)

    @classmethod
    def drop_table(cls, *, outside_tests=False):
        """
        Drop the table with everything in it and say whether there was one.

        :raises NotATestTable: the table prefix is not a test's and `outside_tests` is not given.
        """
        tables.check_prefix(cls.table(), outside_tests)
        return tables.drop_table(cls.table())

    @classmethod
    def regions(cls):
        """
        Return the table's `wire.Region`s (start, stop, server) in key order; empty when there is no table.
        """
        return tables.regions(cls.table())

    @classmethod
    def create_table_arguments(cls):
        """
        Return what to give `hbase.sh create-table`, so that the table has `Meta.regions` regions from its birth.
        """
        splits = [key.hex() for key in split_keys(cls._meta.regions)]
        return [cls.table(), ",".join(cls._meta.families), *splits]

    # ------------------------------------------------------------ inside

    @classmethod
    def table(cls):
        """
        Return the table's full name: HBASE["TABLE_PREFIX"] and the model's own.
        """
        return settings.HBASE["TABLE_PREFIX"] + cls._meta.table_name

    @classmethod
    def _run(cls, call, *args, idempotent=True):
        table = cls.table()
        return get_pool().run(
            lambda connection: call(connection, table.encode(), *args), table=table, idempotent=idempotent
        )

    @classmethod
    def _load(cls, key, cells):
        row = cls.__new__(cls)
        row.__dict__ = cls._meta.decode(key, cells)
        return row


def chunks(items):
    """
    Yield lists of up to 1,000 `items`.
    """
    for begin in range(0, len(items), wire.PAGE_SIZE):
        yield items[begin : begin + wire.PAGE_SIZE]


def or_now(version):
    """
    Return `version`, or that of the moment.
    """
    if version is None:
        return next_id()
    if type(version) is not int or version < 0:
        raise ValueError(f"a version is a time id, not {version!r}")
    return version

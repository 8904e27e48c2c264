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

**Versions.** Every write has one: a time id (utils.database.time_ids), by default the current time.
Of all writes to a row the one with the highest version counts, in any order of arrival, and
a delete beats a create of the same version. So a write may be repeated and may come late: give it
a version that was drawn where the decision was made (inside the SQL transaction, for example), and
a late create cannot bring back what was deleted after it. Never pass numbers of another unit.

**Errors.** Every method raises `HBaseUnavailable` (no response), `HBaseError` (the server refused:
`TableMissing` and so on), `BadRowKey`, `BadColumn` or `MissingColumn` (see exceptions.py).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import ClassVar, Concatenate, ParamSpec, Self, TypeVar

from django.conf import settings

from utils.database.time_ids import next_id
from utils.hbase import scans, tables, wire
from utils.hbase.connection import Connection
from utils.hbase.keys import Key, split_keys
from utils.hbase.options import Cells, Options
from utils.hbase.pool import get_pool

Item = TypeVar("Item")
Result = TypeVar("Result")
Parameters = ParamSpec("Parameters")


class HBaseModel:
    """
    A row with the fields of its class as attributes; equal to another row with the same values.

    `Meta` has `table_name` and `row_key` (names of fields, in order). Optional are `regions` (with how many regions a
    big table should be created, unless HBASE["REGIONS"] is set) and `column_family` (of the empty cell of a model
    without columns; "f").
    """

    _meta: ClassVar[Options]

    def __init_subclass__(cls) -> None:
        cls._meta = Options(cls)

    def __init__(self, **values: int) -> None:
        """
        Build a row without writing it. Missing fields are None, and a write refuses them.

        :raises BadColumn: there is no such field.
        """
        self._meta.check_names(values)
        self.__dict__ = {**dict.fromkeys(self._meta.fields), **values}

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.__dict__ == self.__dict__

    def __hash__(self) -> int:
        return hash((type(self), self.key))

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={value!r}" for name, value in self.__dict__.items())
        return f"{type(self).__name__}({values})"

    @property
    def key(self) -> Key:
        """
        The row key as a tuple of values.
        """
        return tuple([self.__dict__[name] for name in self._meta.key.names])

    # ------------------------------------------------------------ one row

    @classmethod
    def create(cls, *, version: int | None = None, **values: int) -> Self:
        """
        Write a row and return it; it replaces a row with the same key. One round trip.
        """
        row = cls(**values)
        cls.batch_create([row], version=version)
        return row

    @classmethod
    def get(cls, **key: int) -> Self | None:
        """
        Return the row with this key, or None. One round trip.
        """
        encoded = cls._meta.encode_only_key(key)
        cells = cls._run(wire.get_row, encoded)
        return None if cells is None else cls._load(encoded, cells)

    @classmethod
    def delete(cls, *, version: int | None = None, **key: int) -> None:
        """
        Delete the row with this key, if it exists. One round trip.
        """
        encoded = cls._meta.encode_only_key(key)
        cls._run(wire.delete_rows, [encoded], cls._meta.families, or_now(version))

    # ------------------------------------------------------------ many rows

    @classmethod
    def batch_create(cls, rows: Iterable["HBaseModel"], *, version: int | None = None) -> None:
        """
        Write `rows` (instances); one round trip for each 1,000.

        All get the same version. This is not one transaction: after an error some may be written,
        so repeat the whole batch.
        """
        meta = cls._meta
        version = or_now(version)
        # All are encoded before the first is sent, so an invalid row stops the batch before anything is written.
        encoded = [(meta.encode_key(row.__dict__), meta.encode_cells(row.__dict__)) for row in rows]
        for chunk in chunks(encoded):
            cls._run(wire.put_rows, chunk, version)

    @classmethod
    def batch_delete(cls, keys: Iterable[Key], *, version: int | None = None) -> None:
        """
        Delete the rows of `keys` (tuples) that exist; one round trip for each 1,000.
        """
        version = or_now(version)
        for chunk in chunks([cls._meta.key.encode(key) for key in keys]):
            cls._run(wire.delete_rows, chunk, cls._meta.families, version)

    @classmethod
    def get_many(cls, keys: Iterable[Key]) -> dict[Key, Self]:
        """
        Return {key: row} for those of `keys` (tuples) that exist; one round trip for each 1,000.
        """
        found: dict[Key, Self] = {}
        for chunk in chunks([cls._meta.key.encode(key) for key in keys]):
            for key, cells in cls._run(wire.get_rows, chunk):
                row = cls._load(key, cells)
                found[row.key] = row
        return found

    @classmethod
    def filter(cls, *, prefix: Key = (), start: Key = (), stop: Key = (), limit: int | None = None) -> list[Self]:
        """
        Return the rows whose keys begin with `prefix`, from `start` up to, not including, `stop`, in key order.

        All are tuples of leading values; `start` and `stop` begin where `prefix` ends. Key order is
        the order of values, except that a `DescendingIntegerField` has the largest first: there
        `start=(n,)` means n and less, `stop=(n,)` more than n. A `ReversedIntegerField` has no ranges.

        Two round trips for each 1,000 rows.

        :param limit: without one, all rows are held in memory.
        """
        if limit is not None and (type(limit) is not int or limit < 0):
            raise ValueError(f"limit is a number of rows, not {limit!r}")
        key_range = cls._meta.key.range(prefix, start, stop)
        return [cls._load(*row) for page in scans.pages(cls.table(), key_range, limit=limit) for row in page]

    @classmethod
    def scan(cls, *, prefix: Key = (), after: Key | None = None) -> Iterator[Self]:
        """
        Yield every row whose key begins with `prefix`, in key order, holding one page of 1,000 in memory at a time.

        For commands. Rows written during the scan may or may not be among them.

        :param after: the key (a tuple) of the last row of an earlier scan, to continue after it.
        """
        key_range = cls._meta.key.range(prefix, (), ())
        if after is not None:
            key_range = key_range.after(cls._meta.key.encode(after))
        for page in scans.pages(cls.table(), key_range):
            for row in page:
                yield cls._load(*row)

    @classmethod
    def count(cls, *, prefix: Key = (), start: Key = (), stop: Key = ()) -> int:
        """
        Return how many rows `filter` would find. The server reads them all but sends only their keys.
        """
        key_range = cls._meta.key.range(prefix, start, stop)
        return sum(len(page) for page in scans.pages(cls.table(), key_range, filter_string=wire.KEYS_ONLY))

    # ------------------------------------------------------------ the table

    @classmethod
    def create_table(cls, *, outside_tests: bool = False) -> bool:
        """
        Create the table; return False, and change nothing, if it already exists.

        It has one region, because Thrift 1 cannot split tables. For a big table first run
        `deploy/hbase/hbase.sh create-table` with what `create_table_arguments` returns.

        :raises NotATestTable: the table prefix is not a test's and `outside_tests` is not given.
        """
        tables.check_prefix(cls.table(), outside_tests=outside_tests)
        return tables.create_table(cls.table(), cls._meta.families)

    @classmethod
    def drop_table(cls, *, outside_tests: bool = False) -> bool:
        """
        Drop the table with everything in it; return False if it does not exist.

        :raises NotATestTable: the table prefix is not a test's and `outside_tests` is not given.
        """
        tables.check_prefix(cls.table(), outside_tests=outside_tests)
        return tables.drop_table(cls.table())

    @classmethod
    def regions(cls) -> list[wire.Region]:
        """
        Return the table's `wire.Region`s (start, stop, server) in key order; empty if the table does not exist.
        """
        return tables.regions(cls.table())

    @classmethod
    def create_table_arguments(cls) -> list[str]:
        """
        Return the arguments of `hbase.sh create-table` that create the table split, in as many regions as
        HBASE["REGIONS"] says, or `Meta.regions`.
        """
        splits = [key.hex() for key in split_keys(settings.HBASE["REGIONS"] or cls._meta.regions)]
        return [cls.table(), ",".join(cls._meta.families), *splits]

    # ------------------------------------------------------------ inside

    @classmethod
    def table(cls) -> str:
        """
        Return the table's full name: HBASE["TABLE_PREFIX"] and the model's own.
        """
        return f"{settings.HBASE['TABLE_PREFIX']}{cls._meta.table_name}"

    @classmethod
    def _run(
        cls,
        call: Callable[Concatenate[Connection, bytes, Parameters], Result],
        *args: Parameters.args,
        **kwargs: Parameters.kwargs,
    ) -> Result:
        table = cls.table()
        return get_pool().run(lambda connection: call(connection, table.encode(), *args, **kwargs), table=table)

    @classmethod
    def _load(cls, key: bytes, cells: Cells) -> Self:
        row = cls.__new__(cls)
        row.__dict__ = cls._meta.decode(key, cells)
        return row


def chunks(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """
    Yield slices of up to 1,000 `items`.
    """
    for begin in range(0, len(items), wire.PAGE_SIZE):
        yield items[begin : begin + wire.PAGE_SIZE]


def or_now(version: int | None) -> int:
    """
    Return `version`, or one for the current time if it is None.
    """
    if version is None:
        return next_id()
    if type(version) is not int or version < 0:
        raise ValueError(f"a version is a time id, not {version!r}")
    return version

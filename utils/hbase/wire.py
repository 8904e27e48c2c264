"""
The calls of Thrift 1 that the project makes. Tables, keys and cells are bytes; the caller gives the connection.

Every write carries its own timestamp. HBase's own timestamps are milliseconds, and of a delete and
a put in the same millisecond the delete wins even if it came first: on a real server 63 % of rows
that were created again right after a delete stayed invisible.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import happybase
import Hbase_thrift  # happybase creates this module from its IDL, so it comes second
from Hbase_thrift import BatchMutation, Mutation, TScan

from utils.hbase.connection import SERVER_ERRORS, Connection
from utils.observability.metrics import count_keys

# A key, and {column: value}.
Row = tuple[bytes, dict[bytes, bytes]]

# Rows in one response of the server, and rows sent in one call.
PAGE_SIZE = 1000

# Thrift's own defaults differ from the server's: three versions, no Bloom filter and no block cache, so
# that every read goes to the file. deploy/hbase/src/HBaseTool.java creates tables with the same options.
FAMILY_OPTIONS = {"max_versions": 1, "bloom_filter_type": "ROW", "block_cache_enabled": True}

# Leaves out the values, so that counting does not send them over the network.
KEYS_ONLY = "FirstKeyOnlyFilter() AND KeyOnlyFilter()"


@dataclass(frozen=True, slots=True)
class Region:
    """
    A part of a table and the region server that serves it. `stop` is exclusive; empty bytes are the table's ends.
    """

    start: bytes
    stop: bytes
    server: str


def get_row(connection: Connection, table: bytes, key: bytes) -> dict[bytes, bytes] | None:
    """
    Return {column: value} of one row, or None. One round trip.
    """
    count_keys(table.decode(), "read", [key])
    rows = connection.client.getRow(table, key, {})
    return get_cells(rows[0]) if rows else None


def get_rows(connection: Connection, table: bytes, keys: Sequence[bytes]) -> list[Row]:
    """
    Return [(key, {column: value})] for the rows that exist, in the order of `keys`. One round trip.
    """
    count_keys(table.decode(), "read", keys)
    return [(row.row, get_cells(row)) for row in connection.client.getRows(table, keys, {})]


def put_rows(connection: Connection, table: bytes, rows: Sequence[Row], version: int) -> None:
    """
    Write `rows`, pairs of a key and {column: value}. One round trip.
    """
    count_keys(table.decode(), "write", [key for key, _ in rows])
    batch = [
        BatchMutation(row=key, mutations=[Mutation(column=column, value=value) for column, value in cells.items()])
        for key, cells in rows
    ]
    connection.client.mutateRowsTs(table, batch, version, {})


def delete_rows(
    connection: Connection, table: bytes, keys: Sequence[bytes], families: Iterable[str], version: int
) -> None:
    """
    Delete whole rows that are not newer than `version`. One round trip.
    """
    count_keys(table.decode(), "write", keys)
    mutations = [Mutation(column=family, isDelete=True) for family in families]
    batch = [BatchMutation(row=key, mutations=mutations) for key in keys]
    connection.client.mutateRowsTs(table, batch, version, {})


def scan_page(
    connection: Connection,
    table: bytes,
    start: bytes,
    stop: bytes | None,
    limit: int,
    *,
    filter_string: str | None = None,
) -> list[Row]:
    """
    Return [(key, {column: value})] for the first `limit` rows from `start` on. Two round trips.

    Fewer rows than `limit` mean that there are no more.

    :param stop: exclusive; None is the end of the table.
    :param filter_string: a filter such as `KEYS_ONLY`.
    """
    count_keys(table.decode(), "read", [start])
    client = connection.client
    scan = TScan(
        startRow=start,
        stopRow=stop,
        # The server reads ahead by this much; with happybase's default it would read 1,000 rows to return 20.
        caching=limit,
        # With PageFilter the region server ends the scan by itself, which saves Thrift a call to close it there.
        filterString=f"PageFilter({limit})" + (f" AND {filter_string}" if filter_string else ""),
    )
    scanner = client.scannerOpenWithScan(table, scan, {})
    # Both calls are sent before the first response is read, which saves one of three round trips,
    # a fifth of the time of a feed page. Responses come in the order of the calls.
    client._send("scannerGetList", id=scanner, nbRows=limit)
    client._send("scannerClose", id=scanner)
    try:
        rows = client._recv("scannerGetList")
    except SERVER_ERRORS:
        # The connection stays in use, and an unread response would be taken for that of the next call.
        client._recv("scannerClose")
        raise
    client._recv("scannerClose")
    return [(row.row, get_cells(row)) for row in rows]


# `Any`: a TRowResult; Thrift's classes have no types.
def get_cells(row: Any) -> dict[bytes, bytes]:
    return {column: cell.value for column, cell in row.columns.items()}


def create_table(connection: Connection, table: bytes, families: Iterable[str]) -> bool:
    """
    Create a table with one version of each cell; return False if it exists already. Takes about half a second.
    """
    try:
        connection.create_table(table, dict.fromkeys(families, FAMILY_OPTIONS))
    except Hbase_thrift.AlreadyExists:
        return False
    return True


def drop_table(connection: Connection, table: bytes) -> bool:
    """
    Disable and delete a table; return False if it does not exist. Takes one to two seconds.
    """
    if table not in connection.client.getTableNames():
        return False
    connection.delete_table(table, disable=True)
    return True


def regions(connection: Connection, table: bytes) -> list[Region]:
    """
    Return the `Region`s of a table in key order; empty if the table does not exist.
    """
    return [
        Region(region["start_key"], region["end_key"], f"{region['server_name'].decode()}:{region['port']}")
        for region in happybase.Table(table, connection).regions()
    ]

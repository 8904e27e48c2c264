"""
The calls of Thrift 1 that the project makes: tables, keys and cells as bytes, one connection given.

Every write carries its own timestamp. Left to itself HBase stamps in milliseconds, and of a
delete and a put in the same millisecond the delete wins even when it came first: on a real
server 63 % of rows that were made again right after a delete stayed invisible.
"""

from dataclasses import dataclass

import happybase
import Hbase_thrift  # happybase makes this module from its IDL, so it comes second
from Hbase_thrift import BatchMutation, Mutation, TScan

from utils.hbase.connection import SERVER_ERRORS

# Rows fetched by one answer of the server, and rows sent in one call.
PAGE_SIZE = 1000

# Thrift's own defaults are neither the server's nor good: three versions, no Bloom filter and no block
# cache, so that every read goes to the file. deploy/hbase/src/HBaseTool.java makes the same tables.
FAMILY_OPTIONS = {"max_versions": 1, "bloom_filter_type": "ROW", "block_cache_enabled": True}

# Leaves out the values, so that counting does not carry them over the network.
KEYS_ONLY = "FirstKeyOnlyFilter() AND KeyOnlyFilter()"


@dataclass(frozen=True, slots=True)
class Region:
    """
    A part of a table and the region server it lives on. `stop` is exclusive; empty bytes are the table's ends.
    """

    start: bytes
    stop: bytes
    server: str


def get_row(connection, table, key):
    """
    Return {column: value} of one row, or None. One round trip.
    """
    rows = connection.client.getRow(table, key, {})
    return cells_of(rows[0]) if rows else None


def get_rows(connection, table, keys):
    """
    Return [(key, {column: value})] of those rows that exist, in the order of `keys`. One round trip.
    """
    return [(row.row, cells_of(row)) for row in connection.client.getRows(table, keys, {})]


def put_rows(connection, table, rows, version):
    """
    Write `rows`, pairs of a key and {column: value}; a value of None removes that column. One round trip.
    """
    batch = [
        BatchMutation(
            row=key,
            mutations=[
                Mutation(column=column, isDelete=True) if value is None else Mutation(column=column, value=value)
                for column, value in cells.items()
            ],
        )
        for key, cells in rows
    ]
    connection.client.mutateRowsTs(table, batch, version, {})


def delete_rows(connection, table, keys, families, version):
    """
    Delete whole rows, as far as they are not newer than `version`. One round trip.
    """
    mutations = [Mutation(column=family, isDelete=True) for family in families]
    batch = [BatchMutation(row=key, mutations=mutations) for key in keys]
    connection.client.mutateRowsTs(table, batch, version, {})


def compare_and_put(connection, table, key, column, expected, value):
    """
    Set one column if it holds `expected` (None: if it is not there) and say whether it was set. One round trip.
    """
    return connection.client.checkAndPut(table, key, column, expected, Mutation(column=column, value=value), {})


def scan_page(connection, table, start, stop, limit, *, backwards=False, only=None):
    """
    Return [(key, {column: value})] of the first `limit` rows from `start` on. Two round trips.

    Fewer rows than `limit` mean that there are no more: the server says so only at the end.

    :param stop: exclusive; None is the table's end. With `backwards` it is below `start`, None is the beginning.
    :param only: a filter such as `KEYS_ONLY`.
    """
    client = connection.client
    scan = TScan(
        startRow=start,
        stopRow=stop,
        # The server reads ahead by this much; happybase's 1,000 would be read to show 20.
        caching=limit,
        reversed=backwards or None,
        # With it the region server ends the scan by itself, which saves Thrift a call to close it there.
        filterString=f"PageFilter({limit})" + (f" AND {only}" if only else ""),
    )
    scanner = client.scannerOpenWithScan(table, scan, {})
    # Both questions are sent before the first answer is read: of three round trips one is saved,
    # a fifth of the time of a feed page. Answers come in the order of the questions.
    client._send("scannerGetList", id=scanner, nbRows=limit)
    client._send("scannerClose", id=scanner)
    try:
        rows = client._recv("scannerGetList")
    except SERVER_ERRORS:
        # The connection goes on living, and an answer left unread would be taken for the next question's.
        client._recv("scannerClose")
        raise
    client._recv("scannerClose")
    return [(row.row, cells_of(row)) for row in rows]


def cells_of(row):
    return {column: cell.value for column, cell in row.columns.items()}


def create_table(connection, table, families):
    """
    Make a table with one version of each cell and say whether it was made now. Takes about half a second.
    """
    try:
        connection.create_table(table, dict.fromkeys(families, FAMILY_OPTIONS))
    except Hbase_thrift.AlreadyExists:
        return False
    return True


def drop_table(connection, table):
    """
    Disable and delete a table and say whether there was one. Takes one to two seconds.
    """
    if table not in connection.client.getTableNames():
        return False
    connection.delete_table(table, disable=True)
    return True


def regions(connection, table):
    """
    Return the `Region`s of a table in key order; empty when there is no such table.
    """
    return [
        Region(region["start_key"], region["end_key"], f"{region['server_name'].decode()}:{region['port']}")
        for region in happybase.Table(table, connection).regions()
    ]

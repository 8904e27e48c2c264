"""
Reading a range of rows page by page.

No scanner outlives its page: the server would forget one that is idle for too long, and a
connection would be occupied for as long as the caller takes over a page.
"""

from collections.abc import Iterator

from utils.hbase import wire
from utils.hbase.keys import KeyRange
from utils.hbase.pool import get_pool


def pages(
    table: str, key_range: KeyRange, *, limit: int | None = None, filter_string: str | None = None
) -> Iterator[list[wire.Row]]:
    """
    Yield lists of (key, {column: value}) from `key_range`, at most `limit` rows in all.

    Two round trips for each 1,000 rows, made when the page is asked for.
    """
    left = limit
    while not key_range.is_empty and left != 0:
        size = wire.PAGE_SIZE if left is None else min(wire.PAGE_SIZE, left)
        rows = fetch_page(table, key_range, size, filter_string)
        yield rows
        if len(rows) < size:
            return
        if left is not None:
            left -= size
        key_range = key_range.after(rows[-1][0])


def fetch_page(table: str, key_range: KeyRange, size: int, filter_string: str | None) -> list[wire.Row]:
    return get_pool().run(
        lambda connection: wire.scan_page(
            connection, table.encode(), key_range.start, key_range.stop, size, filter_string=filter_string
        ),
        table=table,
    )

"""
Reading a range of rows page by page.

No scanner outlives its page: the server would forget one that waits too long, and a connection
would be held for as long as the caller takes over a page.
"""

from utils.hbase import wire
from utils.hbase.keys import predecessor
from utils.hbase.pool import get_pool


def pages(table, wanted, *, limit=None, reverse=False, only=None):
    """
    Yield lists of (key, {column: value}) from the `KeyRange` `wanted`, at most `limit` rows in all.

    Two round trips for each 1,000 rows, made when the page is asked for.
    """
    left = limit
    while not wanted.is_empty and left != 0:
        size = wire.PAGE_SIZE if left is None else min(wire.PAGE_SIZE, left)
        fetch = fetch_backwards if reverse else fetch_forwards
        rows = fetch(table, wanted, size, only)
        yield rows
        if len(rows) < size:
            return
        if left is not None:
            left -= size
        last_key = rows[-1][0]
        wanted = wanted.before(last_key) if reverse else wanted.after(last_key)


def fetch_forwards(table, wanted, size, only):
    return get_pool().run(
        lambda connection: wire.scan_page(connection, table.encode(), wanted.start, wanted.stop, size, only=only),
        table=table,
    )


def fetch_backwards(table, wanted, size, only):
    # A reverse scan begins *with* its start and ends *above* its stop, the opposite of what a range says at
    # both ends. So it begins one row too early, ends a little too late, and the surplus is dropped here.
    rows = get_pool().run(
        lambda connection: wire.scan_page(
            connection,
            table.encode(),
            wanted.stop,
            predecessor(wanted.start),
            size + 1,
            backwards=True,
            only=only,
        ),
        table=table,
    )
    inside = [row for row in rows if wanted.start <= row[0] and (wanted.stop is None or row[0] < wanted.stop)]
    return inside[:size]

"""
Making and dropping tables, and where their regions are.

Tables outlive everything else here, so outside tests a caller has to say that it means it. A
test's table is one whose prefix (HBASE["TABLE_PREFIX"]) begins with `test_`.
"""

from django.conf import settings

from utils.hbase import wire
from utils.hbase.exceptions import NotATestTable
from utils.hbase.pool import get_pool, timeout

TEST_PREFIX = "test_"
# The server makes or drops a table in about a second, but waits for it when it is busy.
ADMIN_TIMEOUT_MS = 30_000


def check_prefix(table, outside_tests):
    """
    :raises NotATestTable: the table prefix is not a test's and `outside_tests` is not given.
    """
    if not outside_tests and not settings.HBASE["TABLE_PREFIX"].startswith(TEST_PREFIX):
        raise NotATestTable(f"{table} is not a test's table; say outside_tests=True if you mean it")


def create_table(table, families):
    """
    Make a table with these column families and say whether it was made now.
    """
    return run(table, wire.create_table, families)


def drop_table(table):
    """
    Drop a table and say whether there was one.
    """
    return run(table, wire.drop_table)


def regions(table):
    """
    Return the `wire.Region`s of a table in key order; empty when there is no such table.
    """
    return run(table, wire.regions)


def run(table, call, *args):
    with timeout(ADMIN_TIMEOUT_MS):
        return get_pool().run(lambda connection: call(connection, table.encode(), *args), table=table)

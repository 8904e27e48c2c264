"""
Creating and dropping tables, and where their regions are.

Dropping a table loses all its rows, so outside tests a caller must say explicitly that this is
intended. A test's table is one whose prefix (HBASE["TABLE_PREFIX"]) begins with `test_`.
"""

from collections.abc import Callable, Sequence
from typing import Concatenate, ParamSpec, TypeVar

from django.conf import settings

from utils.hbase import wire
from utils.hbase.connection import Connection
from utils.hbase.exceptions import NotATestTable
from utils.hbase.pool import get_pool, timeout

TEST_PREFIX = "test_"
# The server creates or drops a table in about a second, and takes longer when it is busy.
ADMIN_TIMEOUT_MS = 30_000

Result = TypeVar("Result")
Parameters = ParamSpec("Parameters")


def check_prefix(table: str, *, outside_tests: bool) -> None:
    """
    :raises NotATestTable: the table prefix is not a test's and `outside_tests` is not given.
    """
    if not outside_tests and not settings.HBASE["TABLE_PREFIX"].startswith(TEST_PREFIX):
        raise NotATestTable(f"{table} is not a test's table; say outside_tests=True if you mean it")


def create_table(table: str, families: Sequence[str]) -> bool:
    """
    Create a table with these column families; return False if it already exists.
    """
    return run(table, wire.create_table, families)


def drop_table(table: str) -> bool:
    """
    Drop a table; return False if it does not exist.
    """
    return run(table, wire.drop_table)


def regions(table: str) -> list[wire.Region]:
    """
    Return the `wire.Region`s of a table in key order; empty if the table does not exist.
    """
    return run(table, wire.regions)


def run(
    table: str,
    call: Callable[Concatenate[Connection, bytes, Parameters], Result],
    *args: Parameters.args,
    **kwargs: Parameters.kwargs,
) -> Result:
    with timeout(ADMIN_TIMEOUT_MS):
        return get_pool().run(lambda connection: call(connection, table.encode(), *args, **kwargs), table=table)

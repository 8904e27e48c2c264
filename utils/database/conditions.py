"""
Conditions that the ORM can only express slowly.
"""

from collections.abc import Collection, Sequence
from typing import Any

from django.db.models import BooleanField, Lookup
from django.db.models.expressions import RawSQL
from django.db.models.sql.compiler import SQLCompiler


class PlainCondition(Lookup):
    """
    SQL that is true or false, as a condition of its own.

    On MySQL Django compares any other boolean expression with 1, and then no index is used.
    """

    prepare_rhs = False

    def __init__(self, sql: str, parameters: Sequence[Any]) -> None:
        super().__init__(RawSQL(sql, parameters, output_field=BooleanField()), None)  # noqa: S611 (SQL of ours)

    def as_sql(self, compiler: SQLCompiler, connection: Any) -> tuple[str, Any]:
        return compiler.compile(self.lhs)


def any_of(columns: Sequence[str], rows: Collection[tuple[int, ...]]) -> PlainCondition:
    """
    Return the condition that these columns of the filtered table have the numbers of one of `rows`; false without rows.

    It is plain SQL, because Django needs longer to compile a hundred alternatives than the database to find them. It
    does not compare pairs with IN, because MySQL would then read the index from its beginning.
    """
    alternative = " AND ".join(f"{column} = %s" for column in columns)
    sql = " OR ".join([f"({alternative})"] * len(rows)) or "1 = 0"
    return PlainCondition(sql, [number for row in rows for number in row])

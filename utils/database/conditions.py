"""
Conditions that the ORM can only express slowly.
"""

from collections.abc import Collection, Sequence

from django.db.models import BooleanField
from django.db.models.expressions import RawSQL


def any_of(columns: Sequence[str], rows: Collection[tuple[int, ...]]) -> RawSQL:
    """
    Return the condition that these columns of the filtered table hold the numbers of one of `rows`; none hold no rows.

    Plain SQL: Django needs longer to compile a hundred alternatives than the database to look for them. Not one
    comparison of pairs with IN: MySQL would read the index from its beginning for that.
    """
    alternative = " AND ".join(f"{column} = %s" for column in columns)
    sql = " OR ".join([f"({alternative})"] * len(rows)) or "1 = 0"
    numbers = [number for row in rows for number in row]
    return RawSQL(sql, numbers, output_field=BooleanField())  # noqa: S611 (the columns' names are ours)

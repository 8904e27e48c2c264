"""
What a JSON value from a cache must look like. A damaged value or one of another release counts as a miss.
"""

from collections.abc import Iterable
from itertools import chain, product
from typing import Any

from utils.database.time_ids import MAX_ID

NONE = type(None)


class RecordShape:
    """
    The fields of a record in the order in which they are written, and of which types each may be.

    It compares tuples, which is fast, because every record of a page is checked.
    """

    def __init__(self, **fields: type | tuple[type, ...]) -> None:
        self._names = tuple(fields)
        choices = [kinds if isinstance(kinds, tuple) else (kinds,) for kinds in fields.values()]
        self._types = set(product(*choices))

    def matches(self, value: Any) -> bool:
        """
        Say whether a value is such a record.
        """
        return type(value) is dict and (*value,) == self._names and (*map(type, value.values()),) in self._types


def are_ids(values: Any) -> bool:
    """
    Say whether `values` is a list of whole numbers that may be ids; an empty one is.
    """
    if type(values) is not list:
        return False
    return not values or (set(map(type, values)) == {int} and min(values) >= 0 and max(values) <= MAX_ID)


def parse_ids(texts: list[bytes]) -> list[int] | None:
    """
    Return the ids that Redis stores as texts, or None if one of them is not an id.
    """
    try:
        ids = [int(text) for text in texts]
    except ValueError:
        return None
    return ids if are_ids(ids) else None


def are_id_rows(rows: Any, length: int) -> bool:
    """
    Say whether `rows` is a list of lists of this many ids.
    """
    if type(rows) is not list:
        return False
    if not rows:
        return True
    # All rows are checked at once, because a call for each row of a page would take longer.
    return set(map(type, rows)) == {list} and set(map(len, rows)) == {length} and are_ids([*chain.from_iterable(rows)])


def are_records(values: Any, shape: RecordShape, ids: Iterable[str] = ()) -> bool:
    """
    Say whether `values` is a list of records of one shape, whose fields `ids` may be ids.
    """
    if type(values) is not list or not all(map(shape.matches, values)):
        return False
    return all(are_ids([value[name] for value in values]) for name in ids)

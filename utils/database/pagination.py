"""
Endless pages by id: the arithmetic of ranges and cursors, without HTTP and without a store.

An `IdRange` is (before, after): the rows with after < id < before, newest first. An id is a time
(utils/database/time_ids.py), so `created_at__lt`, `created_at__gt` and a cursor are all ranges.
"""

import base64
import binascii
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from utils.database.time_ids import MAX_ID

CURSOR = re.compile(rb"(\d{1,16})\.(\d{1,16})\.([ou])")
MAX_ROUND_ROWS = 1000
# Longer than any cursor of ours.
MAX_CURSOR_LENGTH = 64

Fetched = TypeVar("Fetched")
Shown = TypeVar("Shown")


class BadCursor(ValueError):
    """
    The cursor was not made by this project.
    """


def encode_cursor(text: str) -> str:
    """
    Return a short ASCII text as an opaque cursor, of letters that need no escaping in an address.
    """
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(cursor: str, pattern: re.Pattern[bytes]) -> re.Match[bytes]:
    """
    Return the match of `pattern` with the text that `encode_cursor` encoded.

    :raises BadCursor: `encode_cursor` did not make it, or the text does not match.
    """
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error) as error:
        raise BadCursor(cursor) from error
    match = pattern.fullmatch(raw)
    if not match:
        raise BadCursor(cursor)
    return match


@dataclass(frozen=True, slots=True)
class IdRange:
    """
    Which part of a list is asked for.

    :param before, after: exclusive id bounds; None is open.
    :param newer: the range began as `created_at__gt`, whose pages may be larger.
    """

    before: int | None = None
    after: int | None = None
    newer: bool = False

    def encode(self) -> str:
        """
        Return the range as an opaque cursor.
        """
        kind = "u" if self.newer else "o"
        return encode_cursor(f"{self.before or 0}.{self.after or 0}.{kind}")

    def older_than(self, id: int) -> "IdRange":
        """
        Return what is left of the range below `id`, for lists that go from new to old.
        """
        return IdRange(id, self.after, self.newer)

    def newer_than(self, id: int) -> "IdRange":
        """
        Return what is left of the range above `id`, for lists that go from old to new.
        """
        return IdRange(self.before, id, self.newer)

    @classmethod
    def decode(cls, cursor: str) -> "IdRange":
        """
        Return the range that `encode` encoded.

        :raises BadCursor: `encode` did not make this cursor.
        """
        match = decode_cursor(cursor, CURSOR)
        if max(int(match[1]), int(match[2])) > MAX_ID:
            raise BadCursor(cursor)
        id_range = cls(int(match[1]) or None, int(match[2]) or None, match[3] == b"u")
        if id_range.encode() != cursor:
            raise BadCursor(cursor)
        return id_range


@dataclass(slots=True)
class Page(Generic[Shown]):
    """
    Rows of one page and the range of the next one, None at the end.
    """

    rows: list[Shown]
    next_range: IdRange | None = None


@dataclass(frozen=True, slots=True)
class NumberedPage(Generic[Shown]):
    """
    Rows of one page by number.

    :param reachable: the number of rows that numbered pages cover.
    :param total: the number of all rows; larger than `reachable` if the list is too long for numbered pages.
    """

    rows: list[Shown]
    reachable: int
    total: int


def fill_page(
    id_range: IdRange,
    limit: int,
    *,
    fetch: Callable[[int | None, int | None, int], Sequence[Fetched]],
    filter_visible: Callable[[Sequence[Fetched]], Sequence[Shown]],
    get_id: Callable[[Shown], int],
    advance: Callable[[IdRange, int], IdRange] = IdRange.older_than,
) -> Page[Shown]:
    """
    Return a full page of visible rows: rows that `filter_visible` drops are replaced by older ones.

    One `fetch` and one `filter_visible` where nothing is hidden; each further round asks for twice as much.

    :param fetch: fetch(before, after, limit) -> rows in the order of the list.
    :param filter_visible: filter_visible(rows) -> what may be shown, in order.
    :param get_id: the id of what `filter_visible` returned.
    :param advance: `IdRange.older_than`, or `IdRange.newer_than` for a list from old to new.
    """
    shown: list[Shown] = []
    rest, wanted = id_range, limit + 1
    while True:
        rows = fetch(rest.before, rest.after, wanted)
        shown += filter_visible(rows)
        if len(shown) > limit or len(rows) < wanted:
            break
        rest = advance(rest, row_id(rows[-1]))
        wanted = min(wanted * 2, MAX_ROUND_ROWS)
    if len(shown) <= limit:
        return Page(shown)
    shown = shown[:limit]
    return Page(shown, advance(id_range, get_id(shown[-1])))


# `Any`: the four kinds have nothing in common.
def row_id(row: Any) -> int:
    """
    Return the id of what was fetched: a bare id, a record, a tuple that begins with it, or a row that has one.
    """
    if isinstance(row, int):
        return row
    if isinstance(row, tuple):
        return int(row[0])
    return int(row["id"] if isinstance(row, dict) else row.id)

"""
Pagination over HTTP, by cursor and by page number: it reads query parameters and builds the contract's envelopes.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.utils.dateparse import parse_datetime
from django.utils.encoding import escape_uri_path
from django.utils.timezone import is_aware
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import PageNumberPagination
from rest_framework.request import Request
from rest_framework.response import Response

from utils.database.pagination import BadCursor, IdRange, NumberedPage, Page
from utils.database.time_ids import MAX_ID, datetime_to_id

if TYPE_CHECKING:
    from datetime import datetime

DEFAULT_LIMIT, MAX_LIMIT = 20, 100
NEWER_LIMIT = 200
NUMBERED_SIZE = 20
# Python refuses to read integers of thousands of digits.
MAX_DIGITS = 100

# The parameters that `next` replaces. "trail" belongs to the browsable page (utils/pages/links.py).
RANGE_PARAMETERS = {"cursor", "created_at__lt", "created_at__gt", "trail"}

BAD_TIME = "Enter a time in ISO 8601 with its zone, percent-encoded, such as 2026-01-31T12:00:00.000000Z."
BAD_CURSOR = "Invalid cursor."
BAD_LIMIT = "Enter a whole number of at least 1."


def positive_number(text: str) -> int | None:
    """
    Return `text`, ASCII digits, as a number of at least 1 and at most `MAX_ID`; None if it is anything else.
    """
    if not text.isascii() or not text.isdigit() or len(text) > MAX_DIGITS:
        return None
    return min(int(text), MAX_ID) or None


def is_first_page(request: Request) -> bool:
    """
    Say whether the request asks for the beginning of a list.
    """
    params = request.query_params
    return RANGE_PARAMETERS.isdisjoint(params) and params.get("page", "1") == "1"


def next_page_url(request: Request, cursor: str) -> str:
    """
    Return the absolute URL of the same list from `cursor` on. A cursor has no characters that need escaping.
    """
    others = [
        (name, value)
        for name, values in request.query_params.lists()
        for value in values
        if name not in RANGE_PARAMETERS
    ]
    query = f"{urlencode(others)}&cursor={cursor}" if others else f"cursor={cursor}"
    http = request._request
    return f"{http.scheme}://{http.get_host()}{escape_uri_path(http.path)}?{query}"


class EndlessRequest:
    """
    The range of ids and the page size that a request asks for.

    :raises ValidationError: a bad or unencoded time, or one without a zone; a bad or empty cursor; a bad limit.
    """

    def __init__(self, request: Request) -> None:
        self.request = request
        params = request.query_params
        if "cursor" in params:
            self.id_range = self._cursor(params["cursor"])
        elif "created_at__gt" in params:
            self.id_range = IdRange(after=self._time("created_at__gt"), newer=True)
        elif "created_at__lt" in params:
            self.id_range = IdRange(before=self._time("created_at__lt"))
        else:
            self.id_range = IdRange()
        self.limit = self._limit()

    def _cursor(self, cursor: str) -> IdRange:
        try:
            return IdRange.decode(cursor)
        except BadCursor as error:
            raise ValidationError({"cursor": [BAD_CURSOR]}) from error

    def _time(self, name: str) -> int:
        text = self.request.query_params[name]
        try:
            # Django's pattern would accept digits of any script.
            moment: datetime | None = parse_datetime(text) if text.isascii() and text.isprintable() else None
        except ValueError:
            moment = None
        if moment is None or not is_aware(moment):
            raise ValidationError({name: [BAD_TIME]})
        # Clamped to [1, MAX_ID]: a bound beyond all ids means the same as the last one.
        return min(max(datetime_to_id(moment), 1), MAX_ID)

    def _limit(self) -> int:
        max_limit = NEWER_LIMIT if self.id_range.newer else MAX_LIMIT
        text = self.request.query_params.get("limit")
        if text is None:
            return NEWER_LIMIT if self.id_range.newer else DEFAULT_LIMIT
        limit = positive_number(text)
        if limit is None:
            raise ValidationError({"limit": [BAD_LIMIT]})
        return min(limit, max_limit)

    def next_url(self, page: Page[Any]) -> str | None:
        """
        Return the absolute URL of the page after `page`, None at the end.
        """
        return None if page.next_range is None else next_page_url(self.request, page.next_range.encode())

    # Any: the pages of all lists pass here, and their rows are not read.
    def envelope(self, page: Page[Any], results: Sequence[Any], *, name: str = "results") -> Response:
        """
        Return the response of a list with cursors; `results` are the rows of the page, ready for JSON.
        """
        return Response({"has_next_page": page.next_range is not None, "next": self.next_url(page), name: results})


class NumberedRequest:
    """
    Page numbers, for clients that jump: `page` and `size`, both from 1, at most 20 rows a page.

    :raises NotFound: the page is not a number, or there is no page with this number.
    :raises ValidationError: the size is not a number.
    """

    def __init__(self, request: Request) -> None:
        number = positive_number(request.query_params["page"])
        if number is None:
            raise NotFound("Invalid page.")
        self.number = number
        size = positive_number(request.query_params.get("size", str(NUMBERED_SIZE)))
        if size is None:
            raise ValidationError({"size": [BAD_LIMIT]})
        self.size = min(size, NUMBERED_SIZE)

    def envelope(self, page: NumberedPage[Any], results: Sequence[Any]) -> Response:
        """
        Return the response; an empty first page is valid. `results` are the rows of the page, ready for JSON.
        """
        pages = max(1, -(-page.reachable // self.size))
        if self.number > pages:
            raise NotFound("Invalid page.")
        return Response(
            {
                "total_results": page.total,
                "total_pages": pages,
                "page_number": self.number,
                "has_next_page": self.number < pages,
                "results": results,
            }
        )


class CountedPagination(PageNumberPagination):
    """
    Page numbers in DRF's own envelope: `{count, next, previous, results}`.
    """

    page_size = 10

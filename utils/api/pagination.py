"""
Pagination over HTTP, endless and by numbers: query parameters in, the contract's envelopes out.
"""

from urllib.parse import urlencode

from django.utils.dateparse import parse_datetime
from django.utils.encoding import escape_uri_path
from django.utils.timezone import is_aware
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import PageNumberPagination
from rest_framework.request import Request
from rest_framework.response import Response

from utils.database.pagination import BadCursor, NumberedPage, Window
from utils.database.time_ids import MAX_ID, datetime_to_id

DEFAULT_LIMIT, MAX_LIMIT = 20, 100
NEWER_LIMIT = 200
NUMBERED_SIZE = 20
# Python refuses to read integers of thousands of digits; nobody means one this long.
LONGEST_NUMBER = 100

# What `next` replaces; "trail" is the browsable page's own, about the page it stands on.
WINDOW_PARAMETERS = {"cursor", "created_at__lt", "created_at__gt", "trail"}

BAD_TIME = "Enter a time in ISO 8601 with its zone, percent-encoded, such as 2026-01-31T12:00:00.000000Z."
BAD_CURSOR = "Invalid cursor."
BAD_LIMIT = "Enter a whole number of at least 1."


def whole_number(text):
    """
    Return the number from 1 on that `text` is in ASCII digits, None for anything else; beyond `MAX_ID` it stays there.
    """
    if not text.isascii() or not text.isdigit() or len(text) > LONGEST_NUMBER:
        return None
    return min(int(text), MAX_ID) or None


def is_first_page(request: Request) -> bool:
    """
    Say whether a list is asked for from its beginning.
    """
    params = request.query_params
    return WINDOW_PARAMETERS.isdisjoint(params) and params.get("page", "1") == "1"


def next_page_url(request: Request, cursor: str) -> str:
    """
    Return the absolute address of the same list from `cursor` on; a cursor is of letters that need no escaping.
    """
    others = [
        (name, value)
        for name, values in request.query_params.lists()
        for value in values
        if name not in WINDOW_PARAMETERS
    ]
    query = f"{urlencode(others)}&cursor={cursor}" if others else f"cursor={cursor}"
    http = request._request
    return f"{http.scheme}://{http.get_host()}{escape_uri_path(http.path)}?{query}"


class EndlessRequest:
    """
    The window and the size that a request asks for.

    :raises ValidationError: a bad, zone-less or un-encoded time, a bad or empty cursor, a bad limit.
    """

    def __init__(self, request):
        self.request = request
        params = request.query_params
        if "cursor" in params:
            self.window = self._cursor(params["cursor"])
        elif "created_at__gt" in params:
            self.window = Window(after=self._time("created_at__gt"), newer=True)
        elif "created_at__lt" in params:
            self.window = Window(before=self._time("created_at__lt"))
        else:
            self.window = Window()
        self.limit = self._limit()

    def _cursor(self, cursor):
        try:
            return Window.decode(cursor)
        except BadCursor as error:
            raise ValidationError({"cursor": [BAD_CURSOR]}) from error

    def _time(self, name):
        text = self.request.query_params[name]
        try:
            # Django's pattern would take digits of any script.
            moment = parse_datetime(text) if text.isascii() and text.isprintable() else None
        except ValueError:
            moment = None
        if moment is None or not is_aware(moment):
            raise ValidationError({name: [BAD_TIME]})
        try:
            # Within [1, MAX_ID]: a bound beyond all ids means the same as the last of them.
            return min(max(datetime_to_id(moment), 1), MAX_ID)
        except OverflowError as error:
            raise ValidationError({name: [BAD_TIME]}) from error

    def _limit(self):
        largest = NEWER_LIMIT if self.window.newer else MAX_LIMIT
        text = self.request.query_params.get("limit")
        if text is None:
            return NEWER_LIMIT if self.window.newer else DEFAULT_LIMIT
        limit = whole_number(text)
        if limit is None:
            raise ValidationError({"limit": [BAD_LIMIT]})
        return min(limit, largest)

    def next_url(self, page):
        """
        Return the absolute address of the page after `page`, None at the end.
        """
        return None if page.next_window is None else next_page_url(self.request, page.next_window.encode())

    def envelope(self, page, results, *, name="results"):
        """
        Return the answer of an endless list; `results` are the page's rows, ready for JSON.
        """
        return Response({"has_next_page": page.next_window is not None, "next": self.next_url(page), name: results})


class NumberedRequest:
    """
    Page numbers, for clients that jump: `page` and `size`, both from 1, at most 20 a page.

    :raises NotFound: the page is not a number, or there is none with it.
    :raises ValidationError: the size is not a number.
    """

    def __init__(self, request):
        self.number = whole_number(request.query_params["page"])
        if self.number is None:
            raise NotFound("Invalid page.")
        size = whole_number(request.query_params.get("size", str(NUMBERED_SIZE)))
        if size is None:
            raise ValidationError({"size": [BAD_LIMIT]})
        self.size = min(size, NUMBERED_SIZE)

    def envelope(self, page: NumberedPage, results: list[dict]) -> Response:
        """
        Return the answer; an empty first page is a page. `results` are the page's rows, ready for JSON.
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
    Pages by number as DRF answers them: `{count, next, previous, results}`.
    """

    page_size = 10

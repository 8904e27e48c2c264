"""
Where a page leads: its links, the destinations of its forms, the next and the previous page.
"""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, urlencode

from django.utils.encoding import iri_to_uri
from django.utils.http import url_has_allowed_host_and_scheme
from rest_framework.request import Request

if TYPE_CHECKING:
    # DRF's views load these renderers when they are loaded themselves.
    from rest_framework.views import APIView

NEXT = "next"
FIRST_PAGE = "first"
MAX_TRAIL = 50
# An id, or the name of a content type.
PLAIN = re.compile(r"[0-9]{1,18}|[a-z]{1,20}")


class Link(NamedTuple):
    """
    A link of a page.

    `address` is a format string. It may use the fields of the response and the parts of the page's path, and

    `me`      the id of the user;
    `here`    the address of the page itself, `back` the same, quoted for a query;
    `asked`   parameters of the query. Anybody can make somebody else open a page with a query of their choice, so
              these may name an id or a content type, and never the site or path that a link leads to.

    :param to: who sees it: "" everybody, "owner" the owner of what is shown, "others" other users who are logged in,
        "users" both, "nobody" visitors who are not logged in.
    """

    title: str
    address: str
    to: str = ""


class AddressFields(dict[str, Any]):
    """
    The values that an address may use. A value of None counts as missing.
    """

    def __getitem__(self, name: str) -> Any:
        value = super().__getitem__(name)
        if value is None:
            raise KeyError(name)
        return value


class PageLinks:
    """
    Fills in the addresses of one page.

    `here`   the address of the page itself, to return to.
    """

    def __init__(self, view: "APIView", request: Request, data: Any) -> None:
        # Any: a response may be any JSON value.
        self.me = request._request.user.pk
        self.path = request.get_full_path()
        self.here = self.path if request.method == "GET" else get_destination(request) or request.path
        path = {name: quote(str(value)) for name, value in view.kwargs.items()}
        self.known = {
            **path,
            "me": self.me,
            "here": self.here,
            "back": quote(self.here, safe=""),
            "asked": get_plain_parameters(request),
        }
        self.data = data if isinstance(data, dict) else {}
        self.has_own_destination = get_destination(request) is not None

    def links(self, links: Iterable[Link]) -> list[tuple[str, str]]:
        """
        Return (title, address) of the links whose address can be filled in and that are meant for this user.
        """
        known = self.known | self.data
        addresses = [(link.title, fill(link.address, known)) for link in links if self.is_meant(link)]
        return [(title, address) for title, address in addresses if address]

    def is_meant(self, link: Link) -> bool:
        if link.to in ("", "nobody") or self.me is None:
            return link.to == "" or (link.to == "nobody" and self.me is None)
        is_owner: bool = (self.data.get("user") or self.data).get("id") == self.me
        return link.to == "users" or (link.to == "owner") == is_owner

    # Any: a row of whatever the view serves.
    def form_address(self, after: str | None, instance: Any) -> str:
        """
        Return the address that a form of this page is sent to: the page's own, with its destination in the query.

        :param after: an address as in a Link, which may also use `instance`, the row that the form is about.
        """
        destination = None
        if after and not self.has_own_destination:
            destination = fill(after, self.known | {"instance": instance})
        if destination is None:
            return self.path
        return f"{self.path}{'&' if '?' in self.path else '?'}{urlencode({NEXT: destination})}"


def get_destination(request: Request) -> str | None:
    """
    Return where a write leads when it has succeeded: `next` in its query, if that is a path of this site.
    """
    address = request.query_params.get(NEXT, "")
    if not address.startswith("/") or not url_has_allowed_host_and_scheme(address, allowed_hosts=None):
        return None
    return iri_to_uri(address)


def get_plain_parameters(request: Request) -> dict[str, str]:
    """
    Return the parameters of the query that are ids or plain words.
    """
    # Django's types allow a list for each value; `items` yields the last text.
    values = {name: str(value) for name, value in request.query_params.items()}
    return {name: value for name, value in values.items() if PLAIN.fullmatch(value)}


def fill(text: str, values: dict[str, Any]) -> str | None:
    """
    Return a format string with its values, None if one of them is missing.
    """
    try:
        return text.format_map(AddressFields(values))
    except (KeyError, TypeError):
        return None


# Any: a response may be any JSON value.
def turning_links(data: Any, request: Request) -> dict[str, str | None]:
    """
    Return the addresses of the next and the previous page, {} if the response is not a list with pages.
    """
    if not isinstance(data, dict):
        return {}
    if "previous" in data:
        return {"next": data["next"], "previous": data["previous"]}
    if "has_next_page" not in data:
        return {}
    return numbered_links(data, request) if "page_number" in data else endless_links(data["next"], request)


def numbered_links(data: dict[str, Any], request: Request) -> dict[str, str | None]:
    number = data["page_number"]
    return {
        "next": with_page(request, number + 1) if data["has_next_page"] else None,
        "previous": with_page(request, number - 1) if number > 1 else None,
    }


def with_page(request: Request, number: int) -> str:
    params = request.query_params.copy()
    params["page"] = str(number)
    return f"{request.path}?{params.urlencode()}"


def endless_links(next_url: str | None, request: Request) -> dict[str, str | None]:
    """
    Return the links of a list with cursors. Cursors only lead forward, so `trail` carries those of earlier pages.
    """
    params = request.query_params.copy()
    trail = [step for step in params.pop("trail", [""])[0].split(",") if step]
    links: dict[str, str | None] = {"next": None, "previous": None}
    if next_url:
        steps = [*trail, params.get("cursor") or FIRST_PAGE][-MAX_TRAIL:]
        links["next"] = f"{next_url}&{urlencode({'trail': ','.join(steps)})}"
    if trail:
        params.pop("cursor", None)
        if trail[-1] != FIRST_PAGE:
            params["cursor"] = trail[-1]
        if trail[:-1]:
            params["trail"] = ",".join(trail[:-1])
        links["previous"] = f"{request.path}?{params.urlencode()}"
    return links

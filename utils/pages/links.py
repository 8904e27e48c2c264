"""
Where a page for people leads: its links, where its forms go on, the next and the previous page.
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
LONGEST_TRAIL = 50
# An id, or the name of a kind of things.
PLAIN = re.compile(r"[0-9]{1,18}|[a-z]{1,20}")


class Link(NamedTuple):
    """
    A link of a page: `address` is a format string over what the page shows, over the parts of its
    own path, over `me`, the id of who looks, over `here`, the page itself (`back`, the same inside of
    a query), and over `asked`, what the query asks for.

    Anybody may write the query of a page that somebody else opens. It says which id, and never where a link leads.

    :param to: "" everybody, "owner" who made it, "others" anybody else who is logged in, "users" both, "nobody" else.
    """

    title: str
    address: str
    to: str = ""


class Known(dict):
    """
    What may stand in an address. What is null is not there.
    """

    def __getitem__(self, name):
        value = super().__getitem__(name)
        if value is None:
            raise KeyError(name)
        return value


class PageLinks:
    """
    Fills in the addresses of one page.

    `here`   the address of the page itself, to come back to.
    """

    def __init__(self, view: "APIView", request: Request, data: Any) -> None:
        # Any: an answer is whatever JSON can say.
        self.me = request._request.user.pk
        self.path = request.get_full_path()
        self.here = self.path if request.method == "GET" else destination_of(request) or request.path
        path = {name: quote(str(value)) for name, value in view.kwargs.items()}
        self.known = {
            **path,
            "me": self.me,
            "here": self.here,
            "back": quote(self.here, safe=""),
            "asked": asked_of(request),
        }
        self.data = data if isinstance(data, dict) else {}
        self.has_own_destination = destination_of(request) is not None

    def links(self, links: Iterable[Link]) -> list[tuple[str, str]]:
        """
        Return (title, address) of those links that make sense for the answer and are meant for who looks.
        """
        known = self.known | self.data
        addresses = [(link.title, fill(link.address, known)) for link in links if self.is_for(link)]
        return [(title, address) for title, address in addresses if address]

    def is_for(self, link: Link) -> bool:
        if link.to in ("", "nobody") or self.me is None:
            return link.to == "" or (link.to == "nobody" and self.me is None)
        is_owner = (self.data.get("user") or self.data).get("id") == self.me
        return link.to == "users" or (link.to == "owner") == is_owner

    def form_address(self, after: str | None, thing: Any) -> str:
        """
        Return where a form of this page is sent: the page's own address, with where to go on afterwards.

        :param after: an address as of a Link, also over `thing`, the row that the form is about.
        """
        destination = None
        if after and not self.has_own_destination:
            destination = fill(after, self.known | {"thing": thing})
        if destination is None:
            return self.path
        return f"{self.path}{'&' if '?' in self.path else '?'}{urlencode({NEXT: destination})}"


def destination_of(request: Request) -> str | None:
    """
    Return where a write leads once it has worked: `next` in its address, if that is a path of this site.
    """
    address = request.query_params.get(NEXT, "")
    if not address.startswith("/") or not url_has_allowed_host_and_scheme(address, allowed_hosts=None):
        return None
    return iri_to_uri(address)


def asked_of(request: Request) -> dict[str, str]:
    """
    Return those parameters of the query that are ids or plain words.
    """
    return {name: value for name, value in request.query_params.items() if PLAIN.fullmatch(value)}


def fill(text, values):
    """
    Return a format string filled in, None when a part of it is missing.
    """
    try:
        return text.format_map(Known(values))
    except (KeyError, TypeError):
        return None


def turning_links(data: Any, request: Request) -> dict[str, str | None]:
    """
    Return the addresses of the next and the previous page, {} where the answer is no list of pages.
    """
    if not isinstance(data, dict):
        return {}
    if "previous" in data:
        return {"next": data["next"], "previous": data["previous"]}
    if "has_next_page" not in data:
        return {}
    return numbered_links(data, request) if "page_number" in data else endless_links(data["next"], request)


def numbered_links(data, request):
    number = data["page_number"]
    return {
        "next": with_page(request, number + 1) if data["has_next_page"] else None,
        "previous": with_page(request, number - 1) if number > 1 else None,
    }


def with_page(request, number):
    params = request.query_params.copy()
    params["page"] = number
    return f"{request.path}?{params.urlencode()}"


def endless_links(next_url, request):
    """
    Return the links of an endless list, which only goes one way: the pages a reader came by travel along as `trail`.
    """
    params = request.query_params.copy()
    trail = [step for step in params.pop("trail", [""])[0].split(",") if step]
    links = {"next": None, "previous": None}
    if next_url:
        steps = [*trail, params.get("cursor") or FIRST_PAGE][-LONGEST_TRAIL:]
        links["next"] = f"{next_url}&{urlencode({'trail': ','.join(steps)})}"
    if trail:
        params.pop("cursor", None)
        if trail[-1] != FIRST_PAGE:
            params["cursor"] = trail[-1]
        if trail[:-1]:
            params["trail"] = ",".join(trail[:-1])
        links["previous"] = f"{request.path}?{params.urlencode()}"
    return links

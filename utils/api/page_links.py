"""
Where a page for people leads: links of what it shows, the rows of its list, the next and the previous page.
"""

import re
from typing import NamedTuple
from urllib.parse import quote, urlencode

from rest_framework.request import Request

FIRST_PAGE = "first"
LONGEST_TRAIL = 50
# An id, or the name of a kind of things.
PLAIN = re.compile(r"[0-9]{1,18}|[a-z]{1,20}")


class Link(NamedTuple):
    """
    A link of a page: `address` is a format string over what the page shows, over the parts of its
    own path, over `me`, the id of who looks, and over `asked`, what the query asks for.

    Anybody may write the query of a page that somebody else opens. It says which id, and never where a link leads.

    :param to: "" everybody, "owner" who made it, "others" anybody else who is logged in, "users" both, "nobody" else.
    """

    title: str
    address: str
    to: str = ""


class Rows(NamedTuple):
    """
    The list of a page: its field ("" for the answer itself), the words for a row, its links, the way to its pictures.
    """

    field: str
    title: str
    links: tuple = ()
    pictures: tuple = ()


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
    Fills links and rows in for one answer.
    """

    def __init__(self, view, request, data):
        self.me = request._request.user.pk
        path = {name: quote(str(value)) for name, value in view.kwargs.items()}
        self.known = {**path, "me": self.me, "asked": asked_of(request)}
        self.data = data if isinstance(data, dict) else {}

    def links(self, links):
        return self.links_of(links, self.data)

    def links_of(self, links, thing):
        """
        Return (title, address) of those links that make sense for `thing` and are meant for who looks.
        """
        addresses = [(link.title, fill(link.address, self.known | thing)) for link in links if self.is_for(link, thing)]
        return [(title, address) for title, address in addresses if address]

    def is_for(self, link, thing):
        if link.to in ("", "nobody") or self.me is None:
            return link.to == "" or (link.to == "nobody" and self.me is None)
        is_owner = (thing.get("user") or thing).get("id") == self.me
        return link.to == "users" or (link.to == "owner") == is_owner

    def rows(self, rows):
        """
        Return the rows as {title, links, pictures}; none where the answer is an error.
        """
        if rows is None or self.data.get("success") is False:
            return []
        things = (self.data.get(rows.field) or []) if rows.field else [self.data]
        return [
            {
                "title": fill(rows.title, thing),
                "links": self.links_of(rows.links, thing),
                "pictures": pictures_of(rows.pictures, thing),
            }
            for thing in things
        ]


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


def pictures_of(path, thing):
    """
    Return the addresses of pictures that lie in `thing` under the names of `path`; none without a path.
    """
    for name in path:
        thing = thing.get(name) or {}
    return list(thing) if path else []


def turning_links(data, request):
    """
    Return the addresses of the next and the previous page, {} where the answer is no list of pages.
    """
    if not isinstance(data, dict) or "has_next_page" not in data:
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

"""
The page that answers a person: forms, links, how to turn pages, and the answer as JSON.
"""

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from drf_spectacular.utils import OpenApiParameter
from rest_framework.renderers import BrowsableAPIRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from utils.api.renderers import IndentedJSONRenderer
from utils.pages.forms import FormMaker, PageForm
from utils.pages.links import Link, PageLinks, destination_of, turning_links

if TYPE_CHECKING:
    # DRF's views load these renderers when they are loaded themselves.
    from rest_framework.views import APIView

SHOWN_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
# How to cut a list into pages has links; and a form sends what is left empty too, which would be a bad size.
PAGING_PARAMETERS = ("page", "size", "cursor")
CODE = re.compile(r"`([^`]+)`")


class BrowsableRenderer(BrowsableAPIRenderer):
    """
    A page for people: a form for each action, links, how to turn pages, and the answer as JSON.

    Tables by "basename_action" (`labels`, words on buttons, by the action), which a subclass fills in:

    `links`   tuples of Link, where the page leads.
    `after`   addresses as of a Link: where a form leads once its work is done; without one it shows the answer.
    """

    template = "utils/browsable_api.html"
    links: dict[str, tuple[Link, ...]] = {}
    labels: dict[str, str] = {}
    after: dict[str, str] = {}

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: dict[str, Any] | None = None
    ) -> str:
        """
        Return the page; nothing where a write has worked and its address says where to go on, which is then a redirect.

        :param data: Any, because an answer is whatever JSON can say.
        """
        assert renderer_context is not None  # noqa: S101 (the signature allows it, DRF never does it)
        request, response = renderer_context["request"], renderer_context["response"]
        destination = destination_of(request)
        if destination and request.method not in ("GET", "HEAD", "OPTIONS") and response.status_code < 400:
            response.status_code = 303
            response["Location"] = destination
            return ""
        return super().render(data, accepted_media_type, renderer_context)

    def get_context(
        self, data: Any, accepted_media_type: str | None, renderer_context: dict[str, Any]
    ) -> dict[str, Any]:
        view, request, response = (renderer_context[name] for name in ("view", "request", "response"))
        page_links = PageLinks(view, request, data)
        maker = FormMaker(view, request, response.status_code, data, labels=self.labels, after=self.after)
        forms = maker.forms(page_links)
        return {
            "view": view,
            "request": request,
            "response": response,
            "data": data,
            # The user of this very moment: logging in and out has changed it since DRF looked.
            "user": request._request.user,
            "title": self.get_name(view),
            "about": as_html(type(view).__doc__),
            "here": page_links.here,
            "content": self.get_content(IndentedJSONRenderer(), data, accepted_media_type, renderer_context),
            "response_headers": dict(sorted(response.items())) | {"Content-Type": "application/json"},
            "operations": operations_of(view),
            "questions": questions_of(view, request),
            "asks_first": response.status_code == 400 and request.method == "GET",
            "alert": alert_of(data, request, response, forms),
            "forms": forms,
            "needs_login": maker.needs_login and not request._request.user.is_authenticated,
            "links": page_links.links(self.links.get(page_key(view), ())),
            "turning": turning_links(data, request),
        }


def page_key(view: "APIView") -> str:
    """
    Return the name of what a page shows: the collection and the action, of a wrong method the only one there is.
    """
    action = getattr(view, "action", None)
    if action is None and hasattr(view, "only_action"):
        action = view.only_action()
    return f"{getattr(view, 'basename', '')}_{action}"


def as_html(text: str | None) -> SafeString:
    """
    Return the text of a docstring in one line, with what stands in backticks set as code.
    """
    return mark_safe(CODE.sub(r"<code>\1</code>", escape(" ".join((text or "").split()))))  # noqa: S308 (escaped first)


def operations_of(view: "APIView") -> list[dict[str, Any]]:
    """
    Return what an address can do: method, words, limits, parameters.
    """
    actions = getattr(view, "action_map", None) or {}
    shown = [(method, actions[method.lower()]) for method in SHOWN_METHODS if method.lower() in actions]
    return [
        {
            "method": method,
            "words": as_html(getattr(view, action).__doc__),
            "limits": view.schema.limits_of(action),
            "parameters": list(described(view.schema.parameters_of(action))),
        }
        for method, action in shown
    ]


def questions_of(view: "APIView", request: Request) -> list[dict[str, Any]]:
    """
    Return the parameters of the address that a person might choose or type in, with what they are now.
    """
    action = (getattr(view, "action_map", None) or {}).get("get")
    return [
        {**parameter, "value": request.query_params.get(parameter["name"], "")}
        for parameter in described(getattr(view, "parameters", {}).get(action, ()))
        if parameter["name"] not in PAGING_PARAMETERS
    ]


def described(parameters: Iterable[OpenApiParameter | type[Serializer]]) -> Iterator[dict[str, Any]]:
    """
    Yield {name, words, is_required, is_yes_or_no} of each parameter; some stand in a serializer.
    """
    for parameter in parameters:
        if isinstance(parameter, OpenApiParameter):
            yield {
                "name": parameter.name,
                "words": parameter.description,
                "is_required": parameter.required,
                "is_yes_or_no": parameter.type is bool,
            }
        else:
            for name, field in parameter().fields.items():
                yield {"name": name, "words": field.help_text, "is_required": field.required, "is_yes_or_no": False}


def alert_of(data: Any, request: Request, response: Response, forms: list[PageForm]) -> dict[str, Any] | None:
    """
    Return {is_error, texts, back}: what went wrong and stands beside no field, or that a write is done; None of a read.
    """
    if response.status_code < 400:
        return {"is_error": False, "texts": ["Done."]} if request.method != "GET" else None
    if request.method == "GET" and response.status_code == 405 and forms:
        # Nothing is wrong for a person who came to fill in the form below.
        return None
    beside_fields = {name for form in forms if form.method == request.method for name in form.names}
    errors = data.get("errors", {}) if isinstance(data, dict) else {}
    texts = [text for name, texts in errors.items() if name not in beside_fields for text in texts]
    message = data.get("message", "") if isinstance(data, dict) else ""
    # Strangers sign up and log in, and the page that this leads to is not theirs yet.
    back = destination_of(request) if request._request.user.is_authenticated else None
    return {"is_error": True, "texts": [message, *texts], "back": back}

"""
The renderer of pages for people: forms, links, page turning, and the response as JSON.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from drf_spectacular.utils import OpenApiParameter
from rest_framework.renderers import BrowsableAPIRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from utils.api.renderers import IndentedJSONRenderer
from utils.pages.forms import FormMaker, PageForm
from utils.pages.links import Link, PageLinks, get_destination, turning_links

if TYPE_CHECKING:
    # DRF's views load these renderers when they are loaded themselves.
    from rest_framework.views import APIView

    from utils.api.schema import ContractSchema

SHOWN_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
# Page turning has links of its own; and a form sends empty inputs too, which would be a bad size.
PAGING_PARAMETERS = ("page", "size", "cursor")
CODE = re.compile(r"`([^`]+)`")


class BrowsableRenderer(BrowsableAPIRenderer):
    """
    A page for people: a form for each action, links, page turning, and the response as JSON.

    A subclass fills in these tables:

    `links`    {"basename_action": Links}, where the page leads.
    `after`    {"basename_action": an address as in a Link}, where a form leads when it has succeeded; a form without
               one shows the response.
    `labels`   {action: text on its button}.
    """

    template = "utils/browsable_api.html"
    links: dict[str, tuple[Link, ...]] = {}
    labels: dict[str, str] = {}
    after: dict[str, str] = {}

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> str:
        """
        Return the page; "" and a redirect if a write has succeeded and its query has a destination.

        :param data: Any, because a response may be any JSON value.
        """
        assert renderer_context is not None  # noqa: S101 (DRF's signature allows None, DRF never passes it)
        request, response = renderer_context["request"], renderer_context["response"]
        destination = get_destination(request)
        if destination and request.method not in ("GET", "HEAD", "OPTIONS") and response.status_code < 400:
            response.status_code = 303
            response["Location"] = destination
            return ""
        return super().render(data, accepted_media_type, renderer_context)

    def get_context(
        self, data: Any, accepted_media_type: str | None, renderer_context: Mapping[str, Any]
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
            # The current user: logging in and out has changed it since DRF authenticated the request.
            "user": request._request.user,
            "title": self.get_name(view),
            "about": as_html(type(view).__doc__),
            "here": page_links.here,
            "content": self.get_content(IndentedJSONRenderer(), data, accepted_media_type, renderer_context),
            "response_headers": dict(sorted(response.items())) | {"Content-Type": "application/json"},
            "operations": describe_operations(view),
            "questions": describe_parameters(view, request),
            "asks_first": response.status_code == 400 and request.method == "GET",
            "alert": build_alert(data, request, response, forms),
            "forms": forms,
            "needs_login": maker.needs_login and not request._request.user.is_authenticated,
            "links": page_links.links(self.links.get(page_key(view), ())),
            "turning": turning_links(data, request),
        }


def page_key(view: "APIView") -> str:
    """
    Return the key of a page in the tables: collection and action, for a wrong method the only action there is.
    """
    action = getattr(view, "action", None)
    if action is None and hasattr(view, "only_action"):
        action = view.only_action()
    return f"{getattr(view, 'basename', '')}_{action}"


def as_html(text: str | None) -> SafeString:
    """
    Return a docstring as one line of HTML, with text in backticks as <code>.
    """
    return mark_safe(CODE.sub(r"<code>\1</code>", escape(" ".join((text or "").split()))))  # noqa: S308 (escaped first)


def describe_operations(view: "APIView") -> list[dict[str, Any]]:
    """
    Return {method, words, limits, parameters} of each operation of a URL.
    """
    schema = cast("ContractSchema", view.schema)  # settings.REST_FRAMEWORK names it for every view
    actions = getattr(view, "action_map", None) or {}
    shown = [(method, actions[method.lower()]) for method in SHOWN_METHODS if method.lower() in actions]
    return [
        {
            "method": method,
            "words": as_html(getattr(view, action).__doc__),
            "limits": schema.describe_limits(action),
            "parameters": list(described(schema.get_parameters(action))),
        }
        for method, action in shown
    ]


def describe_parameters(view: "APIView", request: Request) -> list[dict[str, Any]]:
    """
    Return the parameters of the query that a person may choose or type in, with their current values.
    """
    action = (getattr(view, "action_map", None) or {}).get("get")
    return [
        {**parameter, "value": request.query_params.get(parameter["name"], "")}
        for parameter in described(getattr(view, "parameters", {}).get(action, ()))
        if parameter["name"] not in PAGING_PARAMETERS
    ]


def described(parameters: Iterable[OpenApiParameter | type[Serializer]]) -> Iterator[dict[str, Any]]:
    """
    Yield {name, words, is_required, is_yes_or_no} of each parameter; a serializer declares several.
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


def build_alert(data: Any, request: Request, response: Response, forms: list[PageForm]) -> dict[str, Any] | None:
    """
    Return {is_error, texts, back}: errors that no field shows, or that a write has succeeded; None after a read.
    """
    if response.status_code < 400:
        return {"is_error": False, "texts": ["Done."]} if request.method != "GET" else None
    if request.method == "GET" and response.status_code == 405 and forms:
        # For a person who came to fill in the form below this is no error.
        return None
    beside_fields = {name for form in forms if form.method == request.method for name in form.names}
    errors = data.get("errors", {}) if isinstance(data, dict) else {}
    texts = [text for name, texts in errors.items() if name not in beside_fields for text in texts]
    message = data.get("message", "") if isinstance(data, dict) else ""
    # Visitors who sign up or log in may not see the destination yet.
    back = get_destination(request) if request._request.user.is_authenticated else None
    return {"is_error": True, "texts": [message, *texts], "back": back}

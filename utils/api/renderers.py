"""
JSON out, and the pages for people.
"""

import re

import orjson
from django.utils.html import escape
from django.utils.safestring import mark_safe
from rest_framework.renderers import BaseRenderer, BrowsableAPIRenderer

from utils.api.forms import FormMaker
from utils.api.page_links import PageLinks, turning_links

SHOWN_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
CODE = re.compile(r"`([^`]+)`")


class JSONRenderer(BaseRenderer):
    """
    Render with orjson; what it does not know (lazy texts, error details) becomes its text.
    """

    media_type = "application/json"
    format = "json"
    charset = None

    def render(self, data, accepted_media_type=None, renderer_context=None):
        if data is None:
            return b""
        options = orjson.OPT_NON_STR_KEYS | orjson.OPT_UTC_Z
        if accepted_media_type and "indent" in accepted_media_type:
            options |= orjson.OPT_INDENT_2
        return orjson.dumps(data, default=str, option=options)


class IndentedJSONRenderer(JSONRenderer):
    """
    JSON for the eyes.
    """

    def render(self, data, accepted_media_type=None, renderer_context=None):
        return super().render(data, "application/json; indent=2", renderer_context)


class BrowsableRenderer(BrowsableAPIRenderer):
    """
    A page for people: the answer as rows and as JSON, a form for each action, links, and how to turn pages.

    Tables by "basename_action" (`labels`, words on buttons, by the action), which a subclass fills in:

    `links`   tuples of Link, where the page leads.
    `cards`   Rows without a field, for the thing itself that the page is about.
    `rows`    Rows, for its list.
    """

    template = "utils/browsable_api.html"
    links = {}
    labels = {}
    cards = {}
    rows = {}

    def get_context(self, data, accepted_media_type, renderer_context):
        view, request, response = (renderer_context[name] for name in ("view", "request", "response"))
        maker = FormMaker(view, request, response.status_code, data, self.labels)
        forms = maker.forms()
        page_links, key = PageLinks(view, request, data), page_key(view)
        paginator = getattr(view, "paginator", None)
        return {
            "view": view,
            "request": request,
            "response": response,
            # The user of this very moment: logging in and out has changed it since DRF looked.
            "user": request._request.user,
            "name": self.get_name(view),
            "about": as_html(self.get_description(view, response.status_code)),
            "breadcrumblist": self.get_breadcrumbs(request),
            "content": self.get_content(IndentedJSONRenderer(), data, accepted_media_type, renderer_context),
            "response_headers": dict(sorted(response.items())) | {"Content-Type": "application/json"},
            "operations": operations_of(view),
            "questions": questions_of(view, request),
            "alert": alert_of(data, request, response, forms),
            "forms": forms,
            "needs_login": maker.needs_login and not request._request.user.is_authenticated,
            "links": page_links.links(self.links.get(key, ())),
            "cards": page_links.rows(self.cards.get(key)),
            "rows": page_links.rows(self.rows.get(key)),
            "turning": turning_links(data, request),
            "paginator": paginator if response.status_code == 200 and hasattr(paginator, "page") else None,
            "csrf_header_name": "X-CSRFToken",
        }

    def get_description(self, view, status_code):
        """
        Return what the collection is, as it was written.
        """
        return " ".join((type(view).__doc__ or "").split())


def page_key(view):
    """
    Return the name of what a page shows: the collection and the action, of a wrong method the only one there is.
    """
    action = getattr(view, "action", None)
    if action is None and hasattr(view, "only_action"):
        action = view.only_action()
    return f"{getattr(view, 'basename', '')}_{action}"


def as_html(text):
    """
    Return the text of a docstring, with what stands in backticks set as code.
    """
    return mark_safe(CODE.sub(r"<code>\1</code>", escape(text)))


def operations_of(view):
    """
    Return what an address can do: method, words, limits, parameters.
    """
    actions = getattr(view, "action_map", None) or {}
    shown = [(method, actions[method.lower()]) for method in SHOWN_METHODS if method.lower() in actions]
    return [
        {
            "method": method,
            "words": as_html(" ".join((getattr(view, action).__doc__ or "").split())),
            "limits": view.schema.limits_of(action),
            "parameters": view.schema.parameters_of(action),
        }
        for method, action in shown
    ]


def questions_of(view, request):
    """
    Return the parameters of the address that a person might type in, with what they are now.
    """
    action = (getattr(view, "action_map", None) or {}).get("get")
    return [
        {"parameter": parameter, "value": request.query_params.get(parameter.name, "")}
        for parameter in getattr(view, "parameters", {}).get(action, ())
        # How to cut a list into pages has links; and a form sends what is left empty too, which would be a bad size.
        if parameter.name not in ("page", "size")
    ]


def alert_of(data, request, response, forms):
    """
    Return {is_error, texts}: what went wrong and stands beside no field, or that a write is done; None of a read.
    """
    if response.status_code < 400:
        return {"is_error": False, "texts": ["Done."]} if request.method != "GET" else None
    beside_fields = {name for form in forms if form.method == request.method for name in form.names}
    errors = data.get("errors", {}) if isinstance(data, dict) else {}
    texts = [text for name, texts in errors.items() if name not in beside_fields for text in texts]
    if request.method == "GET" and response.status_code == 405 and forms:
        # Nothing is wrong for a person who came to fill in the form below.
        return None
    message = data.get("message", "") if isinstance(data, dict) else ""
    return {"is_error": True, "texts": [message, *texts]}

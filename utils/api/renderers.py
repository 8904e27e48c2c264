"""
JSON out, and the pages for people.
"""

from urllib.parse import urlencode

import orjson
from rest_framework.renderers import BaseRenderer, BrowsableAPIRenderer

FIRST_PAGE = "first"
LONGEST_TRAIL = 50


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
    DRF's browsable page with next and previous controls for endless lists.
    """

    template = "utils/browsable_api.html"

    def get_default_renderer(self, view):
        return IndentedJSONRenderer()

    def get_context(self, data, accepted_media_type, renderer_context):
        context = super().get_context(data, accepted_media_type, renderer_context)
        if isinstance(data, dict) and "has_next_page" in data and "next" in data:
            context["endless"] = self.endless_links(data["next"], renderer_context["request"])
        return context

    def endless_links(self, next_url, request):
        """
        Return the addresses of the next and the previous page.

        An endless list only goes one way; the pages a reader came by travel along as `trail`.
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

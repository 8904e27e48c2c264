"""
JSON out.
"""

import orjson
from rest_framework.renderers import BaseRenderer


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

"""
Renderers of JSON.
"""

from collections.abc import Mapping
from typing import Any

import orjson
from rest_framework.renderers import BaseRenderer


class JSONRenderer(BaseRenderer):
    """
    Render with orjson; objects that it does not know (lazy texts, error details) are rendered as text.
    """

    media_type = "application/json"
    format = "json"
    charset = None

    # Any: a response may be any JSON value.
    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> bytes:
        if data is None:
            return b""
        options = orjson.OPT_NON_STR_KEYS | orjson.OPT_UTC_Z
        if accepted_media_type and "indent" in accepted_media_type:
            options |= orjson.OPT_INDENT_2
        return orjson.dumps(data, default=str, option=options)


class IndentedJSONRenderer(JSONRenderer):
    """
    JSON with line breaks and indents, for people.
    """

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> bytes:
        return super().render(data, "application/json; indent=2", renderer_context)

"""
`/api/schema/`: built once, served many times.
"""

import threading
from functools import cache
from typing import Any

from django.http import HttpResponse
from django.utils.cache import get_conditional_response, set_response_etag
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.views import SpectacularAPIView
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from utils.api.renderers import JSONRenderer
from utils.api.throttling import RateLimiter

building = threading.Lock()


@cache
def build_schema() -> dict[str, Any]:
    """
    Return the public schema, the same for every caller.
    """
    schema: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return schema


@cache
def render_schema(renderer: type[BaseRenderer]) -> str | bytes:
    return renderer().render(build_schema(), renderer_context={})


class SchemaView(SpectacularAPIView):
    """
    The OpenAPI schema: YAML, or JSON with `?format=json`.

    Each process builds it once and renders it once for each format; another request costs a checksum.
    """

    schema = None

    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse | None:
        limiter = self.limiter = RateLimiter(request, "schema")
        limiter.check()
        renderer = request.accepted_renderer
        # drf-spectacular builds one schema at a time.
        with building:
            document = render_schema(type(renderer))  # type: ignore[arg-type]  # mypy takes classes for unhashable
        response = HttpResponse(document, content_type=renderer.media_type)
        set_response_etag(response)
        return get_conditional_response(request._request, etag=response["ETag"], response=response)

    # Any: DRF passes HttpResponses too, which its stubs do not know.
    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        if getattr(response, "exception", False):
            # Errors have one body, whatever the format of the schema.
            response.accepted_renderer, response.accepted_media_type = JSONRenderer(), JSONRenderer.media_type
        if hasattr(self, "limiter"):
            for name, value in self.limiter.headers().items():
                response[name] = value
        return response

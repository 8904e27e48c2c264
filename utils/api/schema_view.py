"""
`/api/schema/`: built once, served many times.
"""

import threading
from functools import cache
from typing import Any

from django.http import HttpResponse, HttpResponseBase
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
    Return the schema as everybody sees it.
    """
    return SchemaGenerator().get_schema(request=None, public=True)


@cache
def render_schema(renderer: type[BaseRenderer]) -> bytes:
    return renderer().render(build_schema(), renderer_context={})


class SchemaView(SpectacularAPIView):
    """
    The OpenAPI schema: YAML, or JSON with `?format=json`.

    Each process builds it once and renders it once for each format; asking again costs a checksum.
    """

    schema = None

    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        limiter = self.limiter = RateLimiter(request, "schema")
        limiter.check()
        renderer = request.accepted_renderer
        # drf-spectacular builds one schema at a time.
        with building:
            document = render_schema(type(renderer))
        response = HttpResponse(document, content_type=renderer.media_type)
        set_response_etag(response)
        return get_conditional_response(request._request, etag=response["ETag"], response=response)

    def finalize_response(self, request: Request, response: HttpResponseBase, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        if getattr(response, "exception", False):
            # Errors have one body, whichever form of the schema was asked for.
            response.accepted_renderer, response.accepted_media_type = JSONRenderer(), JSONRenderer.media_type
        if hasattr(self, "limiter"):
            for name, value in self.limiter.headers().items():
                response[name] = value
        return response

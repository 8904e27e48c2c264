"""
The view of stored files.
"""

from typing import Any

from django.http import HttpResponse
from django.utils.cache import get_conditional_response
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from utils.api.views import DependsOnWhoAsks
from utils.images.media import serve


class FileView(DependsOnWhoAsks, APIView):
    """
    A file for those who may see it. Clients revalidate their copy each time and usually get 304.
    """

    schema = None

    def find(self, key: str) -> Any:
        """
        Look up the file under `key`; a subclass says how. The result is not used.

        :raises Missing: there is none, or the caller may not see it.
        """
        raise NotImplementedError

    def get(self, request: Request, key: str) -> HttpResponse | None:
        self.find(key)
        response = serve(key)
        # Django's stubs leave out streaming responses here.
        return get_conditional_response(request._request, etag=response.get("ETag"), response=response)  # type: ignore[arg-type]

    def perform_content_negotiation(self, request: Request, force: bool = False) -> tuple[BaseRenderer, str]:
        """
        Accept any `Accept` header: only errors are rendered, and image loaders ask for images only.
        """
        return super().perform_content_negotiation(request, force=True)

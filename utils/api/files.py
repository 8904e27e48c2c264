"""
The view of stored files.
"""

from django.utils.cache import get_conditional_response
from rest_framework.views import APIView

from utils.api.views import DependsOnWhoAsks
from utils.images.media import serve


class FileView(DependsOnWhoAsks, APIView):
    """
    A file for those who may see it; whoever has it asks again each time, and mostly hears 304.

    A subclass has `find(key)`, which raises Missing where the caller may not.
    """

    schema = None

    def get(self, request, key):
        self.find(key)
        response = serve(key)
        return get_conditional_response(request, etag=response.get("ETag"), response=response)

    def perform_content_negotiation(self, request, force=False):
        """
        Take any `Accept`: only errors are rendered, and image loaders ask for nothing but images.
        """
        return super().perform_content_negotiation(request, force=True)

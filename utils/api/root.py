"""
`GET /api/`: every collection, the documentation, the schema and the version.
"""

from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.routers import APIRootView, DefaultRouter

from utils.api.views import DependsOnWhoAsks


class RootView(DependsOnWhoAsks, APIRootView):
    """
    A high-concurrency newsfeed: start here.

    Posting writes one tweet; workers then write one row into the feed of each follower, and
    reading a feed never joins. Sign up under `accounts`, follow somebody under `friendships`,
    and find what they post under `newsfeeds`.
    """

    def get_view_name(self) -> str:
        return "Twitter newsfeed API"

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        # Collections without a URL of their own (profiles are reached by id only) are left out, as DRF does.
        collections = super().get(request, *args, **kwargs).data
        links = {name: reverse(name, request=request) for name in ("docs", "redoc", "schema")}
        return Response({**collections, **links, "version": settings.VERSION})


class Router(DefaultRouter):
    """
    DRF's router, with a root that lists the documentation, the schema and the version too.
    """

    APIRootView = RootView
    include_format_suffixes = False

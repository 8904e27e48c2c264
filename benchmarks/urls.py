"""
The API, and the floors it is measured against.
"""

from typing import Any

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.backends.cached_db import SessionStore
from django.urls import path
from django.utils.functional import SimpleLazyObject
from rest_framework.authentication import SessionAuthentication
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from twitter.urls import *  # noqa: F403
from twitter.urls import urlpatterns as project_urlpatterns


class StaticView(APIView):
    """
    The least that a DRF view can do.
    """

    authentication_classes = []

    def get(self, request: Request) -> Response:
        return Response({"ok": True})


class DjangosOwnSession(SessionAuthentication):
    """
    The session and its user as Django reads them out of the box: cached_db from Redis, the user by SQL.
    """

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        http_request = request._request
        http_request.session = SessionStore(http_request.COOKIES.get(settings.SESSION_COOKIE_NAME))
        http_request.user = SimpleLazyObject(lambda: get_user(http_request))
        return super().authenticate(request)


class EmptyView(APIView):
    """
    The least that a DRF view for somebody can do: session from Redis, user by SQL.
    """

    authentication_classes = [DjangosOwnSession]
    permission_classes = [IsAuthenticated]

    def get(self, request: Request) -> Response:
        return Response({"ok": True})


urlpatterns = [
    path("floor/static/", StaticView.as_view()),
    path("floor/empty/", EmptyView.as_view()),
    *project_urlpatterns,
]

"""
The API, and the floors it is measured against.
"""

from django.urls import path
from rest_framework.authentication import SessionAuthentication
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from twitter.urls import *  # noqa: F403
from twitter.urls import urlpatterns as project_urlpatterns


class StaticView(APIView):
    """
    The least that a DRF view can do.
    """

    authentication_classes = []

    def get(self, request):
        return Response({"ok": True})


class EmptyView(APIView):
    """
    The least that a DRF view for somebody can do: session from Redis, user by SQL.
    """

    authentication_classes = [SessionAuthentication]
    permission_classes = [IsAuthenticated]

    def get(self, request):
        return Response({"ok": True})


urlpatterns = [
    path("floor/static/", StaticView.as_view()),
    path("floor/empty/", EmptyView.as_view()),
    *project_urlpatterns,
]

"""
Permissions of the endpoints for signing up and logging in.
"""

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView


class IsSameOrigin(BasePermission):
    """
    Refuse requests that a page of another site makes a browser send.

    Login and signup work without a CSRF token, and another site must not be able to log a visitor in.
    """

    message = "This request comes from another site."
    code = "foreign_origin"

    def has_permission(self, request: Request, view: APIView) -> bool:
        origin = request.headers.get("Origin")
        if origin is None or origin in getattr(settings, "CORS_ALLOWED_ORIGINS", ()):
            return True
        # A view that is never called. `_origin_verified` is private and missing in the stubs.
        csrf: Any = CsrfViewMiddleware(lambda _: HttpResponse())
        if not csrf._origin_verified(request._request):
            # Raised, because after a returned False DRF tells an anonymous user to log in.
            raise PermissionDenied(self.message, self.code)
        return True

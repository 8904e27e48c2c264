"""
Who may use the doors of the site.
"""

from django.conf import settings
from django.middleware.csrf import CsrfViewMiddleware
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import BasePermission


class IsSameOrigin(BasePermission):
    """
    Refuse a browser that another site has sent: login and signup work without a CSRF token,
    and a page elsewhere must not be able to log somebody in.
    """

    message = "This request comes from another site."
    code = "foreign_origin"

    def has_permission(self, request, view):
        origin = request.headers.get("Origin")
        if origin is None or origin in getattr(settings, "CORS_ALLOWED_ORIGINS", ()):
            return True
        if not CsrfViewMiddleware(lambda _: None)._origin_verified(request._request):
            # Raised, not returned: to somebody anonymous DRF would say that they must log in.
            raise PermissionDenied(self.message, self.code)
        return True

"""
The cookie by which anonymous callers keep the features they have.
"""

from django.conf import settings

from gatekeeper.constants import VISITOR_COOKIE, VISITOR_SECONDS


class VisitorMiddleware:
    """
    Give the cookie to anonymous callers whose features were asked for; others need none.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        if visitor := getattr(request, "visitor", None):
            flags = {"max_age": VISITOR_SECONDS, "httponly": True, "samesite": "Lax", "secure": settings.SECURE}
            response.set_cookie(VISITOR_COOKIE, visitor, **flags)
        return response

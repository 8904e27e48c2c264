"""
The cookie that keeps features stable for anonymous visitors.
"""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from gatekeeper.constants import VISITOR_COOKIE, VISITOR_SECONDS


class VisitorMiddleware:
    """
    Set the cookie for anonymous callers for whom a feature was checked.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if visitor := getattr(request, "visitor", None):
            flags = {"max_age": VISITOR_SECONDS, "httponly": True, "samesite": "Lax", "secure": settings.SECURE}
            response.set_cookie(VISITOR_COOKIE, visitor, **flags)
        return response

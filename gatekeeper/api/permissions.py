"""
Views that exist only for callers for whom a feature is on.
"""

import uuid

from django.http import Http404, HttpRequest
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from gatekeeper.constants import VISITOR_COOKIE
from gatekeeper.services import GatekeeperService


def get_subject(request: Request) -> int | str:
    """
    Return what a feature is sticky to: the user's id, or the id of an anonymous visitor from a cookie.

    A caller without a valid cookie gets a new id, for this request and the next ones
    (gatekeeper/middleware.py).
    """
    if request.user.is_authenticated:
        return request.user.pk
    # The middleware sees Django's request, not DRF's.
    plain = request._request
    visitor: str | None = getattr(plain, "visitor", None)
    if visitor is None:
        visitor = read_visitor(plain)
        plain.visitor = visitor  # type: ignore[attr-defined]  # ours
    return visitor


def read_visitor(request: HttpRequest) -> str:
    try:
        return uuid.UUID(request.COOKIES.get(VISITOR_COOKIE, "")).hex
    except ValueError:
        return uuid.uuid4().hex


def requires_feature(name: str) -> type[BasePermission]:
    """
    Return a permission class: the view does not exist for callers for whom the feature is off.
    """

    class FeatureIsOn(BasePermission):
        """
        404 unless the feature is on for the caller.
        """

        def has_permission(self, request: Request, view: APIView) -> bool:
            if not GatekeeperService.is_on(name=name, subject=get_subject(request)):
                raise Http404
            return True

    return FeatureIsOn

"""
Views that only some may see.
"""

import uuid

from django.http import Http404
from rest_framework.permissions import BasePermission

from gatekeeper.constants import VISITOR_COOKIE
from gatekeeper.services import GatekeeperService


def subject_of(request):
    """
    Return what a feature is sticky to: the user's id, or the mark that an anonymous caller brings in a cookie.

    Whoever brings none, or none of ours, gets a new one, for this request and the next ones
    (gatekeeper/middleware.py).
    """
    if request.user.is_authenticated:
        return request.user.id
    plain = request._request
    if not hasattr(plain, "visitor"):
        plain.visitor = visitor_of(plain)
    return plain.visitor


def visitor_of(request):
    try:
        return uuid.UUID(request.COOKIES.get(VISITOR_COOKIE, "")).hex
    except ValueError:
        return uuid.uuid4().hex


def requires_feature(name):
    """
    Return a permission class: for whom the feature is off, the view is not there.
    """

    class FeatureIsOn(BasePermission):
        """
        404 unless the feature is on for the caller.
        """

        def has_permission(self, request, view):
            if not GatekeeperService.is_on(name, subject_of(request)):
                raise Http404
            return True

    return FeatureIsOn

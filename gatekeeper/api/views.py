"""
Which features are on for the caller.
"""

from django.conf import settings
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from gatekeeper.api.permissions import subject_of
from gatekeeper.api.serializers import FeaturesShape
from gatekeeper.constants import VISITOR_COOKIE, VISITOR_SECONDS
from gatekeeper.services import GatekeeperService
from utils.api.views import APIViewSet


class FeatureViewSet(APIViewSet):
    """
    Features that are switched on by degrees.
    """

    serializer_class = Serializer
    answers = {"list": FeaturesShape}

    def list(self, request):
        """
        `{name: bool}` for the caller. Anonymous callers are told apart by a cookie.
        """
        subject = subject_of(request)
        response = Response(GatekeeperService.load_all(subject))
        if not request.user.is_authenticated:
            flags = {"max_age": VISITOR_SECONDS, "httponly": True, "samesite": "Lax", "secure": settings.SECURE}
            response.set_cookie(VISITOR_COOKIE, subject, **flags)
        return response

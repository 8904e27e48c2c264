"""
Which features are on for the caller.
"""

from rest_framework.response import Response
from rest_framework.serializers import Serializer

from gatekeeper.api.permissions import subject_of
from gatekeeper.api.serializers import FeaturesShape
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
        return Response(GatekeeperService.load_all(subject_of(request)))

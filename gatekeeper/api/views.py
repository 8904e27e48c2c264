"""
Which features are on for the caller.
"""

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from gatekeeper.api.permissions import get_subject
from gatekeeper.api.serializers import FeaturesShape
from gatekeeper.services import GatekeeperService
from utils.api.views import APIViewSet


class FeatureViewSet(APIViewSet):
    """
    Features that are switched on for more and more users.
    """

    serializer_class = Serializer
    # A raw schema in the place of a serializer: names of features are data.
    responses = {"list": FeaturesShape}  # type: ignore[dict-item]

    def list(self, request: Request) -> Response:
        """
        `{name: bool}` for the caller. Anonymous callers are told apart by a cookie.
        """
        return Response(GatekeeperService.load_all(subject=get_subject(request)))

"""
Reporting what breaks the rules.
"""

from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from moderation.api.serializers import ReportSerializer, ReportSerializerForCreate
from moderation.services import ReportService
from utils.api.views import APIViewSet


class ReportViewSet(APIViewSet):
    """
    Reports to the moderators.
    """

    permission_classes = [IsAuthenticated]
    serializer_class = ReportSerializerForCreate
    serializers = {"create": ReportSerializerForCreate}
    answers = {"create": (201, ReportSerializer)}
    rates = {"create": "reports.create"}

    def create(self, request: Request) -> Response:
        """
        Report a `tweet`, a `comment` or a `user`. Again it is the same report.
        """
        report = ReportService.report(reporter=request.user, **self.read())
        return Response(ReportSerializer(report).data, status=201)

"""
Report tweets, comments and users.
"""

from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.users import logged_in_user
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
    responses = {"create": (201, ReportSerializer)}
    rates = {"create": "reports.create"}

    def create(self, request: Request) -> Response:
        """
        Report a `tweet`, a `comment` or a `user`. Repeating it returns the same report.
        """
        report = ReportService.report(reporter=logged_in_user(request), **self.read())
        return Response(ReportSerializer(report).data, status=201)

"""
The home feed.
"""

from functools import partial
from typing import Any

from django.http import HttpRequest
from drf_spectacular.utils import OpenApiParameter
from rest_framework.decorators import action
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.users import logged_in_user
from accounts.read_ahead import read_ahead
from newsfeeds.api.serializers import ExplanationSerializer, NewsFeedSerializer, explanation_shape, newsfeed_shape
from newsfeeds.cache import read_home_ahead
from newsfeeds.services import ExplanationService, NewsFeedService
from tweets.api.serializers import tweet_state
from utils.api.pagination import DEFAULT_LIMIT, EndlessRequest
from utils.api.parameters import integer_parameter
from utils.api.shapes import endless
from utils.api.unchanged import ReadAhead
from utils.api.views import APIViewSet, required_params


class NewsFeedViewSet(APIViewSet):
    """
    What the people one follows have posted, and one's own.
    """

    serializer_class = NewsFeedSerializer
    permission_classes = [IsAuthenticated]
    responses = {"list": endless(NewsFeedSerializer), "why": ExplanationSerializer}
    parameters = {
        "why": [
            OpenApiParameter("tweet_id", int, required=True, description="Which tweet"),
            OpenApiParameter("user_id", int, description="Whose feed, for staff; by default one's own"),
        ]
    }
    lookups = ("why",)
    rates = {"list": "newsfeeds.list", "why": "newsfeeds.why"}

    def read_ahead(self, request: HttpRequest, **kwargs: Any) -> ReadAhead | None:
        if self.action_map.get("get") != "list" or request.GET:
            return None
        # One row more than the page, to know whether there is a next one.
        read = partial(read_home_ahead, limit=DEFAULT_LIMIT + 1, reads_list=NewsFeedService.reads_lists())
        return read_ahead(request, self.rates["list"], read)

    def list(self, request: Request) -> Response:
        """
        The home feed, newest first.
        """
        endless = EndlessRequest(request)
        page = NewsFeedService.load_feed(viewer=logged_in_user(request), id_range=endless.id_range, limit=endless.limit)
        return self.answer_unless_unchanged(
            (page.next_range, [tweet_state(tweet, request) for tweet in page.rows]),
            lambda: endless.envelope(page, [newsfeed_shape(tweet, request) for tweet in page.rows]),
        )

    @action(detail=False)
    @required_params("tweet_id", source="query_params")
    def why(self, request: Request) -> Response:
        """
        Why a tweet is in one's feed, or why it is not. A tweet that one may not know of is 404, like one that is not.
        """
        tweet_id = integer_parameter(request, "tweet_id")
        user_id = integer_parameter(request, "user_id") if "user_id" in request.query_params else None
        explanation = ExplanationService.explain_to(viewer=logged_in_user(request), tweet_id=tweet_id, user_id=user_id)
        return Response(explanation_shape(explanation))

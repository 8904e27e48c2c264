"""
Liking and unliking.
"""

from rest_framework.decorators import action
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.services import AccountService
from likes.api.serializers import (
    CancelledSerializer,
    LikeSerializer,
    LikeSerializerForCancel,
    LikeSerializerForCreate,
    like_shape,
)
from likes.services import LikeService
from utils.api.views import APIViewSet, required_params


class LikeViewSet(APIViewSet):
    """
    Likes of tweets and comments.
    """

    permission_classes = [IsAuthenticated]
    serializers = {"create": LikeSerializerForCreate, "cancel": LikeSerializerForCancel}
    serializer_class = LikeSerializerForCreate
    responses = {"create": (201, LikeSerializer), "cancel": CancelledSerializer}
    rates = {"create": "likes.create", "cancel": "likes.cancel"}

    @required_params("content_type", "object_id")
    def create(self, request: Request) -> Response:
        """
        Like a tweet or a comment: `content_type` is `tweet` or `comment`. Liking twice is not an error.
        """
        # IsAuthenticated has refused anonymous callers.
        like = LikeService.like(user=request.user, **self.read())  # type: ignore[arg-type]
        users = AccountService.load_users(user_ids=[like.user_id])
        return Response(like_shape(like.id, users[like.user_id], request), status=201)

    @action(methods=["POST"], detail=False)
    @required_params("content_type", "object_id")
    def cancel(self, request: Request) -> Response:
        """
        Withdraw a like. Doing it twice is not an error: `deleted` is then 0.
        """
        # IsAuthenticated has refused anonymous callers.
        deleted = LikeService.unlike(user=request.user, **self.read())  # type: ignore[arg-type]
        return Response({"success": True, "deleted": deleted})

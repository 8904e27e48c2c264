"""
Liking, and taking it back.
"""

from rest_framework.decorators import action
from rest_framework.permissions import IsAuthenticated
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
    answers = {"create": (201, LikeSerializer), "cancel": CancelledSerializer}
    rates = {"create": "likes.create", "cancel": "likes.cancel"}

    @required_params("content_type", "object_id")
    def create(self, request):
        """
        Like a thing: `content_type` is `tweet` or `comment`. Again is no error.
        """
        like = LikeService.like(user=request.user, **self.read())
        users = AccountService.load_users([request.user.id])
        return Response(like_shape(like.id, users[request.user.id], request), status=201)

    @action(methods=["POST"], detail=False)
    @required_params("content_type", "object_id")
    def cancel(self, request):
        """
        Take a like back. Again is no error: `deleted` is then 0.
        """
        deleted = LikeService.unlike(user=request.user, **self.read())
        return Response({"success": True, "deleted": deleted})

"""
Commenting.
"""

from functools import partial
from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from comments.api.serializers import (
    CommentSerializer,
    CommentSerializerForCreate,
    CommentSerializerForUpdate,
    comment_shape,
)
from comments.models import Comment
from comments.services import CommentService
from tweets.models import Tweet
from utils.api.pagination import EndlessRequest
from utils.api.parameters import integer_parameter
from utils.api.permissions import IsObjectOwner
from utils.api.shapes import SuccessSerializer, endless
from utils.api.views import APIViewSet, required_params
from utils.idempotency.api import create_once


class CommentViewSet(APIViewSet):
    """
    Comments on tweets.
    """

    queryset = Comment.objects.none()
    serializer_class = CommentSerializerForCreate
    serializers = {"create": CommentSerializerForCreate, "update": CommentSerializerForUpdate}
    responses = {
        "list": endless(CommentSerializer, "comments"),
        "create": (201, CommentSerializer),
        "update": CommentSerializer,
        "destroy": SuccessSerializer,
    }
    parameters = {"list": [OpenApiParameter("tweet_id", int, required=True, description="On which tweet")]}
    idempotent = ("create",)
    permissions = {
        "create": [IsAuthenticated],
        "update": [IsAuthenticated, IsObjectOwner],
        "destroy": [IsAuthenticated, IsObjectOwner],
    }
    rates = {name: f"comments.{name}" for name in ("create", "list", "update", "destroy")}

    def get_object(self) -> Comment:
        comment = self.find(self.kwargs["pk"])
        self.check_object_permissions(self.request, comment)
        return comment

    def find(self, comment_id: int | str) -> Comment:
        # With the tweet, because every event about a comment names the tweet's author.
        return get_object_or_404(Comment.objects.visible_to(self.request.user).select_related("tweet"), id=comment_id)

    @required_params("tweet_id", source="query_params")
    def list(self, request: Request) -> Response:
        """
        The comments on the tweet `tweet_id`, oldest first.
        """
        tweet_id = integer_parameter(request, "tweet_id")
        if Tweet.objects.find_visible(id=tweet_id, viewer=request.user) is None:
            raise ValidationError({"tweet_id": ["Tweet does not exist"]})
        endless = EndlessRequest(request)
        page = CommentService.load_comments(
            tweet_id=tweet_id, viewer=request.user, id_range=endless.id_range, limit=endless.limit
        )
        return self.answer_unless_unchanged(
            (page.next_range, [(*loaded,) for loaded in page.rows]),
            lambda: endless.envelope(page, [comment_shape(loaded, request) for loaded in page.rows], name="comments"),
        )

    def create(self, request: Request) -> Response:
        """
        Comment on a tweet: 1 to 140 characters.
        """
        # IsAuthenticated has refused anonymous callers.
        create = partial(CommentService.create_comment, user=request.user, **self.read())  # type: ignore[arg-type]
        comment = create_once(self, create, again=self.find)
        return Response(self.shape(comment), status=201)

    def update(self, request: Request, pk: str) -> Response:
        """
        Change the text of your own comment; everything else is ignored.
        """
        comment = self.get_object()
        return Response(self.shape(CommentService.update_comment(comment=comment, **self.read())))

    def destroy(self, request: Request, pk: str) -> Response:
        """
        Delete your own comment.
        """
        CommentService.delete_comment(comment=self.get_object())
        return Response({"success": True})

    def shape(self, comment: Comment) -> dict[str, Any]:
        loaded = CommentService.load_comment(comment=comment, viewer=self.request.user)
        return comment_shape(loaded, self.request)

"""
Posting, reading and deleting tweets.
"""

from functools import partial
from typing import Any

from django.http import HttpRequest
from drf_spectacular.utils import OpenApiParameter
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.read_ahead import read_ahead
from comments.services import ConversationService
from newsfeeds.services import PostingService
from tweets.api.serializers import (
    TweetDetailSerializer,
    TweetSerializer,
    TweetSerializerForCreate,
    tweet_detail_shape,
    tweet_detail_state,
    tweet_shape,
    tweet_state,
)
from tweets.cache import read_timeline_ahead, read_tweet_ahead
from tweets.constants import MAX_PHOTOS
from tweets.models import Tweet, TweetPhoto
from tweets.services import LoadedTweet, PhotoService, TweetService
from utils.api.files import FileView
from utils.api.pagination import DEFAULT_LIMIT, EndlessRequest, positive_number
from utils.api.parameters import integer_parameter
from utils.api.permissions import IsObjectOwner
from utils.api.response_headers import LOCATION
from utils.api.shapes import endless
from utils.api.unchanged import ReadAhead
from utils.api.views import APIViewSet, required_params
from utils.bodies.uploads import Uploads
from utils.idempotency.api import create_once
from utils.images import limits


class TweetViewSet(APIViewSet):
    """
    Tweets; `user_id` lists those of one user.
    """

    queryset = Tweet.objects.none()
    serializer_class = TweetSerializer
    serializers = {"create": TweetSerializerForCreate, "retrieve": TweetDetailSerializer}
    responses = {
        "list": endless(TweetSerializer),
        "retrieve": TweetDetailSerializer,
        "create": (201, TweetSerializer),
        "destroy": (204, None),
    }
    parameters = {
        "list": [OpenApiParameter("user_id", int, required=True, description="Whose")],
        "create": [LOCATION],
    }
    uploads = {"create": Uploads("files", max_count=MAX_PHOTOS, max_bytes=limits.MAX_BYTES)}
    idempotent = ("create",)
    permissions = {"create": [IsAuthenticated], "destroy": [IsAuthenticated, IsObjectOwner]}
    rates = {name: f"tweets.{name}" for name in ("create", "list", "retrieve", "destroy")}

    def read_ahead(self, request: HttpRequest, **kwargs: Any) -> ReadAhead | None:
        if self.action_map.get("get") == "retrieve":
            read = partial(read_tweet_ahead, tweet_id=int(kwargs["pk"]))
            return None if request.GET else read_ahead(request, self.rates["retrieve"], read)
        user_id = positive_number(request.GET.get("user_id", ""))
        if user_id is None or len(request.GET) > 1:
            return None
        # One row more than the page, to know whether there is a next one.
        read = partial(read_timeline_ahead, user_id=user_id, limit=DEFAULT_LIMIT + 1)
        return read_ahead(request, self.rates["list"], read)

    @required_params("user_id", source="query_params")
    def list(self, request: Request) -> Response:
        """
        The tweets of `user_id`, newest first.
        """
        user_id = integer_parameter(request, "user_id")
        endless = EndlessRequest(request)
        page = TweetService.load_timeline(
            user_id=user_id, viewer=request.user, id_range=endless.id_range, limit=endless.limit
        )
        return self.answer_unless_unchanged(
            (page.next_range, [tweet_state(tweet, request) for tweet in page.rows]),
            lambda: endless.envelope(page, [tweet_shape(tweet, request) for tweet in page.rows]),
        )

    def retrieve(self, request: Request, pk: str) -> Response:
        """
        One tweet with its first comments and newest likes.
        """
        conversation = ConversationService.load(tweet_id=int(pk), viewer=request.user)
        return self.answer_unless_unchanged(
            tweet_detail_state(conversation, request), lambda: Response(tweet_detail_shape(conversation, request))
        )

    def create(self, request: Request) -> Response:
        """
        Post a tweet: 6 to 140 characters. It is in the author's feed at once and in each follower's soon after.
        """
        # IsAuthenticated has refused anonymous callers.
        post = partial(PostingService.post_tweet, author=request.user, **self.read())  # type: ignore[arg-type]
        tweet = create_once(self, post, again=self.load)
        address = f"{request.build_absolute_uri(request.path)}{tweet.id}/"
        return Response(tweet_shape(tweet, request), status=201, headers={"Location": address})

    def destroy(self, request: Request, pk: str) -> Response:
        """
        Delete your own tweet. It is gone from every feed and list at once.
        """
        tweet = TweetService.get_visible(tweet_id=int(pk), viewer=request.user)
        self.check_object_permissions(request, tweet)
        TweetService.delete_tweet(tweet=tweet)
        return Response(status=204)

    def load(self, tweet_id: int) -> LoadedTweet:
        return TweetService.load_tweet(tweet_id=tweet_id, viewer=self.request.user)


class PhotoFileView(FileView):
    """
    The file of a photo or of its thumbnail. 404 if the photo is rejected, or pending where pending ones are hidden.
    """

    def find(self, key: str) -> TweetPhoto:
        return PhotoService.get_visible(key=key, viewer=self.request.user)

"""
Posting, reading and deleting tweets.
"""

from functools import partial

from drf_spectacular.utils import OpenApiParameter
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response

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
from tweets.constants import MOST_PHOTOS
from tweets.models import Tweet
from tweets.services import PhotoService, TweetService
from utils.api.files import FileView
from utils.api.pagination import EndlessRequest
from utils.api.parameters import integer_parameter
from utils.api.permissions import IsObjectOwner
from utils.api.response_headers import LOCATION
from utils.api.shapes import endless
from utils.api.views import APIViewSet, required_params
from utils.bodies.uploads import Uploads
from utils.idempotency.api import create_once
from utils.images import limits


class TweetViewSet(APIViewSet):
    """
    Tweets: a user's own are listed with `user_id`.
    """

    queryset = Tweet.objects.none()
    serializer_class = TweetSerializer
    serializers = {"create": TweetSerializerForCreate, "retrieve": TweetDetailSerializer}
    answers = {
        "list": endless(TweetSerializer),
        "retrieve": TweetDetailSerializer,
        "create": (201, TweetSerializer),
        "destroy": (204, None),
    }
    parameters = {
        "list": [OpenApiParameter("user_id", int, required=True, description="Whose")],
        "create": [LOCATION],
    }
    uploads = {"create": Uploads("files", max_count=MOST_PHOTOS, max_bytes=limits.MAX_BYTES)}
    idempotent = ("create",)
    permissions = {"create": [IsAuthenticated], "destroy": [IsAuthenticated, IsObjectOwner]}
    rates = {name: f"tweets.{name}" for name in ("create", "list", "retrieve", "destroy")}

    @required_params("user_id", source="query_params")
    def list(self, request):
        """
        The tweets of `user_id`, newest first.
        """
        user_id = integer_parameter(request, "user_id")
        endless = EndlessRequest(request)
        page = TweetService.load_timeline(user_id, request.user, endless.window, endless.limit)
        return self.answer_unless_unchanged(
            (page.next_window, [tweet_state(tweet, request) for tweet in page.rows]),
            lambda: endless.envelope(page, [tweet_shape(tweet, request) for tweet in page.rows]),
        )

    def retrieve(self, request, pk):
        """
        One tweet with its first comments and newest likes.
        """
        conversation = ConversationService.load(int(pk), request.user)
        return self.answer_unless_unchanged(
            tweet_detail_state(conversation, request), lambda: Response(tweet_detail_shape(conversation, request))
        )

    def create(self, request):
        """
        Post a tweet: 6 to 140 characters. It is in the author's feed at once and in each follower's soon after.
        """
        post = partial(PostingService.post_tweet, author=request.user, **self.read())
        tweet = create_once(self, post, again=partial(TweetService.load_tweet, viewer=request.user))
        address = f"{request.build_absolute_uri(request.path)}{tweet.id}/"
        return Response(tweet_shape(tweet, request), status=201, headers={"Location": address})

    def destroy(self, request, pk):
        """
        Delete a tweet of one's own. It is gone from every feed and list at once.
        """
        tweet = TweetService.get_present(int(pk), request.user)
        self.check_object_permissions(request, tweet)
        TweetService.delete_tweet(tweet=tweet)
        return Response(status=204)


class PhotoFileView(FileView):
    """
    The file of a photo or of its thumbnail: 404 once it is rejected, and while it waits where that hides it.
    """

    def find(self, key):
        return PhotoService.get_visible(key, self.request.user)

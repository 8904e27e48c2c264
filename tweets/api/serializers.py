"""
Shapes of tweets.
"""

from typing import Any, ClassVar
from urllib.parse import urlencode

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.reverse import reverse
from rest_framework.utils import html

from accounts.api.serializers import UserSerializer, user_shape
from comments.api.serializers import CommentSerializer, comment_shape
from comments.services import Conversation
from likes.api.serializers import LikeSerializer, like_shape
from tweets.constants import MAX_CONTENT_LENGTH, MAX_PHOTOS, MIN_CONTENT_LENGTH, PHOTO_PIXELS
from tweets.records import TweetRecord
from tweets.services import LoadedTweet, PhotoService
from utils.api.fields import PICTURE_WORDS, TextField, UploadsRefused, read_uploads
from utils.errors import Refused
from utils.images import CleanImage
from utils.images.media import file_url


class TooManyPhotos(Refused):
    """
    More photos than a tweet may have.
    """

    code = "too_many_photos"
    message = f"You can upload {MAX_PHOTOS} photos at most"
    field = "message"


class TweetSerializer(serializers.Serializer):
    """
    A tweet, as the caller may see it.
    """

    # The function `tweet_shape` makes the shape itself, because lists are read often.
    id = serializers.IntegerField()
    user = UserSerializer(allow_null=True)
    created_at = serializers.DateTimeField()
    content = serializers.CharField()
    comments_count = serializers.IntegerField()
    likes_count = serializers.IntegerField()
    has_liked = serializers.BooleanField()
    photo_urls = serializers.ListField(child=serializers.URLField())

    example: ClassVar[dict[str, Any]] = {
        "id": 217665629068437,
        "user": UserSerializer.example,
        "created_at": "2026-11-24T06:40:29.068437Z",
        "content": "Push means: the work is done when I post.",
        "comments_count": 1,
        "likes_count": 1,
        "has_liked": False,
        "photo_urls": [],
    }

    def to_representation(self, tweet: LoadedTweet) -> dict[str, Any]:
        return tweet_shape(tweet, self.context["request"])


def tweet_shape(tweet: LoadedTweet, request: Request) -> dict[str, Any]:
    """
    Return the Tweet shape of a LoadedTweet.
    """
    record, user, state, has_liked = tweet
    return {
        "id": record["id"],
        "user": user_shape(user, request),
        "created_at": record["created_at"],
        "content": record["content"],
        "comments_count": state.comments_count,
        "likes_count": state.likes_count,
        "has_liked": has_liked,
        "photo_urls": photo_urls(record, request) if record["photos"] else [],
    }


def tweet_state(tweet: LoadedTweet, request: Request) -> tuple[Any, ...]:
    """
    Return everything that decides what a LoadedTweet looks like. The version stands for the text; photos depend on
    the caller too.
    """
    record, user, state, has_liked = tweet
    return record["id"], *state, user, has_liked, photo_urls(record, request) if record["photos"] else []


def photo_urls(record: TweetRecord, request: Request) -> list[str]:
    """
    Return the addresses of the photos of a tweet that the caller may see.
    """
    viewer = request.user
    is_own = viewer.is_authenticated and viewer.id == record["user_id"]
    return [
        file_url(key, request)
        for key, status in record["photos"]
        if is_own or not PhotoService.is_hidden(status=status)
    ]


class TweetDetailSerializer(TweetSerializer):
    """
    A tweet with the first page of its comments and its newest likes.
    """

    comments = CommentSerializer(many=True)
    comments_next = serializers.URLField(allow_null=True, help_text="Where the rest of the comments is.")
    likes = LikeSerializer(many=True)

    example = {
        **TweetSerializer.example,
        "comments": [CommentSerializer.example],
        "comments_next": None,
        "likes": [LikeSerializer.example],
    }


def tweet_detail_state(conversation: Conversation, request: Request) -> tuple[Any, ...]:
    """
    Return everything that decides what a Conversation looks like.
    """
    tweet, comments, likes = conversation
    return tweet_state(tweet, request), comments.next_range, [(*comment,) for comment in comments.rows], likes


def tweet_detail_shape(conversation: Conversation, request: Request) -> dict[str, Any]:
    """
    Return the TweetDetail shape of a Conversation.
    """
    tweet, comments, likes = conversation
    comments_next = None
    if comments.next_range:
        query = urlencode({"tweet_id": tweet.id, "cursor": comments.next_range.encode()})
        comments_next = f"{reverse('comments-list', request=request)}?{query}"
    return {
        **tweet_shape(tweet, request),
        "comments": [comment_shape(comment, request) for comment in comments.rows],
        "comments_next": comments_next,
        "likes": [like_shape(like_id, user, request) for like_id, user in likes],
    }


class PhotosField(serializers.ListField):
    """
    Up to nine pictures. Each is checked by its content and cleaned; the value is a list of CleanImages.
    """

    child = serializers.FileField(use_url=False, allow_empty_file=True)

    # `Any` in this class: parsed input, of whatever types the client sent.
    def get_value(self, dictionary: Any) -> Any:
        """
        Treat an untouched file input, which a form sends as an empty text, as not given.
        """
        if not html.is_html_input(dictionary):
            return super().get_value(dictionary)
        return [value for value in dictionary.getlist(self.field_name) if value != ""] or serializers.empty

    def run_validation(self, data: Any = serializers.empty) -> Any:
        if isinstance(data, list) and len(data) > MAX_PHOTOS:
            # In the contract, this error belongs to `message`, not to `files`.
            raise TooManyPhotos
        return super().run_validation(data)

    def to_internal_value(self, data: Any) -> list[CleanImage]:
        files = super().to_internal_value(data)
        try:
            return read_uploads(files, max_pixels=PHOTO_PIXELS, request=self.context["request"])
        except UploadsRefused as error:
            raise serializers.ValidationError([f"{file.name[:40]}: {why.message}" for file, why in error.refusals])


class TweetSerializerForCreate(serializers.Serializer):
    content = TextField(
        min_length=MIN_CONTENT_LENGTH,
        max_length=MAX_CONTENT_LENGTH,
        style={"base_template": "textarea.html", "rows": 3},
    )
    files = PhotosField(
        source="images",
        required=False,
        default=list,
        style={"base_template": "files.html"},
        help_text=f"Up to {MAX_PHOTOS} photos, each {PICTURE_WORDS}; kept at {PHOTO_PIXELS:,} pixels at most.",
    )

    example = {"content": "Push means: the work is done when I post."}

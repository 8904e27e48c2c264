"""
Shapes of comments.
"""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from accounts.api.serializers import UserSerializer, user_shape
from comments.constants import MAX_CONTENT_LENGTH, MIN_CONTENT_LENGTH
from comments.services import LoadedComment
from tweets.models import Tweet
from utils.api.fields import IdField, TextField
from utils.database.time_ids import format_id_time


class CommentSerializer(serializers.Serializer):
    """
    A comment, as the caller may see it.
    """

    # The function `comment_shape` makes the shape itself, because lists are read often.
    id = serializers.IntegerField()
    tweet_id = serializers.IntegerField()
    user = UserSerializer(allow_null=True)
    content = serializers.CharField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    likes_count = serializers.IntegerField()
    has_liked = serializers.BooleanField()

    example = {
        "id": 217665650000123,
        "tweet_id": 217665629068437,
        "user": UserSerializer.example,
        "content": "And read at once!",
        "created_at": "2026-11-24T06:40:50.000123Z",
        "updated_at": "2026-11-24T06:40:50.000123Z",
        "likes_count": 0,
        "has_liked": False,
    }


def comment_shape(loaded: LoadedComment, request: Request) -> dict[str, Any]:
    """
    Return the Comment shape of a LoadedComment.
    """
    record, user, has_liked = loaded
    return {
        "id": record["id"],
        "tweet_id": record["tweet_id"],
        "user": user_shape(user, request),
        "content": record["content"],
        "created_at": format_id_time(record["id"]),
        "updated_at": record["updated_at"],
        "likes_count": record["likes_count"],
        "has_liked": has_liked,
    }


def content_field() -> TextField:
    return TextField(
        min_length=MIN_CONTENT_LENGTH,
        max_length=MAX_CONTENT_LENGTH,
        style={"base_template": "textarea.html", "rows": 2},
    )


class CommentSerializerForCreate(serializers.Serializer):
    tweet_id = IdField()
    content = content_field()

    example = {"tweet_id": 217665629068437, "content": "And read at once!"}

    def validate_tweet_id(self, value: int) -> int:
        tweet = Tweet.objects.find_visible(id=value, viewer=self.context["request"].user)
        if tweet is None:
            raise serializers.ValidationError("Tweet does not exist")
        self.tweet = tweet
        return value

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        """
        Replace the id of the tweet by the `tweet` itself.
        """
        return {"tweet": self.tweet, "content": data["content"]}


class CommentSerializerForUpdate(serializers.Serializer):
    content = content_field()

    example = {"content": "And read at once, always!"}

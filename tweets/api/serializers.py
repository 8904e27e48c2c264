"""
Shapes of tweets.
"""

from rest_framework import serializers

from accounts.api.serializers import UserSerializer, user_shape
from tweets.constants import CONTENT_MAX, CONTENT_MIN


class TweetSerializer(serializers.Serializer):
    """
    The Tweet shape; made by a function (`tweet_shape`), because lists are hot.
    """

    id = serializers.IntegerField()
    user = UserSerializer(allow_null=True)
    created_at = serializers.DateTimeField()
    content = serializers.CharField()
    comments_count = serializers.IntegerField()
    likes_count = serializers.IntegerField()
    has_liked = serializers.BooleanField()
    photo_urls = serializers.ListField(child=serializers.URLField())

    def to_representation(self, tweet):
        return tweet_shape(tweet, self.context["request"])


def tweet_shape(tweet, request):
    """
    Return the Tweet shape of a LoadedTweet.
    """
    record, user, state = tweet
    return {
        "id": record["id"],
        "user": user_shape(user, request),
        "created_at": record["created_at"],
        "content": record["content"],
        "comments_count": state.comments_count,
        "likes_count": state.likes_count,
        "has_liked": False,
        "photo_urls": [],
    }


class TweetSerializerForCreate(serializers.Serializer):
    content = serializers.CharField(
        min_length=CONTENT_MIN, max_length=CONTENT_MAX, style={"base_template": "textarea.html", "rows": 3}
    )

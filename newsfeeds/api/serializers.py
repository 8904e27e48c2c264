"""
Shapes of feeds.
"""

from dataclasses import asdict
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from newsfeeds.constants import Reason
from newsfeeds.services import Explanation
from tweets.api.serializers import TweetSerializer, tweet_shape
from tweets.services import LoadedTweet
from utils.database.time_ids import format_time

TIMES = ("followed_at", "back_filled_at", "delivered_at", "not_followed_since")


class NewsFeedSerializer(serializers.Serializer):
    """
    `{id, created_at, tweet}`; both follow from the tweet.
    """

    id = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    tweet = TweetSerializer()

    example = {
        "id": TweetSerializer.example["id"],
        "created_at": TweetSerializer.example["created_at"],
        "tweet": TweetSerializer.example,
    }

    def to_representation(self, tweet: LoadedTweet) -> dict[str, Any]:
        return newsfeed_shape(tweet, self.context["request"])


def newsfeed_shape(tweet: LoadedTweet, request: Request) -> dict[str, Any]:
    """
    Return the NewsFeed shape of a LoadedTweet.
    """
    return {"id": tweet.id, "created_at": tweet.record["created_at"], "tweet": tweet_shape(tweet, request)}


class BatchSerializer(serializers.Serializer):
    """
    The followers whom a delivery served together: those with after < id <= until.
    """

    after = serializers.IntegerField()
    until = serializers.IntegerField()


class ExplanationSerializer(serializers.Serializer):
    """
    Why a tweet is in a feed or not.
    """

    in_feed = serializers.BooleanField()
    reason = serializers.ChoiceField(Reason.choices)
    message = serializers.CharField(help_text="The reason, for people.")
    tweet_id = serializers.IntegerField()
    user_id = serializers.IntegerField(help_text="Whose feed.")
    author_id = serializers.IntegerField()
    followed_at = serializers.DateTimeField(allow_null=True, help_text="Null: the reader does not follow the author.")
    back_filled_at = serializers.DateTimeField(allow_null=True)
    delivered_at = serializers.DateTimeField(allow_null=True, help_text="Known for 30 days.")
    batch = BatchSerializer(allow_null=True)
    not_followed_since = serializers.DateTimeField(allow_null=True, help_text="Known for 30 days.")
    pending_photos = serializers.IntegerField(
        allow_null=True, help_text="How many wait for review, for the author and staff. The tweet does not wait."
    )

    example = {
        "in_feed": True,
        "reason": Reason.OWN.value,
        "message": Reason.OWN.label,
        "tweet_id": TweetSerializer.example["id"],
        "user_id": TweetSerializer.example["user"]["id"],
        "author_id": TweetSerializer.example["user"]["id"],
        "followed_at": None,
        "back_filled_at": None,
        "delivered_at": None,
        "batch": None,
        "not_followed_since": None,
        "pending_photos": 0,
    }


def explanation_shape(explanation: Explanation) -> dict[str, Any]:
    """
    Return the shape of an Explanation.
    """
    shape = asdict(explanation)
    batch = explanation.batch and dict(zip(("after", "until"), explanation.batch))
    times = {name: value and format_time(value) for name, value in shape.items() if name in TIMES}
    return {**shape, **times, "batch": batch, "reason": explanation.reason.value, "message": explanation.reason.label}

"""
Shapes of feeds.
"""

from rest_framework import serializers

from tweets.api.serializers import TweetSerializer, tweet_shape


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

    def to_representation(self, tweet):
        return newsfeed_shape(tweet, self.context["request"])


def newsfeed_shape(tweet, request):
    """
    Return the NewsFeed shape of a LoadedTweet.
    """
    return {"id": tweet.id, "created_at": tweet.record["created_at"], "tweet": tweet_shape(tweet, request)}

"""
Shapes of friendships.
"""

from rest_framework import serializers

from accounts.api.serializers import UserSerializer, user_shape
from utils.time_ids import format_time, id_to_datetime


class FriendshipSerializer(serializers.Serializer):
    """
    `{user, created_at, has_followed}`; `has_followed` is about the caller and the listed user.
    """

    user = UserSerializer()
    created_at = serializers.DateTimeField()
    has_followed = serializers.BooleanField()


def friendship_shape(friendship_id, user_record, has_followed, request):
    """
    Return the Friendship shape.
    """
    return {
        "user": user_shape(user_record, request),
        "created_at": format_time(id_to_datetime(friendship_id)),
        "has_followed": has_followed,
    }


class FriendshipCreatedSerializer(FriendshipSerializer):
    success = serializers.BooleanField()
    duplicate = serializers.BooleanField(help_text="They were followed already.")


class UnfollowedSerializer(serializers.Serializer):
    success = serializers.BooleanField()
    deleted = serializers.IntegerField(help_text="0 or 1")


class NumberedFriendshipsSerializer(serializers.Serializer):
    """
    The answer when `page` is given.
    """

    total_results = serializers.IntegerField()
    total_pages = serializers.IntegerField()
    page_number = serializers.IntegerField()
    has_next_page = serializers.BooleanField()
    results = FriendshipSerializer(many=True)

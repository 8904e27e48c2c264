"""
Shapes of friendships.
"""

from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request

from accounts.api.serializers import UserSerializer, user_shape
from accounts.records import UserRecord
from utils.api.schema import FROM_ONE
from utils.api.shapes import either, endless
from utils.database.time_ids import format_id_time


class FriendshipSerializer(serializers.Serializer):
    """
    `{user, created_at, has_followed}`; `has_followed` says whether the caller follows the listed user.
    """

    user = UserSerializer()
    created_at = serializers.DateTimeField()
    has_followed = serializers.BooleanField()

    example = {"user": UserSerializer.example, "created_at": "2026-11-24T06:40:29.030039Z", "has_followed": True}


def friendship_shape(
    friendship_id: int, user_record: UserRecord, has_followed: bool, request: Request
) -> dict[str, Any]:
    """
    Return the Friendship shape.
    """
    return {
        "user": user_shape(user_record, request),
        "created_at": format_id_time(friendship_id),
        "has_followed": has_followed,
    }


class FriendshipCreatedSerializer(FriendshipSerializer):
    success = serializers.BooleanField()
    duplicate = serializers.BooleanField(help_text="They were followed already.")

    example = {**FriendshipSerializer.example, "success": True, "duplicate": False}


class UnfollowedSerializer(serializers.Serializer):
    success = serializers.BooleanField()
    deleted = serializers.IntegerField(help_text="0 or 1")

    example = {"success": True, "deleted": 1}


class ListsSerializer(serializers.Serializer):
    """
    URLs of the lists.
    """

    followers = serializers.CharField()
    followings = serializers.CharField()

    example = {"followers": "{user_id}/followers/", "followings": "{user_id}/followings/"}


class NumberedFriendshipsSerializer(serializers.Serializer):
    """
    The response of a list when `page` is given.
    """

    total_results = serializers.IntegerField()
    total_pages = serializers.IntegerField(help_text="Of the newest 1,000 rows; older ones are read by cursor.")
    page_number = serializers.IntegerField()
    has_next_page = serializers.BooleanField()
    results = FriendshipSerializer(many=True)


FRIENDSHIPS = either("Friendships", endless(FriendshipSerializer), NumberedFriendshipsSerializer)
NUMBERED_PARAMETERS = [
    OpenApiParameter("page", FROM_ONE, description="From 1, over the newest 1,000; answers by page numbers"),
    OpenApiParameter("size", FROM_ONE, description="Rows a numbered page, 20 at most"),
]

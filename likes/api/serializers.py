"""
Shapes of likes.
"""

from typing import Any, cast

from rest_framework import serializers
from rest_framework.request import Request

from accounts.api.serializers import UserSerializer, user_shape
from accounts.records import UserRecord
from likes.services import LikeService
from utils.api.fields import IdField
from utils.database.time_ids import format_id_time


class LikeSerializer(serializers.Serializer):
    """
    A like: who, and when.
    """

    user = UserSerializer()
    created_at = serializers.DateTimeField()

    example = {"user": UserSerializer.example, "created_at": "2026-11-24T06:41:02.000417Z"}


def like_shape(like_id: int, user_record: UserRecord, request: Request) -> dict[str, Any]:
    """
    Return the Like shape.
    """
    return {"user": user_shape(user_record, request), "created_at": format_id_time(like_id)}


def content_type_choices() -> list[tuple[str, str]]:
    """
    Return the content types that can be liked. Called at the first use, when all apps are loaded.
    """
    return [(name, name) for name in LikeService.likeable_models()]


class BaseLikeSerializer(serializers.Serializer):
    """
    Names a tweet or a comment by its content type and id.
    """

    content_type = serializers.ChoiceField(choices=())
    object_id = IdField()

    example = {"content_type": "tweet", "object_id": 217665629068437}

    # `Any`: whatever DRF's own serializers take.
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # `cast`: the field as it is declared above.
        cast("serializers.ChoiceField", self.fields["content_type"]).choices = content_type_choices()

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        """
        Replace the content type by its `model`. The service finds out whether the target exists when it writes.
        """
        return {"model": LikeService.likeable_models()[data["content_type"]], "object_id": data["object_id"]}


class LikeSerializerForCreate(BaseLikeSerializer):
    pass


class LikeSerializerForCancel(BaseLikeSerializer):
    pass


class CancelledSerializer(serializers.Serializer):
    success = serializers.BooleanField()
    deleted = serializers.IntegerField(help_text="0 or 1")

    example = {"success": True, "deleted": 1}

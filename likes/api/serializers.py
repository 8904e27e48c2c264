"""
Shapes of likes.
"""

from rest_framework import serializers

from accounts.api.serializers import UserSerializer, user_shape
from likes.services import LikeService
from utils.api.fields import IdField
from utils.database.time_ids import format_time, id_to_datetime


class LikeSerializer(serializers.Serializer):
    """
    `{user, created_at}`.
    """

    user = UserSerializer()
    created_at = serializers.DateTimeField()

    example = {"user": UserSerializer.example, "created_at": "2026-11-24T06:41:02.000417Z"}


def like_shape(like_id, user_record, request):
    """
    Return the Like shape.
    """
    return {"user": user_shape(user_record, request), "created_at": format_time(id_to_datetime(like_id))}


def kind_choices():
    """
    Return the kinds of things that can be liked; asked at the first use, when all apps are loaded.
    """
    return [(kind, kind) for kind in LikeService.kinds()]


class BaseLikeSerializer(serializers.Serializer):
    """
    Names a tweet or a comment: what kind, which one.
    """

    content_type = serializers.ChoiceField(choices=())
    object_id = IdField()

    example = {"content_type": "tweet", "object_id": 217665629068437}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["content_type"].choices = kind_choices()

    def validate(self, data):
        """
        Put the `model` of the thing in the place of its name. Whether it is there, the service finds out as it writes.
        """
        return {"model": LikeService.kinds()[data["content_type"]], "object_id": data["object_id"]}


class LikeSerializerForCreate(BaseLikeSerializer):
    pass


class LikeSerializerForCancel(BaseLikeSerializer):
    pass


class CancelledSerializer(serializers.Serializer):
    success = serializers.BooleanField()
    deleted = serializers.IntegerField(help_text="0 or 1")

    example = {"success": True, "deleted": 1}

"""
Shapes of notifications.
"""

from collections.abc import Iterable
from typing import Any

from django.contrib.contenttypes.models import ContentType
from rest_framework import serializers
from rest_framework.request import Request

from accounts.api.serializers import UserSerializer, user_shape
from accounts.records import UserRecord
from inbox.constants import VERBS
from inbox.models import Notification
from utils.database.time_ids import format_time


class NotificationSerializer(serializers.Serializer):
    """
    What somebody did, and to what of the caller's.
    """

    # A function makes the shape itself (`notification_shape`), because pages are read often.
    id = serializers.IntegerField()
    actor_content_type = serializers.CharField()
    actor_object_id = serializers.CharField()
    verb = serializers.ChoiceField(choices=VERBS)
    action_object_content_type = serializers.CharField(allow_null=True)
    action_object_object_id = serializers.CharField(allow_null=True)
    target_content_type = serializers.CharField()
    target_object_id = serializers.CharField()
    timestamp = serializers.DateTimeField()
    unread = serializers.BooleanField()
    actor = UserSerializer()

    example = {
        "id": 1,
        "actor_content_type": "user",
        "actor_object_id": "1",
        "verb": "liked your tweet",
        "action_object_content_type": None,
        "action_object_object_id": None,
        "target_content_type": "tweet",
        "target_object_id": "217665629068437",
        "timestamp": "2026-11-24T06:41:02.000417Z",
        "unread": True,
        "actor": UserSerializer.example,
    }


def notification_shape(notification: Notification, actor_record: UserRecord | None, request: Request) -> dict[str, Any]:
    """
    Return the Notification shape: the things it is about are named, not looked up.
    """
    return {
        "id": notification.id,
        **reference_shape(notification, "actor"),
        "verb": notification.verb,
        **reference_shape(notification, "action_object"),
        **reference_shape(notification, "target"),
        "timestamp": format_time(notification.timestamp),
        "unread": notification.unread,
        "actor": user_shape(actor_record, request),
    }


def reference_shape(notification: Notification, role: str) -> dict[str, str | None]:
    content_type_id = getattr(notification, f"{role}_content_type_id")
    if content_type_id is None:
        return {f"{role}_content_type": None, f"{role}_object_id": None}
    return {
        # Content types are few and stay in the process's memory.
        f"{role}_content_type": ContentType.objects.get_for_id(content_type_id).model,
        f"{role}_object_id": str(getattr(notification, f"{role}_object_id")),
    }


class YesOrNoField(serializers.BooleanField):
    """
    A bool whose form is a choice of two: an empty checkbox sends nothing, and nothing is a missing parameter.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(style={"base_template": "select.html"}, **kwargs)

    def iter_options(self) -> Iterable[Any]:
        return serializers.ChoiceField(choices=[("true", "yes"), ("false", "no")]).iter_options()


class NotificationSerializerForUpdate(serializers.Serializer):
    unread = YesOrNoField()

    example = {"unread": False}


class UnreadCountSerializer(serializers.Serializer):
    unread_count = serializers.IntegerField()

    example = {"unread_count": 3}


class MarkedCountSerializer(serializers.Serializer):
    marked_count = serializers.IntegerField(help_text="How many were unread until now.")

    example = {"marked_count": 3}

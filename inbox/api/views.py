"""
Reading the inbox, and marking what was read.
"""

from collections.abc import Iterable
from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework.decorators import action
from rest_framework.fields import BooleanField
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from accounts.api.users import logged_in_user
from accounts.services import AccountService
from inbox.api.serializers import (
    MarkedCountSerializer,
    NotificationSerializer,
    NotificationSerializerForUpdate,
    UnreadCountSerializer,
    notification_shape,
)
from inbox.models import Notification, NotificationQuerySet
from inbox.services import NotificationService
from utils.api.pagination import CountedPagination
from utils.api.shapes import numbered
from utils.api.views import APIViewSet, required_params

# Not `list`: in the viewset that is a method.
Shapes = list[dict[str, Any]]


class NotificationViewSet(APIViewSet):
    """
    Who followed you, liked what is yours or commented on it.
    """

    queryset = Notification.objects.none()
    permission_classes = [IsAuthenticated]
    serializer_class = NotificationSerializer
    serializers = {"update": NotificationSerializerForUpdate, "mark_all_as_read": Serializer}
    responses = {
        "list": numbered(NotificationSerializer),
        "unread_count": UnreadCountSerializer,
        "mark_all_as_read": MarkedCountSerializer,
        "update": NotificationSerializer,
    }
    parameters = {"list": [OpenApiParameter("unread", bool, description="Only unread ones, or only read ones")]}
    pagination_class = CountedPagination  # type: ignore[assignment]  # the base class has none and no annotation
    rates = {name: f"notifications.{name}" for name in ("unread_count", "mark_all_as_read", "update")}

    def get_queryset(self) -> NotificationQuerySet:
        return NotificationService.get_inbox(recipient=logged_in_user(self.request))

    def list(self, request: Request) -> Response:
        """
        Your notifications, newest first, ten a page; `unread` true or false asks for a part of them.
        """
        inbox = NotificationService.get_inbox(recipient=logged_in_user(request), unread=self.asked_unread())
        # Never None: the view has a pagination class.
        return self.get_paginated_response(self.shapes(self.paginate_queryset(inbox) or []))

    @action(methods=["GET"], detail=False, url_path="unread-count")
    def unread_count(self, request: Request) -> Response:
        """
        How many of your notifications you have not read.
        """
        return Response({"unread_count": NotificationService.get_unread_count(recipient=logged_in_user(request))})

    @action(methods=["POST"], detail=False, url_path="mark-all-as-read")
    def mark_all_as_read(self, request: Request) -> Response:
        """
        Mark all your notifications as read. Again is no error: `marked_count` is then 0.
        """
        return Response({"marked_count": NotificationService.mark_all_as_read(recipient=logged_in_user(request))})

    @required_params("unread")
    def update(self, request: Request, pk: str) -> Response:
        """
        Mark one of your notifications as read or unread; everything but `unread` is ignored.
        """
        notification = self.get_object()
        NotificationService.mark(notification=notification, **self.read())
        return Response(self.shapes([notification])[0])

    def asked_unread(self) -> bool | None:
        """
        Return the bool that `unread` in the query string stands for, or None.
        """
        text = self.request.query_params.get("unread", "").lower()
        if text in BooleanField.TRUE_VALUES:
            return True
        return False if text in BooleanField.FALSE_VALUES else None

    def shapes(self, notifications: Iterable[Notification]) -> Shapes:
        actors = AccountService.load_users(user_ids=[notification.actor_object_id for notification in notifications])
        return [
            notification_shape(notification, actors.get(notification.actor_object_id), self.request)
            for notification in notifications
        ]

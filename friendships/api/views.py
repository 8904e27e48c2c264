"""
Follow, unfollow, and the lists of followers and followings.
"""

from collections.abc import Callable, Sequence
from typing import Any, Literal

from django.http import Http404
from rest_framework.decorators import action
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from accounts.api.users import logged_in_user
from accounts.models import User
from accounts.records import UserRecord
from accounts.services import AccountService
from friendships.api.serializers import (
    FRIENDSHIPS,
    NUMBERED_PARAMETERS,
    FriendshipCreatedSerializer,
    ListsSerializer,
    UnfollowedSerializer,
    friendship_shape,
)
from friendships.services import FriendshipPage, FriendshipService, ListedFriendship
from utils.api.pagination import EndlessRequest, NumberedRequest
from utils.api.views import APIViewSet

# Friendship id, the user on its other side, and whether the caller follows that user. Named up here, because within
# the view set `list` is its own method.
Rows = list[tuple[int, UserRecord, bool]]
Shapes = list[dict[str, Any]]


class FriendshipViewSet(APIViewSet):
    """
    Who follows whom. The id in the URL is a user's.
    """

    serializer_class = Serializer
    permissions = {"follow": [IsAuthenticated], "unfollow": [IsAuthenticated]}
    responses = {
        "list": ListsSerializer,
        "followers": FRIENDSHIPS,
        "followings": FRIENDSHIPS,
        "follow": (201, FriendshipCreatedSerializer),
        "unfollow": UnfollowedSerializer,
    }
    parameters = dict.fromkeys(("followers", "followings"), NUMBERED_PARAMETERS)
    conditional = {"list", "followers", "followings"}
    rates = {name: f"friendships.{name}" for name in ("follow", "unfollow", "followers", "followings")}

    def get_object(self) -> User:
        user: User | None = User.objects.find_visible(id=int(self.kwargs["pk"]), viewer=self.request.user)
        if user is None:
            raise Http404
        return user

    def list(self, request: Request) -> Response:
        """
        Lists are per user: see `{user_id}/followers/` and `{user_id}/followings/`.
        """
        return Response({"followers": "{user_id}/followers/", "followings": "{user_id}/followings/"})

    @action(methods=["GET"], detail=True)
    def followers(self, request: Request, pk: str) -> Response:
        """
        Who follows this user, newest follow first.
        """
        return self.answer_list("followers", FriendshipService.load_followers)

    @action(methods=["GET"], detail=True)
    def followings(self, request: Request, pk: str) -> Response:
        """
        Whom this user follows, newest follow first.
        """
        return self.answer_list("followings", FriendshipService.load_followings)

    @action(methods=["POST"], detail=True)
    def follow(self, request: Request, pk: str) -> Response:
        """
        Follow this user. Repeating it is not an error: `duplicate` is then true.
        """
        followee = self.get_object()
        friendship, is_new = FriendshipService.follow(follower=logged_in_user(request), followee=followee)
        record = AccountService.load_users(user_ids=[followee.id])[followee.id]
        shape = friendship_shape(friendship.id, record, True, request)
        return Response({**shape, "success": True, "duplicate": not is_new}, status=201)

    @action(methods=["POST"], detail=True)
    def unfollow(self, request: Request, pk: str) -> Response:
        """
        Stop following this user. Repeating it is not an error: `deleted` is then 0.
        """
        deleted = FriendshipService.unfollow(follower=logged_in_user(request), followee=self.get_object())
        return Response({"success": True, "deleted": deleted})

    def answer_list(self, side: Literal["followers", "followings"], load: Callable[..., FriendshipPage]) -> Response:
        user, viewer = self.get_object(), self.request.user
        if "page" in self.request.query_params:
            numbered = NumberedRequest(self.request)
            page = FriendshipService.load_numbered_page(
                user=user, viewer=viewer, side=side, number=numbered.number, size=numbered.size
            )
            return numbered.envelope(page, self.shapes(self.with_followed(page.rows)))
        endless = EndlessRequest(self.request)
        endless_page = load(user=user, viewer=viewer, id_range=endless.id_range, limit=endless.limit)
        rows = self.with_followed(endless_page.rows)
        return self.answer_unless_unchanged(
            (endless_page.next_range, rows), lambda: endless.envelope(endless_page, self.shapes(rows))
        )

    def shapes(self, rows: Rows) -> Shapes:
        return [friendship_shape(*row, request=self.request) for row in rows]

    def with_followed(self, rows: Sequence[ListedFriendship]) -> Rows:
        user_ids = [record["id"] for _, record in rows]
        followed = FriendshipService.load_followed_among(viewer=self.request.user, user_ids=user_ids)
        return [(row.id, record, record["id"] in followed) for row, record in rows]

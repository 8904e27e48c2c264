"""
Following, unfollowing, and the lists of both sides.
"""

from django.shortcuts import get_object_or_404
from rest_framework.decorators import action
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from accounts.models import User
from accounts.services import AccountService
from friendships.api.serializers import (
    FRIENDSHIPS,
    NUMBERED_PARAMETERS,
    FriendshipCreatedSerializer,
    ListsSerializer,
    UnfollowedSerializer,
    friendship_shape,
)
from friendships.services import FriendshipService
from utils.api.pagination import EndlessRequest, NumberedRequest
from utils.api.views import APIViewSet


class FriendshipViewSet(APIViewSet):
    """
    Who follows whom. The id in the address is a user's.
    """

    serializer_class = Serializer
    permissions = {"follow": [IsAuthenticated], "unfollow": [IsAuthenticated]}
    answers = {
        "list": ListsSerializer,
        "followers": FRIENDSHIPS,
        "followings": FRIENDSHIPS,
        "follow": (201, FriendshipCreatedSerializer),
        "unfollow": UnfollowedSerializer,
    }
    parameters = dict.fromkeys(("followers", "followings"), NUMBERED_PARAMETERS)
    conditional = {"list", "followers", "followings"}
    rates = {name: f"friendships.{name}" for name in ("follow", "unfollow", "followers", "followings")}

    def get_object(self):
        return get_object_or_404(User.objects.visible_to(self.request.user), id=self.kwargs["pk"])

    def list(self, request):
        """
        Lists are per user: see `{user_id}/followers/` and `{user_id}/followings/`.
        """
        return Response({"followers": "{user_id}/followers/", "followings": "{user_id}/followings/"})

    @action(methods=["GET"], detail=True)
    def followers(self, request, pk):
        """
        Who follows this user, newest follow first.
        """
        return self.answer_list("followers", FriendshipService.load_followers)

    @action(methods=["GET"], detail=True)
    def followings(self, request, pk):
        """
        Whom this user follows, newest follow first.
        """
        return self.answer_list("followings", FriendshipService.load_followings)

    @action(methods=["POST"], detail=True)
    def follow(self, request, pk):
        """
        Follow this user. Again is no error: `duplicate` is then true.
        """
        followee = self.get_object()
        friendship, is_new = FriendshipService.follow(follower=request.user, followee=followee)
        record = AccountService.load_users([followee.id])[followee.id]
        shape = friendship_shape(friendship.id, record, True, request)
        return Response({**shape, "success": True, "duplicate": not is_new}, status=201)

    @action(methods=["POST"], detail=True)
    def unfollow(self, request, pk):
        """
        Stop following this user. Again is no error: `deleted` is then 0.
        """
        deleted = FriendshipService.unfollow(follower=request.user, followee=self.get_object())
        return Response({"success": True, "deleted": deleted})

    def answer_list(self, side, load):
        user, viewer = self.get_object(), self.request.user
        if "page" in self.request.query_params:
            numbered = NumberedRequest(self.request)
            page = FriendshipService.load_numbered_page(
                user, viewer, side=side, number=numbered.number, size=numbered.size
            )
            return numbered.envelope(page, self.shapes([(row.id, record) for row, record in page.rows]))
        endless = EndlessRequest(self.request)
        page = load(user, viewer, endless.window, endless.limit)
        rows = self.with_followed([(row.id, record) for row, record in page.rows])
        return self.answer_unless_unchanged(
            (page.next_window, rows),
            lambda: endless.envelope(page, [friendship_shape(*row, self.request) for row in rows]),
        )

    def shapes(self, rows):
        return [friendship_shape(*row, self.request) for row in self.with_followed(rows)]

    def with_followed(self, rows):
        """
        Return (friendship id, user record, whether the caller follows that user) of pairs of the first two.
        """
        followed = FriendshipService.load_followed_among(self.request.user, [record["id"] for _, record in rows])
        return [(id, record, record["id"] in followed) for id, record in rows]

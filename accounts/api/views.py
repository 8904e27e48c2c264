"""
Signing up, logging in and out; users and their profiles.
"""

from typing import Any

from django.contrib.auth import authenticate, login, logout, update_session_auth_hash
from django.contrib.auth.views import LogoutView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter
from rest_framework.decorators import action
from rest_framework.permissions import AllowAny, IsAdminUser, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.permissions import IsSameOrigin
from accounts.api.serializers import (
    AccountSerializerForDelete,
    EndpointsSerializer,
    LoginSerializer,
    LoginStatusSerializer,
    NewTokenSerializer,
    PasswordSerializerForUpdate,
    ProfileSerializer,
    ProfileSerializerForUpdate,
    SearchSerializer,
    SessionSerializer,
    SignupSerializerForCreate,
    UserBriefSerializer,
    UserDetail,
    UserDetailSerializer,
    UserSerializer,
)
from accounts.api.users import logged_in_user
from accounts.cache import to_record
from accounts.constants import LOGIN_BACKEND, MAX_NICKNAME_LENGTH, MAX_SEARCH_CURSOR
from accounts.devices import remember
from accounts.models import User, UserProfile, UserQuerySet
from accounts.services import AccessTokenService, AccountService, ProfileService, SearchService, WrongCredentials
from friendships.services import FriendshipService
from utils.api.files import FileView
from utils.api.pagination import CountedPagination, next_page_url
from utils.api.parameters import presented_token
from utils.api.permissions import IsObjectOwner
from utils.api.schema import cursor_parameter
from utils.api.shapes import SuccessSerializer, numbered, ranked
from utils.api.throttling import RateLimiter, client_address
from utils.api.views import APIViewSet
from utils.bodies.uploads import Uploads
from utils.images import limits


class AccountViewSet(APIViewSet):
    """
    Sign up, log in, log out, and find out who is logged in.
    """

    serializer_class = SuccessSerializer
    permissions = {
        "signup": [IsSameOrigin],
        "login": [IsSameOrigin],
        "password": [IsAuthenticated],
        "me": [IsAuthenticated],
    }
    serializers = {
        "signup": SignupSerializerForCreate,
        "login": LoginSerializer,
        "password": PasswordSerializerForUpdate,
        "me": AccountSerializerForDelete,
    }
    responses = {
        "list": EndpointsSerializer,
        "signup": (201, SessionSerializer),
        "login": SessionSerializer,
        "logout": SuccessSerializer,
        "login_status": LoginStatusSerializer,
        "password": NewTokenSerializer,
        "me": (204, None),
    }
    rates = {name: f"accounts.{name}" for name in ("signup", "login", "logout", "login_status", "password")}
    # Both count against one limit, because each reveals whether a guessed password is right.
    rates["me"] = "accounts.password"
    # Responses contain tokens and who is logged in.
    cache_control = "no-store"
    conditional = set[str]()

    def list(self, request: Request) -> Response:
        """
        The URLs of this resource.
        """
        names = ("signup", "login", "logout", "login_status", "password", "me")
        return Response({name: request.build_absolute_uri(f"{request.path}{name}/") for name in names})

    @action(methods=["POST"], detail=False)
    def signup(self, request: Request) -> Response:
        """
        Create an account and open a session. Clients without cookies use the `token`.
        """
        user = AccountService.create_account(**self.read())
        return self.open_session(user, status=201)

    @action(methods=["POST"], detail=False)
    def login(self, request: Request) -> Response:
        """
        Open a session. A wrong name and a wrong password get the same 400.

        A suspended user who sends the right password gets 403 `account_suspended`.
        """
        # Every backend hashes the password even if no user has the name, so both cases take the same time.
        user = authenticate(request._request, **self.read())
        if user is None:
            raise WrongCredentials
        return self.open_session(user, status=200)

    @action(methods=["POST"], detail=False)
    def logout(self, request: Request) -> Response:
        """
        Close the session, and revoke the token that was sent, if any.
        """
        secret = presented_token(request)
        if secret:
            AccessTokenService.revoke(secret=secret)
        logout(request._request)
        return Response({"success": True})

    @action(methods=["GET"], detail=False)
    def login_status(self, request: Request) -> Response:
        """
        Whether the caller is logged in, and as whom.
        """
        status: dict[str, Any] = {"has_logged_in": request.user.is_authenticated, "ip": client_address(request)}
        if request.user.is_authenticated:
            status["user"] = UserBriefSerializer(request.user).data
        return Response(status)

    @action(methods=["POST"], detail=False)
    def password(self, request: Request) -> Response:
        """
        Change the password. Every other session and token ends; the response holds a new token.
        """
        user = AccountService.change_password(user=logged_in_user(request), **self.read())
        if request.auth is None:
            # Clients that authenticate by a token have no session to keep.
            update_session_auth_hash(request._request, user)
        remember(request._request, user)
        return Response({"success": True, "token": AccessTokenService.create_token(user=user)})

    @action(methods=["DELETE"], detail=False)
    def me(self, request: Request) -> Response:
        """
        Close the account at once. This cannot be undone.
        """
        AccountService.delete_account(user=logged_in_user(request), **self.read())
        logout(request._request)
        return Response(status=204)

    def open_session(self, user: User, *, status: int) -> Response:
        login(self.request._request, user, backend=LOGIN_BACKEND)
        token = AccessTokenService.create_token(user=user, name=self.request.headers.get("User-Agent", ""))
        return Response({"success": True, "user": UserBriefSerializer(user).data, "token": token}, status=status)


class LogoutPage(LogoutView):
    """
    The logout of the browsable pages. It shares the rate limit of the API's.
    """

    # `Any`: whatever Django's view takes.
    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        RateLimiter(request, "accounts.logout").check()
        return super().post(request, *args, **kwargs)


class UserViewSet(APIViewSet):
    """
    Users. The list is for staff, the rest is for everyone.
    """

    queryset = User.objects.none()
    serializer_class = UserDetailSerializer
    serializers = dict.fromkeys(("list", "search"), UserSerializer)
    responses = {
        "list": numbered(UserSerializer),
        "retrieve": UserDetailSerializer,
        "by": UserDetailSerializer,
        "search": ranked(UserSerializer),
    }
    parameters = {
        "list": [
            OpenApiParameter(
                "search", str, description="A prefix of user names, and of mail addresses for those who may see them"
            )
        ],
        "search": [
            OpenApiParameter(
                "q",
                {"type": "string", "minLength": 1, "maxLength": MAX_NICKNAME_LENGTH},
                required=True,
                description="A prefix of the user name or the nickname, in any case; the first 64 characters count",
            ),
            cursor_parameter(MAX_SEARCH_CURSOR),
        ],
    }
    permissions = {"list": [IsAdminUser], "retrieve": [AllowAny], "by": [AllowAny], "search": [AllowAny]}
    rates = {"search": "users.search"}
    pagination_class = CountedPagination  # type: ignore[assignment]  # the base class has none and no annotation
    conditional = {"list", "retrieve", "by", "search"}

    def get_queryset(self) -> UserQuerySet:
        users: UserQuerySet = User.objects.visible_to(self.request.user).select_related("profile")
        return users

    def list(self, request: Request) -> Response:
        """
        All users, ten a page. `search` is a prefix of user names, and of mail addresses for those who may see them.
        """
        users = self.get_queryset().order_by("id")
        if search := request.query_params.get("search", "").strip().lower():
            users = users.starting_with(search, viewer=request.user)
        records = [to_record(user) for user in self.paginate_queryset(users) or ()]
        return self.get_paginated_response(self.get_serializer(records, many=True).data)

    def retrieve(self, request: Request, pk: str) -> Response:
        """
        One user, with counters.
        """
        return self.answer_detail(get_object_or_404(self.get_queryset(), id=pk))

    @action(methods=["GET"], detail=False, url_path="by/(?P<username>[A-Za-z0-9_]+)")
    def by(self, request: Request, username: str) -> Response:
        """
        One user by name, in any case.
        """
        return self.answer_detail(get_object_or_404(self.get_queryset(), username=username.lower()))

    @action(methods=["GET"], detail=False)
    def search(self, request: Request) -> Response:
        """
        Users whose user name or nickname begins with `q`, in any case: an exact match of the user name first,
        then the most followed, then all others by name.
        """
        asked = self.read(SearchSerializer, data=request.query_params.dict())
        found = SearchService.search(viewer=request.user, text=asked["q"], after=asked.get("cursor"))
        following = found.next_cursor and next_page_url(request, found.next_cursor.encode())
        results = self.get_serializer(found.records, many=True).data
        return Response({"has_next_page": following is not None, "next": following, "results": results})

    def answer_detail(self, user: User) -> Response:
        followed = FriendshipService.load_followed_among(viewer=self.request.user, user_ids=[user.id])
        detail = UserDetail(record=to_record(user), profile=user.profile, has_followed=user.id in followed)
        return Response(self.get_serializer(detail).data)


class ProfileViewSet(APIViewSet):
    """
    The caller's own nickname and avatar. The id in the URL is the profile's.
    """

    queryset = UserProfile.objects.none()
    serializer_class = ProfileSerializerForUpdate
    serializers = dict.fromkeys(("update", "partial_update"), ProfileSerializerForUpdate)
    responses = dict.fromkeys(("update", "partial_update"), ProfileSerializer)
    uploads = dict.fromkeys(("update", "partial_update"), Uploads("avatar", max_count=1, max_bytes=limits.MAX_BYTES))
    permission_classes = [IsAuthenticated, IsObjectOwner]
    rates = {"update": "profiles.update", "partial_update": "profiles.update"}

    def get_object(self) -> UserProfile:
        visible = User.objects.visible_to(self.request.user)
        profile = get_object_or_404(UserProfile, user__in=visible, id=self.kwargs["pk"])
        self.check_object_permissions(self.request, profile)
        return profile

    def update(self, request: Request, pk: str) -> Response:
        """
        Change the nickname, the avatar, or both. Fields that are not sent stay unchanged.
        """
        profile = ProfileService.update_profile(profile=self.get_object(), **self.read())
        return Response(ProfileSerializer(profile, context=self.get_serializer_context()).data)

    def partial_update(self, request: Request, pk: str) -> Response:
        """
        The same as PUT.
        """
        return self.update(request, pk)


class AvatarFileView(FileView):
    """
    The file of an avatar. It is 404 whenever its owner's account is.
    """

    def find(self, key: str) -> UserProfile:
        return ProfileService.get_by_avatar(key=key, viewer=self.request.user)

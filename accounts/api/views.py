"""
Signing up, in and out; people and their details.
"""

from django.contrib.auth import authenticate, login, logout, update_session_auth_hash
from django.contrib.auth.views import LogoutView
from django.db.models import Q
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter
from rest_framework.decorators import action
from rest_framework.permissions import AllowAny, IsAdminUser, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.permissions import IsSameOrigin
from accounts.api.serializers import (
    AccountSerializerForDelete,
    DoorsSerializer,
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
    UserDetailSerializer,
    UserSerializer,
)
from accounts.cache import user_record
from accounts.constants import LOGIN_BACKEND, MAX_SEARCH_CURSOR, NICKNAME_MAX, VIEW_EMAIL
from accounts.devices import remember
from accounts.models import User, UserProfile
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
    The door: sign up, log in, log out, and who am I.
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
    answers = {
        "list": DoorsSerializer,
        "signup": (201, SessionSerializer),
        "login": SessionSerializer,
        "logout": SuccessSerializer,
        "login_status": LoginStatusSerializer,
        "password": NewTokenSerializer,
        "me": (204, None),
    }
    rates = {name: f"accounts.{name}" for name in ("signup", "login", "logout", "login_status", "password")}
    # One count for both: each would tell whether a guess is right.
    rates["me"] = "accounts.password"
    # Tokens stand in here, and who is logged in.
    cache_control = "no-store"
    conditional = ()

    def list(self, request):
        """
        What can be done here.
        """
        names = ("signup", "login", "logout", "login_status", "password", "me")
        return Response({name: request.build_absolute_uri(f"{request.path}{name}/") for name in names})

    @action(methods=["POST"], detail=False)
    def signup(self, request):
        """
        Create an account and open a session; the `token` serves clients without cookies.
        """
        user = AccountService.create_account(**self.read())
        return self.open_session(user, status=201)

    @action(methods=["POST"], detail=False)
    def login(self, request):
        """
        Open a session. A wrong name and a wrong password are one and the same 400.

        Somebody whom moderators have suspended and who knows the password is told so: 403 `account_suspended`.
        """
        # Every backend hashes for a name nobody has too: both answers take as long.
        user = authenticate(request._request, **self.read())
        if user is None:
            raise WrongCredentials
        return self.open_session(user, status=200)

    @action(methods=["POST"], detail=False)
    def logout(self, request):
        """
        Close the session and end the token that was presented, if any.
        """
        secret = presented_token(request)
        if secret:
            AccessTokenService.revoke(secret)
        logout(request._request)
        return Response({"success": True})

    @action(methods=["GET"], detail=False)
    def login_status(self, request):
        """
        Whether the caller is logged in, and as whom.
        """
        status = {"has_logged_in": request.user.is_authenticated, "ip": client_address(request)}
        if request.user.is_authenticated:
            status["user"] = UserBriefSerializer(request.user).data
        return Response(status)

    @action(methods=["POST"], detail=False)
    def password(self, request):
        """
        Change the password. Every other session and token ends; the answer holds a new token.
        """
        user = AccountService.change_password(user=request.user, **self.read())
        if request.auth is None:
            # A client with a token has no session that could go on.
            update_session_auth_hash(request._request, user)
        remember(request._request, user)
        return Response({"success": True, "token": AccessTokenService.create_token(user=user)})

    @action(methods=["DELETE"], detail=False)
    def me(self, request):
        """
        Close the account, for good and at once.
        """
        AccountService.delete_account(user=request.user, **self.read())
        logout(request._request)
        return Response(status=204)

    def open_session(self, user, *, status):
        login(self.request._request, user, backend=LOGIN_BACKEND)
        token = AccessTokenService.create_token(user=user, name=self.request.headers.get("User-Agent", ""))
        return Response({"success": True, "user": UserBriefSerializer(user).data, "token": token}, status=status)


class LogoutPage(LogoutView):
    """
    The way out of the browsable pages, counted with the API's.
    """

    def post(self, request, *args, **kwargs):
        RateLimiter(request, "accounts.logout").check()
        return super().post(request, *args, **kwargs)


class UserViewSet(APIViewSet):
    """
    People. The list is for staff; details are for everyone.
    """

    queryset = User.objects.none()
    serializer_class = UserDetailSerializer
    serializers = dict.fromkeys(("list", "search"), UserSerializer)
    answers = {
        "list": numbered(UserSerializer),
        "retrieve": UserDetailSerializer,
        "by": UserDetailSerializer,
        "search": ranked(UserSerializer),
    }
    parameters = {
        "list": [OpenApiParameter("search", str, description="How names begin; mails, if one may see them")],
        "search": [
            OpenApiParameter(
                "q",
                {"type": "string", "minLength": 1, "maxLength": NICKNAME_MAX},
                required=True,
                description="How the user name or the nickname begins, in any case; 64 characters count",
            ),
            cursor_parameter(MAX_SEARCH_CURSOR),
        ],
    }
    permissions = {"list": [IsAdminUser], "retrieve": [AllowAny], "by": [AllowAny], "search": [AllowAny]}
    rates = {"search": "users.search"}
    pagination_class = CountedPagination
    conditional = {"list", "retrieve", "by", "search"}

    def get_queryset(self):
        return User.objects.visible_to(self.request.user).select_related("profile")

    def list(self, request):
        """
        Everybody, ten a page; `search` finds names by how they begin, and mails for who may see them.
        """
        users = self.get_queryset().order_by("id")
        if search := request.query_params.get("search", "").strip().lower():
            found = Q(username__startswith=search)
            may_see_email = request.user.has_perm(VIEW_EMAIL)
            users = users.filter(found | Q(email__startswith=search) if may_see_email else found)
        page = self.paginate_queryset(users)
        return self.get_paginated_response(self.get_serializer([user_record(user) for user in page], many=True).data)

    def retrieve(self, request, pk):
        """
        One user, with counters.
        """
        return self.answer_detail(get_object_or_404(self.get_queryset(), id=pk))

    @action(methods=["GET"], detail=False, url_path="by/(?P<username>[A-Za-z0-9_]+)")
    def by(self, request, username):
        """
        One user by name, in any case.
        """
        return self.answer_detail(get_object_or_404(self.get_queryset(), username=username.lower()))

    @action(methods=["GET"], detail=False)
    def search(self, request: Request) -> Response:
        """
        People whose user name or nickname begins with `q`, in any case: the very name first, then the
        most followed, then everybody else by name.
        """
        asked = self.read(SearchSerializer, data=request.query_params.dict())
        found = SearchService.search(viewer=request.user, text=asked["q"], after=asked.get("cursor"))
        following = found.next_cursor and next_page_url(request, found.next_cursor.encode())
        results = self.get_serializer(found.records, many=True).data
        return Response({"has_next_page": following is not None, "next": following, "results": results})

    def answer_detail(self, user):
        followed = FriendshipService.load_followed_among(self.request.user, [user.id])
        detail = {"record": user_record(user), "profile": user.profile, "has_followed": user.id in followed}
        return Response(self.get_serializer(detail).data)


class ProfileViewSet(APIViewSet):
    """
    One's own nickname and avatar. The id in the address is the profile's.
    """

    queryset = UserProfile.objects.none()
    serializer_class = ProfileSerializerForUpdate
    serializers = dict.fromkeys(("update", "partial_update"), ProfileSerializerForUpdate)
    answers = dict.fromkeys(("update", "partial_update"), ProfileSerializer)
    uploads = dict.fromkeys(("update", "partial_update"), Uploads("avatar", max_count=1, max_bytes=limits.MAX_BYTES))
    permission_classes = [IsAuthenticated, IsObjectOwner]
    rates = {"update": "profiles.update", "partial_update": "profiles.update"}

    def get_object(self):
        visible = UserProfile.objects.filter(user__in=User.objects.visible_to(self.request.user))
        profile = get_object_or_404(visible, id=self.kwargs["pk"])
        self.check_object_permissions(self.request, profile)
        return profile

    def update(self, request, pk):
        """
        Change the nickname, the avatar, or both; what is not sent stays as it is.
        """
        profile = ProfileService.update_profile(profile=self.get_object(), **self.read())
        return Response(ProfileSerializer(profile, context=self.get_serializer_context()).data)

    def partial_update(self, request, pk):
        """
        The same as PUT.
        """
        return self.update(request, pk)


class AvatarFileView(FileView):
    """
    The file of an avatar: 404 with the account it belongs to.
    """

    def find(self, key):
        return ProfileService.get_by_avatar(key, self.request.user)

"""
Shapes of users, profiles and sessions.
"""

from typing import Any, TypedDict, overload

from rest_framework import serializers
from rest_framework.request import Request

from accounts.constants import (
    AVATAR_PIXELS,
    MAX_EMAIL_LENGTH,
    MAX_NICKNAME_LENGTH,
    MAX_PASSWORD_LENGTH,
    MAX_SEARCH_CURSOR,
    MIN_PASSWORD_LENGTH,
    USERNAME,
)
from accounts.models import UserProfile
from accounts.records import UserRecord
from accounts.services.search import SearchCursor
from utils.api.fields import PICTURE_WORDS, PictureField, TextField
from utils.api.pagination import BAD_CURSOR
from utils.database.pagination import BadCursor
from utils.images.media import media_url

# The text of Django's own forms for the same two inputs.
BOTH_AVATARS = "Either send a new avatar or check this box, not both."


class UserBriefSerializer(serializers.Serializer):
    """
    `{id, username}`.
    """

    id = serializers.IntegerField()
    username = serializers.CharField()

    example = {"id": 1, "username": "alice_demo"}


class UserSerializer(serializers.Serializer):
    """
    A user, as others see them.
    """

    id = serializers.IntegerField()
    username = serializers.CharField()
    nickname = serializers.CharField(allow_null=True)
    avatar_url = serializers.URLField(allow_null=True)

    example = {"id": 1, "username": "alice_demo", "nickname": "Alice", "avatar_url": None}

    def to_representation(self, record: UserRecord) -> dict[str, Any]:
        return user_shape(record, self.context["request"])


@overload
def user_shape(record: UserRecord, request: Request) -> dict[str, Any]: ...


@overload
def user_shape(record: None, request: Request) -> None: ...


@overload
def user_shape(record: UserRecord | None, request: Request) -> dict[str, Any] | None: ...


def user_shape(record: UserRecord | None, request: Request) -> dict[str, Any] | None:
    """
    Return the User shape of a record; None if there is no record.
    """
    if record is None:
        return None
    return {
        "id": record["id"],
        "username": record["username"],
        "nickname": record["nickname"],
        "avatar_url": media_url(record["avatar"], request),
    }


class UserDetail(TypedDict):
    """
    A user, their profile, and whether the caller follows them.
    """

    record: UserRecord
    profile: UserProfile
    has_followed: bool


class UserDetailSerializer(UserSerializer):
    """
    A user with the id and counters of their profile, and whether the caller follows them.
    """

    profile_id = serializers.IntegerField()
    followers_count = serializers.IntegerField()
    followings_count = serializers.IntegerField()
    tweets_count = serializers.IntegerField()
    has_followed = serializers.BooleanField()

    example = {
        **UserSerializer.example,
        "profile_id": 1,
        "followers_count": 6,
        "followings_count": 5,
        "tweets_count": 2,
        "has_followed": True,
    }

    # It is given more than its base class is.
    def to_representation(self, detail: UserDetail) -> dict[str, Any]:  # type: ignore[override]
        profile = detail["profile"]
        return {
            **user_shape(detail["record"], self.context["request"]),
            "profile_id": profile.id,
            "followers_count": profile.followers_count,
            "followings_count": profile.followings_count,
            "tweets_count": profile.tweets_count,
            "has_followed": detail["has_followed"],
        }


class SearchSerializer(serializers.Serializer):
    """
    The parameters of a search for users.
    """

    q = TextField(max_length=MAX_NICKNAME_LENGTH)
    cursor = serializers.CharField(required=False, max_length=MAX_SEARCH_CURSOR, trim_whitespace=False)

    def validate_cursor(self, cursor: str) -> SearchCursor:
        try:
            return SearchCursor.decode(cursor)
        except BadCursor as error:
            raise serializers.ValidationError(BAD_CURSOR) from error


class PasswordField(serializers.CharField):
    """
    A password: spaces count, and no response contains it.
    """

    # `Any`: whatever CharField takes.
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(trim_whitespace=False, style={"input_type": "password"}, write_only=True, **kwargs)


class SignupSerializerForCreate(serializers.Serializer):
    # Not trimmed: a name with a line break at its end is invalid.
    username = serializers.RegexField(
        USERNAME,
        trim_whitespace=False,
        error_messages={"invalid": "Use 6 to 20 letters, digits and underscores."},
    )
    email = serializers.EmailField(max_length=MAX_EMAIL_LENGTH)
    password = PasswordField(min_length=MIN_PASSWORD_LENGTH, max_length=MAX_PASSWORD_LENGTH)

    example = {"username": "alice_demo", "email": "alice@example.com", "password": "correct horse battery"}

    def validate_username(self, value: str) -> str:
        # RegexField searches, and "$" also matches before a line break at the end.
        if not USERNAME.fullmatch(value):
            raise serializers.ValidationError("Use 6 to 20 letters, digits and underscores.")
        return value.lower()


class LoginSerializer(serializers.Serializer):
    username = serializers.CharField(max_length=MAX_EMAIL_LENGTH)
    password = PasswordField(max_length=MAX_PASSWORD_LENGTH)

    example = {"username": "alice_demo", "password": "correct horse battery"}


class PasswordSerializerForUpdate(serializers.Serializer):
    old_password = PasswordField(max_length=MAX_PASSWORD_LENGTH)
    new_password = PasswordField(min_length=MIN_PASSWORD_LENGTH, max_length=MAX_PASSWORD_LENGTH)

    example = {"old_password": "correct horse battery", "new_password": "staple incorrect battery"}


class AccountSerializerForDelete(serializers.Serializer):
    password = PasswordField(max_length=MAX_PASSWORD_LENGTH)

    example = {"password": "correct horse battery"}


class SessionSerializer(serializers.Serializer):
    """
    The response to signup and login.
    """

    success = serializers.BooleanField()
    user = UserBriefSerializer()
    token = serializers.CharField(help_text="For `Authorization: Bearer`; shown once.")

    example = {"success": True, "user": UserBriefSerializer.example, "token": "uK7k8xkNtnWVxo7xt2dhPpvk-CUGUXQu"}


class LoginStatusSerializer(serializers.Serializer):
    has_logged_in = serializers.BooleanField()
    ip = serializers.CharField()
    user = UserBriefSerializer(required=False)

    example = {"has_logged_in": True, "ip": "127.0.0.1", "user": UserBriefSerializer.example}


class EndpointsSerializer(serializers.Serializer):
    """
    The URLs below `accounts/`.
    """

    signup = serializers.URLField()
    login = serializers.URLField()
    logout = serializers.URLField()
    login_status = serializers.URLField()
    password = serializers.URLField()
    me = serializers.URLField()

    example = {
        name: f"http://127.0.0.1:8000/api/accounts/{name}/"
        for name in ("signup", "login", "logout", "login_status", "password", "me")
    }


class NewTokenSerializer(serializers.Serializer):
    success = serializers.BooleanField()
    token = serializers.CharField()

    example = {"success": True, "token": SessionSerializer.example["token"]}


class ProfileSerializerForUpdate(serializers.Serializer):
    nickname = TextField(max_length=MAX_NICKNAME_LENGTH, required=False, allow_null=True, allow_blank=True)
    avatar = PictureField(
        max_pixels=AVATAR_PIXELS,
        required=False,
        allow_null=True,
        help_text=f"{PICTURE_WORDS}; kept at {AVATAR_PIXELS:,} pixels at most.",
    )
    # An HTML form cannot send null for a file, and an empty file input means that no file was chosen.
    avatar_remove = serializers.BooleanField(required=False, label="Remove the avatar")

    example = {"nickname": "Alice"}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs.pop("avatar_remove", False):
            if attrs.get("avatar"):
                raise serializers.ValidationError({"avatar_remove": [BOTH_AVATARS]})
            attrs["avatar"] = None
        return attrs


class ProfileSerializer(serializers.Serializer):
    """
    `{nickname, avatar}`; `avatar` is a URL.
    """

    nickname = serializers.CharField(allow_null=True)
    avatar = serializers.URLField(allow_null=True)

    example = {"nickname": "Alice", "avatar": None}

    def to_representation(self, profile: UserProfile) -> dict[str, Any]:
        return {"nickname": profile.nickname or None, "avatar": media_url(profile.avatar, self.context["request"])}

"""
Shapes of people.
"""

from django.conf import settings
from rest_framework import serializers

from accounts.constants import EMAIL_LENGTH, PASSWORD_MAX, PASSWORD_MIN, USERNAME


class UserBriefSerializer(serializers.Serializer):
    """
    `{id, username}`.
    """

    id = serializers.IntegerField()
    username = serializers.CharField()


class UserSerializer(serializers.Serializer):
    """
    `{id, username, nickname, avatar_url}` of a user record (accounts/cache.py).
    """

    id = serializers.IntegerField()
    username = serializers.CharField()
    nickname = serializers.CharField(allow_null=True)
    avatar_url = serializers.URLField(allow_null=True)

    def to_representation(self, record):
        return user_shape(record, self.context["request"])


def user_shape(record, request):
    """
    Return the User shape of a record, None of nobody.
    """
    if record is None:
        return None
    return {
        "id": record["id"],
        "username": record["username"],
        "nickname": record["nickname"],
        "avatar_url": request.build_absolute_uri(f"{settings.MEDIA_URL}{record['avatar']}")
        if record["avatar"]
        else None,
    }


class UserDetailSerializer(UserSerializer):
    """
    User, its profile's id and counters, and whether the caller follows them.
    """

    profile_id = serializers.IntegerField()
    followers_count = serializers.IntegerField()
    followings_count = serializers.IntegerField()
    tweets_count = serializers.IntegerField()
    has_followed = serializers.BooleanField()

    def to_representation(self, detail):
        profile = detail["profile"]
        return {
            **super().to_representation(detail["record"]),
            "profile_id": profile.id,
            "followers_count": profile.followers_count,
            "followings_count": profile.followings_count,
            "tweets_count": profile.tweets_count,
            "has_followed": detail["has_followed"],
        }


class PasswordField(serializers.CharField):
    """
    A password: 6 to 128 characters, spaces included, never echoed.
    """

    def __init__(self, **kwargs):
        super().__init__(trim_whitespace=False, style={"input_type": "password"}, write_only=True, **kwargs)


class SignupSerializerForCreate(serializers.Serializer):
    # Not trimmed: a name with a line break is a bad name, not a good one with something around it.
    username = serializers.RegexField(
        USERNAME,
        trim_whitespace=False,
        error_messages={"invalid": "Use 6 to 20 letters, digits and underscores."},
    )
    email = serializers.EmailField(max_length=EMAIL_LENGTH)
    password = PasswordField(min_length=PASSWORD_MIN, max_length=PASSWORD_MAX)

    def validate_username(self, value):
        # fullmatch, which RegexField does not ask for: "$" would let a line break pass.
        if not USERNAME.fullmatch(value):
            raise serializers.ValidationError("Use 6 to 20 letters, digits and underscores.")
        return value.lower()


class LoginSerializer(serializers.Serializer):
    username = serializers.CharField(max_length=EMAIL_LENGTH)
    password = PasswordField(max_length=PASSWORD_MAX)


class PasswordSerializerForUpdate(serializers.Serializer):
    old_password = PasswordField(max_length=PASSWORD_MAX)
    new_password = PasswordField(min_length=PASSWORD_MIN, max_length=PASSWORD_MAX)


class AccountSerializerForDelete(serializers.Serializer):
    password = PasswordField(max_length=PASSWORD_MAX)


class SessionSerializer(serializers.Serializer):
    """
    The answer to signup and login.
    """

    success = serializers.BooleanField()
    user = UserBriefSerializer()
    token = serializers.CharField(help_text="For `Authorization: Bearer`; shown once.")


class LoginStatusSerializer(serializers.Serializer):
    has_logged_in = serializers.BooleanField()
    ip = serializers.CharField()
    user = UserBriefSerializer(required=False)


class SuccessSerializer(serializers.Serializer):
    success = serializers.BooleanField()


class NewTokenSerializer(SuccessSerializer):
    token = serializers.CharField()

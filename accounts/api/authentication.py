"""
Bearer tokens for clients without cookies.
"""

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.cached_db import KEY_PREFIX as CACHED_SESSION_PREFIX
from django.core.cache import caches
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed

from accounts.cache import token_key
from accounts.services import AccessTokenService

PREFIX = "bearer "


def presented_token(request):
    """
    Return the secret that a request presents, or None.
    """
    header = request.headers.get("Authorization", "")
    return header[len(PREFIX) :].strip() if header.lower().startswith(PREFIX) else None


def credential_key(request):
    """
    Return (Redis key, field of the user's id) of the token or session that a request presents, or None.

    It proves nothing: it is where to look, for reading ahead.
    """
    if secret := presented_token(request):
        return caches["default"].make_key(token_key(AccessTokenService.hash(secret))), "user_id"
    if session_key := request.COOKIES.get(settings.SESSION_COOKIE_NAME):
        return caches["default"].make_key(f"{CACHED_SESSION_PREFIX}{session_key}"), SESSION_KEY
    return None


class BearerAuthentication(BaseAuthentication):
    """
    `Authorization: Bearer <token>`. A token that is unknown, expired or revoked is 401, never anonymous.
    """

    def authenticate(self, request):
        secret = presented_token(request)
        if secret is None:
            return None
        user = AccessTokenService.load_user(secret)
        if user is None:
            raise AuthenticationFailed("Invalid token.", code="invalid_token")
        return user, secret

    def authenticate_header(self, request):
        return "Bearer"


class BearerScheme(OpenApiAuthenticationExtension):
    """
    How the schema names it.
    """

    target_class = BearerAuthentication
    name = "bearerAuth"

    def get_security_definition(self, auto_schema):
        return {"type": "http", "scheme": "bearer"}

"""
Sessions for browsers, bearer tokens for clients without cookies.
"""

from typing import Any

from drf_spectacular.authentication import SessionScheme
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from accounts.models import User
from accounts.services import AccessTokenService
from utils.api.parameters import presented_token


class AccountSessionAuthentication(SessionAuthentication):
    """
    DRF's session authentication, but the view gets the user without Django's lazy wrapper.

    The wrapper makes every attribute access slower, and rendering a page reads the user dozens of times.
    """

    def authenticate(self, request: Request) -> tuple[User, None] | None:
        http_request = request._request
        user = getattr(http_request, "user", None)
        if not user or not user.is_active:
            return None
        # Django does not check the CSRF token of safe methods either; this saves the call.
        if http_request.method not in SAFE_METHODS:
            self.enforce_csrf(request)
        return getattr(http_request, "account", user), None


class AccountSessionScheme(SessionScheme):
    """
    Describes `AccountSessionAuthentication` in the OpenAPI schema.
    """

    # The library annotates what it sets, a path, and not what it accepts.
    target_class = AccountSessionAuthentication  # type: ignore[assignment]


class BearerAuthentication(BaseAuthentication):
    """
    `Authorization: Bearer <token>`. An empty, unknown, expired or revoked token gets 401; the request does not go on
    as an anonymous one.
    """

    def authenticate(self, request: Request) -> tuple[User, str] | None:
        secret = presented_token(request)
        if secret is None:
            return None
        user = AccessTokenService.load_user(secret=secret)
        if user is None:
            raise AuthenticationFailed("Invalid token.", code="invalid_token")
        return user, secret

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class BearerScheme(OpenApiAuthenticationExtension):
    """
    Describes `BearerAuthentication` in the OpenAPI schema.
    """

    target_class = BearerAuthentication
    name = "bearerAuth"

    # `Any`: the library's schema classes and security schemes are dictionaries of whatever OpenAPI allows.
    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {"type": "http", "scheme": "bearer"}

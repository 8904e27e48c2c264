"""
Sessions for browsers, bearer tokens for clients without cookies.
"""

from drf_spectacular.authentication import SessionScheme
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import SAFE_METHODS

from accounts.services import AccessTokenService
from utils.api.parameters import presented_token


class AccountSessionAuthentication(SessionAuthentication):
    """
    DRF's own, for less: the view is given the user without Django's lazy wrapper.

    The wrapper asks twice for every attribute, and a page looks at its reader dozens of times.
    """

    def authenticate(self, request):
        http_request = request._request
        user = getattr(http_request, "user", None)
        if not user or not user.is_active:
            return None
        # Of what changes nothing, Django's check of the token asks nothing.
        if http_request.method not in SAFE_METHODS:
            self.enforce_csrf(request)
        return getattr(http_request, "account", user), None


class AccountSessionScheme(SessionScheme):
    """
    How the schema names it.
    """

    target_class = AccountSessionAuthentication


class BearerAuthentication(BaseAuthentication):
    """
    `Authorization: Bearer <token>`. A token that is empty, unknown, expired or revoked is 401, never anonymous.
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

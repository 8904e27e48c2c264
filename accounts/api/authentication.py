"""
Bearer tokens for clients without cookies.
"""

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed

from accounts.services import AccessTokenService
from utils.api.parameters import presented_token


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

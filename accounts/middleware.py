"""
Who is asking.
"""

from django.contrib.auth import get_user
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.utils.functional import SimpleLazyObject

from accounts import cache


class AccountMiddleware(AuthenticationMiddleware):
    """
    Django's `request.user`, with all its checks, from the account that was read with the session.

    Once somebody has looked, `request.account` is the user without the lazy wrapper.
    """

    def process_request(self, request):
        request.user = SimpleLazyObject(lambda: self.load_user(request))

    def load_user(self, request):
        # The session is read on its first look-up, and only then knows its account.
        request.session.get("_auth_user_id")
        with cache.handed(getattr(request.session, "account", None)):
            request.account = get_user(request)
        return request.account

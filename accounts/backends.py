"""
How Django authenticates a user by password or session.
"""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest

from accounts import cache
from accounts.guard import check_login
from accounts.models import User, Viewer
from utils.errors import Forbidden


class AccountSuspended(Forbidden):
    """
    Moderators have suspended the account. Only a caller who knows the password is told.
    """

    code = "account_suspended"
    message = "This account is suspended."


class CachedAccountBackend(ModelBackend):
    """
    Django's own backend, but the user of a session is read through the cache: no SQL if it is cached.

    Names are accepted in any case. A deleted account counts as unknown, and so does a suspended one if the
    password is wrong.
    """

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> User | None:
        """
        Return the user with this name and password, or None.

        :raises TooManyRequests: there were too many attempts; no password was hashed.
        :raises AccountSuspended: the password is right. This costs one hash, as every other outcome does.
        """
        if username is not None:
            check_login(request, username)
        return super().authenticate(request, username=username, password=password, **kwargs)

    def get_user(self, user_id: int) -> User | None:
        return cache.load_account(user_id)

    def user_can_authenticate(self, user: Viewer | None) -> bool:
        # Django calls this after it checked the password.
        if not isinstance(user, User):
            return False
        if user.suspended_at is not None and user.deleted_at is None:
            raise AccountSuspended
        return user.can_log_in

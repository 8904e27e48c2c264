"""
How Django turns a session into a user.
"""

from django.contrib.auth.backends import ModelBackend

from accounts import cache
from accounts.guard import check_login
from utils.errors import Forbidden


class AccountSuspended(Forbidden):
    """
    Moderators have hidden the account. Only who knows its password is told.
    """

    code = "account_suspended"
    message = "This account is suspended."


class CachedAccountBackend(ModelBackend):
    """
    Django's own backend, with the user of a session read through the cache: no SQL when warm.

    Names are accepted in any case. Deleted people are nobody, and so are suspended ones with a wrong password.
    """

    def authenticate(self, request, username=None, password=None, **kwargs):
        """
        Return the user with this name and password, or None.

        :raises TooManyRequests: the guard refuses; nothing was hashed.
        :raises AccountSuspended: the password is right. It costs one hash, as every other answer does.
        """
        if username is not None:
            check_login(request, username)
        return super().authenticate(request, username=username, password=password, **kwargs)

    def get_user(self, user_id):
        return cache.load_account(user_id)

    def user_can_authenticate(self, user):
        # Django asks this once it has found the password right.
        if user.suspended_at is not None and user.deleted_at is None:
            raise AccountSuspended
        return user.can_log_in

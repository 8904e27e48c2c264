"""
How Django turns a session into a user.
"""

from django.contrib.auth.backends import ModelBackend

from accounts import cache
from accounts.guard import check_login


class CachedAccountBackend(ModelBackend):
    """
    Django's own backend, with the user of a session read through the cache: no SQL when warm.

    Names are accepted in any case. Suspended and deleted people are nobody.
    """

    def authenticate(self, request, username=None, password=None, **kwargs):
        """
        Return the user with this name and password, or None.

        :raises TooManyRequests: the guard refuses; nothing was hashed.
        """
        if username is not None:
            check_login(request, username)
        return super().authenticate(request, username=username, password=password, **kwargs)

    def get_user(self, user_id):
        return cache.load_account(user_id)

    def user_can_authenticate(self, user):
        return user.can_log_in

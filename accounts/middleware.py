"""
Who is asking.
"""

from django.contrib.auth import get_user
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.utils.functional import SimpleLazyObject


class AccountMiddleware(AuthenticationMiddleware):
    """
    Django's `request.user`, from the account that was read with the session.

    Once somebody has looked, `request.account` is the user without the lazy wrapper.
    """

    def process_request(self, request):
        request.user = SimpleLazyObject(lambda: self.load_user(request))

    def load_user(self, request):
        # Embedded, sessions are Django's own. And what is not cached or not in order is Django's to decide:
        # it asks the database, believes former secrets, ends what a new password has made void.
        load_owner = getattr(request.session, "load_owner", lambda: None)
        request.account = load_owner() or get_user(request)
        return request.account

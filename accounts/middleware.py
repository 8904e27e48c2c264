"""
The user of a request.
"""

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.utils.functional import SimpleLazyObject

from accounts.constants import LOGIN_BACKEND
from accounts.database_sessions import SessionStore
from accounts.devices import write_device
from accounts.models import User, Viewer


class AccountMiddleware(AuthenticationMiddleware):
    """
    Sets `request.user` as Django does, but from the account that was read together with the session.

    `request.account` is the user without the lazy wrapper; it is set on the first access of `request.user`.
    """

    def process_request(self, request: HttpRequest) -> None:
        # Django's own middleware assigns the same lazy object.
        request.user = SimpleLazyObject(lambda: self.load_user(request))  # type: ignore[assignment]

    def load_user(self, request: HttpRequest) -> Viewer:
        # The embedded profile's sessions have no `load_owner`. Whatever is not cached or not valid is left to Django:
        # it reads the database, accepts former secrets, and ends sessions of an old password.
        load_owner = getattr(request.session, "load_owner", lambda: None)
        user = load_owner() or get_user(request)
        if user.is_staff or user.is_superuser:
            # Staff rights are never taken from a cache: an attacker who can write to it could grant them.
            user = get_owner(request.session.session_key) or AnonymousUser()
        request.account = user  # type: ignore[attr-defined]  # ours
        return user

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        write_device(request, response)
        return response


def get_owner(session_key: str | None) -> User | None:
    """
    Return the owner of a session, reading both from the database, or None if there is no such session. Two queries.
    """
    session = SessionStore(session_key).load()
    if session.get(BACKEND_SESSION_KEY) != LOGIN_BACKEND:
        return None
    user = User.objects.filter(id=session[SESSION_KEY]).first()
    if user is None or not user.can_log_in:
        return None
    # Former secrets (SECRET_KEY_FALLBACKS) are accepted, as in Django.
    valid = (user.get_session_auth_hash(), *user.get_session_auth_fallback_hash())
    presented = session.get(HASH_SESSION_KEY, "")
    return user if any(constant_time_compare(presented, auth_hash) for auth_hash in valid) else None

"""
Sessions in the database under keyed hashes of their ids: reading the table or a cache reveals no valid cookie.
"""

from datetime import date
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore as DBSessionStore
from django.contrib.sessions.base_session import AbstractBaseSession
from django.utils import timezone
from django.utils.crypto import salted_hmac

SALT = "accounts.sessions"
# A stored key is as long as the column, and longer than a cookie, so a stolen stored key is not accepted as a cookie.
STORED_LENGTH, COOKIE_LENGTH = 40, 32
# Earlier releases stored sessions under their ids. Until this date such a session is still found and moved.
UNHASHED_UNTIL = date(2027, 3, 1)


class SessionStore(DBSessionStore):
    """
    Django's sessions in the database, each stored under a hash of its id; only the cookie holds the id.

    Only the synchronous methods are adapted, because the project has no asynchronous views.
    """

    def exists(self, session_key: str) -> bool:
        return super().exists(stored_key(session_key))

    def create_model_instance(self, data: dict[str, Any]) -> AbstractBaseSession:
        session = super().create_model_instance(data)
        session.session_key = stored_key(session.session_key)
        return session

    def delete(self, session_key: str | None = None) -> None:
        if session_key := session_key or self.session_key:
            super().delete(stored_key(session_key))

    def _get_session_from_db(self) -> AbstractBaseSession | None:
        # One query that also finds the session under a former key.
        keys = [stored_key(self.session_key), *former_keys(self.session_key)] if self.session_key else []
        session = self.model.objects.filter(session_key__in=keys, expire_date__gt=timezone.now()).first()
        if session is None:
            self._session_key = None
        elif session.session_key != keys[0]:
            self.move(session.session_key, keys[0])
        return session

    def move(self, former: str, key: str) -> None:
        """
        Move a session to its present key. Safe to run twice, and by two requests at once.
        """
        self.model.objects.filter(session_key=former).update(session_key=key)


def stored_key(session_key: str, secret: str | bytes | None = None) -> str:
    """
    Return the key that a session is stored under. The id cannot be computed from it.
    """
    return hash_key(session_key, secret or settings.SECRET_KEY)


# A request asks twice; a hash costs 3 % of a read.
@lru_cache(maxsize=256)
def hash_key(session_key: str, secret: str | bytes) -> str:
    return salted_hmac(SALT, session_key, secret, algorithm="sha256").hexdigest()[:STORED_LENGTH]


def former_keys(session_key: str) -> list[str]:
    """
    Return the keys under which an older session may be stored: hashed with former secrets, or its id itself.
    """
    keys = [stored_key(session_key, secret) for secret in settings.SECRET_KEY_FALLBACKS]
    if len(session_key) == COOKIE_LENGTH and timezone.now().date() < UNHASHED_UNTIL:
        keys.append(session_key)
    return keys

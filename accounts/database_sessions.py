"""
Sessions in the database under keyed hashes of their ids: who reads the table, or a cache, learns no cookie.
"""

from datetime import date
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore as DBSessionStore
from django.contrib.sessions.base_session import AbstractBaseSession
from django.utils import timezone
from django.utils.crypto import salted_hmac

SALT = "accounts.sessions"
# As wide as the column. No cookie has it: a stored key that somebody shows is not looked for as a former one.
STORED_LENGTH, COOKIE_LENGTH = 40, 32
# Until then a session that is stored under its id itself, as releases before this one did, goes on under the hash.
UNHASHED_UNTIL = date(2027, 3, 1)


class SessionStore(DBSessionStore):
    """
    Django's sessions in the database, each stored under a hash of its id; only the cookie holds the id.

    Only the synchronous methods do: nothing here is asynchronous.
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
        # One query finds it under a former key too.
        keys = [stored_key(self.session_key), *former_keys(self.session_key)] if self.session_key else []
        session = self.model.objects.filter(session_key__in=keys, expire_date__gt=timezone.now()).first()
        if session is None:
            self._session_key = None
        elif session.session_key != keys[0]:
            self.move(session.session_key, keys[0])
        return session

    def move(self, former: str, key: str) -> None:
        """
        Store a session under its present key. Safe to run twice, and by two requests at once.
        """
        self.model.objects.filter(session_key=former).update(session_key=key)


def stored_key(session_key: str, secret: str | bytes | None = None) -> str:
    """
    Return the key that a session is stored under, from which nobody can tell its id.
    """
    return salted_hmac(SALT, session_key, secret, algorithm="sha256").hexdigest()[:STORED_LENGTH]


def former_keys(session_key: str) -> list[str]:
    """
    Return the keys that a session of before may be stored under: by secrets that were replaced, and by its id itself.
    """
    keys = [stored_key(session_key, secret) for secret in settings.SECRET_KEY_FALLBACKS]
    if len(session_key) == COOKIE_LENGTH and timezone.now().date() < UNHASHED_UNTIL:
        keys.append(session_key)
    return keys

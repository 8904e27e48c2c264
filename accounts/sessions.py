"""
Sessions in the database with a copy in Redis, read together with the account they belong to.
"""

from typing import Any

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.cached_db import SessionStore as CachedDBSessionStore
from django.utils.crypto import constant_time_compare

from accounts import cache
from accounts.constants import LOGIN_BACKEND
from accounts.database_sessions import SessionStore as DatabaseSessionStore
from accounts.models import User
from accounts.records import AccountRecord
from utils.caching.redis.client import RedisUnavailable


class SessionStore(DatabaseSessionStore, CachedDBSessionStore):
    """
    Django's cached_db sessions under hashes of their ids. If both are cached, session and account take one round trip.

    `account` is the record that was read with the session, None if it is not cached.
    """

    account: AccountRecord | None = None

    @property
    def cache_key(self) -> str:
        return cache.session_key(self._get_or_create_session_key())  # type: ignore[attr-defined]  # missing in the stubs

    def load(self) -> dict[str, Any]:
        try:
            key = self._cache.make_key(self.cache_key)  # type: ignore[attr-defined]  # missing in the stubs
            data, self.account = cache.load_with_account(key, SESSION_KEY)
        except RedisUnavailable:
            data = None
        if data is not None and not is_session(data):
            # Written by another release, or damaged. The database still has the session.
            self._cache.delete(self.cache_key)  # type: ignore[attr-defined]  # missing in the stubs
            data = None
        return super().load() if data is None else data

    def move(self, former: str, key: str) -> None:
        super().move(former, key)
        # The cached copy would stay as long as the session could have lasted.
        self._cache.delete(f"{self.cache_key_prefix}{former}")  # type: ignore[attr-defined]  # missing in the stubs

    def load_owner(self) -> User | None:
        """
        Return the user of the session; None if no account was cached, or if the session does not match it.

        The checks are those of Django's `get_user`: the session's backend, and the hash of the password.
        """
        session, account = self._session, self.account  # type: ignore[attr-defined]  # missing in the stubs
        if account is None or session.get(BACKEND_SESSION_KEY) != LOGIN_BACKEND:
            return None
        if not constant_time_compare(session.get(HASH_SESSION_KEY, ""), account["auth_hash"]):
            return None
        return cache.account_from_record(account)


def is_session(data: Any) -> bool:
    """
    Say whether a cached value is an anonymous session, or one of a user with a valid id.
    """
    if type(data) is not dict:
        return False
    owner = [data.get(name, "") for name in (SESSION_KEY, BACKEND_SESSION_KEY, HASH_SESSION_KEY)]
    if any(type(value) is not str for value in owner):
        return False
    user_id = owner[0]
    return SESSION_KEY not in data or (user_id.isascii() and user_id.isdigit() and len(user_id) < 19)

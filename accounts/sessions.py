"""
Sessions in the database with a copy in Redis, read together with the account they belong to.
"""

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.cached_db import SessionStore as CachedDBSessionStore

from accounts import cache
from utils.redis.client import RedisUnavailable


class SessionStore(CachedDBSessionStore):
    """
    Django's cached_db sessions; when warm, the session and the account take one round trip.

    `account` is the record that came along, None when it was not cached.
    """

    account = None

    def load(self):
        try:
            data, self.account = cache.load_with_account(self._cache.make_key(self.cache_key), SESSION_KEY)
        except RedisUnavailable:
            data = None
        return super().load() if data is None else data

"""
The verbs of access tokens.
"""

import secrets
from collections.abc import Collection
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts import cache
from accounts.constants import TOKEN_BYTES
from accounts.events import TokensRevoked
from accounts.models import AccessToken, User
from outbox.services import OutboxService
from utils.caching.recording import note_expiry
from utils.database.time_ids import format_time
from utils.database.transactions import after_commit
from utils.errors import Unavailable


class AccessTokenService:
    """
    Access tokens of mobile clients: opaque, one per login, each can be revoked alone.
    """

    @classmethod
    def create_token(cls, *, user: User, name: str = "") -> str:
        """
        Create a token and return its secret. Only the SHA-256 is stored, so it cannot be shown again.
        """
        secret = secrets.token_urlsafe(TOKEN_BYTES)
        AccessToken.objects.create(
            user=user,
            key_hash=AccessToken.hash(secret),
            auth_hash=user.get_session_auth_hash(),
            name=name[:100],
            expires_at=timezone.now() + timedelta(days=settings.ACCESS_TOKEN_DAYS),
        )
        return secret

    @classmethod
    def load_user(cls, *, secret: str) -> User | None:
        """
        Return the user whose token is `secret`, or None. When cached: one round trip, no SQL; for staff one query more.
        """
        record, account = cache.load_token(AccessToken.hash(secret))
        if record is None or record["expires_at"] <= format_time(timezone.now()):
            return None
        note_expiry(record["expires_at"])
        user = cache.account_from_record(account) if account else cache.load_account(record["user_id"])
        if user is None or user.get_session_auth_hash() != record["auth_hash"]:
            return None
        # Staff rights are never taken from a cache: an attacker who can write to it could grant them.
        return cls.get_user(secret=secret) if user.is_staff or user.is_superuser else user

    @classmethod
    def get_user(cls, *, secret: str) -> User | None:
        """
        Return the user whose token is `secret` from the database, or None; one query.
        """
        unexpired = AccessToken.objects.filter(expires_at__gt=timezone.now()).select_related("user")
        token = unexpired.filter(key_hash=AccessToken.hash(secret)).first()
        if token is None or not token.user.can_log_in or token.auth_hash != token.user.get_session_auth_hash():
            return None
        return token.user

    @classmethod
    def revoke(cls, *, secret: str) -> None:
        """
        Revoke one token. An unknown token is not an error.
        """
        cls._revoke(AccessToken.objects.filter(key_hash=AccessToken.hash(secret)))

    @classmethod
    def revoke_all(cls, *, user: User) -> None:
        """
        Revoke every token of a user.
        """
        cls._revoke(AccessToken.objects.filter(user_id=user.id))

    @classmethod
    def _revoke(cls, tokens: QuerySet[AccessToken]) -> None:
        with transaction.atomic():
            key_hashes = list(tokens.values_list("key_hash", flat=True))
            if key_hashes:
                tokens.delete()
                OutboxService.record(event=TokensRevoked(key_hashes=key_hashes))
                after_commit(cache.invalidate_tokens, key_hashes)

    @classmethod
    def invalidate(cls, *, key_hashes: Collection[str]) -> None:
        """
        Invalidate cached copies of revoked tokens. One round trip.

        :raises Unavailable: the cache did not confirm it.
        """
        if not cache.invalidate_tokens(key_hashes):
            raise Unavailable("Redis did not confirm")

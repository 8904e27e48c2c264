"""
What the caches hold of accounts.

Memcached  `user:{id}`      a UserRecord: what others see of a user
Redis      `account:{id}`   an AccountRecord, for authentication
Redis      `token:{sha256}` a TokenRecord: the owner of a token
Redis      Django's prefix and a hash of its id: a session
Redis      `known_address:{id}:{address}` proof that the user has logged in from this address
"""

from collections.abc import Collection, Iterable
from datetime import timedelta
from functools import cache
from typing import Any

import orjson
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.cached_db import KEY_PREFIX as CACHED_SESSION_PREFIX
from django.core.cache import caches
from django.utils import timezone

from accounts.constants import KNOWN_ADDRESS_SECONDS, LAST_USED_SECONDS
from accounts.database_sessions import stored_key
from accounts.models import AccessToken, User
from accounts.records import AccountRecord, TokenRecord, UserRecord
from utils.caching.memcached.objects import TOMBSTONE, Lookup, invalidate, read_one
from utils.caching.records import NONE, RecordShape
from utils.caching.redis.client import RedisUnavailable, Script, client
from utils.database.time_ids import format_time

# The fields that authentication needs; the other fields of a cached instance are loaded on first access.
# In the order of the model's fields, as `from_db` expects them.
ACCOUNT_FIELDS = ("is_superuser", "is_staff", "is_active", "id", "username", "email")
USER = RecordShape(id=int, username=str, nickname=(str, NONE), avatar=str, suspended=bool, deleted=bool)
ACCOUNT = RecordShape(is_superuser=bool, is_staff=bool, is_active=bool, id=int, username=str, email=str, auth_hash=str)
TOKEN = RecordShape(user_id=int, auth_hash=str, expires_at=str)
# The JSON of a session or a token names a user; the script returns that user's account with it.
WITH_ACCOUNT = Script(
    "with_account",
    """
-- Returns {value, account, user id}, each false if missing. A key that holds no string is deleted.
local function get(key)
    local value = redis.pcall('GET', key)
    if type(value) ~= 'table' then return value end
    redis.call('DEL', key)
    return false
end
local raw = get(KEYS[1])
if not raw then return {false, false, false} end
local ok, value = pcall(cjson.decode, raw)
local user_id = ok and type(value) == 'table' and value[ARGV[2]]
if type(user_id) == 'number' then user_id = string.format('%.0f', user_id) end
if type(user_id) ~= 'string' then return {raw, false, false} end
return {raw, get(ARGV[1] .. user_id), user_id}
""",
)


def user_key(user_id: int) -> str:
    return f"user:{user_id}"


def account_key(user_id: int | str) -> str:
    return f"account:{user_id}"


def token_key(key_hash: str) -> str:
    return f"token:{key_hash}"


def session_key(session_id: str) -> str:
    return f"{CACHED_SESSION_PREFIX}{stored_key(session_id)}"


@cache
def redis_prefix() -> str:
    return caches["default"].make_key("")


def redis_key(name: str) -> str:
    """
    Return the full name of a key of the `default` cache, for scripts: those do not pass through Django.
    """
    return f"{redis_prefix()}{name}"


def user_lookup(user_ids: Iterable[int]) -> Lookup:
    """
    Return a lookup of UserRecords, to be read in one round trip with other lookups.

    The result has no record for an id that no user ever had.
    """
    return Lookup({user_id: user_key(user_id) for user_id in user_ids}, load_user_records, USER.matches)


def load_user_records(user_ids: Collection[int]) -> dict[int, UserRecord]:
    """
    Read user records from the database: one query.
    """
    users = User.objects.filter(id__in=user_ids).select_related("profile")
    return {user.id: to_record(user) for user in users}


def to_record(user: User) -> UserRecord:
    return {
        "id": user.id,
        "username": user.username,
        "nickname": user.profile.nickname or None,
        "avatar": user.profile.avatar,
        "suspended": user.suspended_at is not None,
        "deleted": user.deleted_at is not None,
    }


def load_account(user_id: int) -> User | None:
    """
    Return the user with this id if they may log in, else None. No SQL if the account is cached.
    """
    record = read_one(account_key(user_id), lambda: account_record(user_id), ACCOUNT.matches, alias="default")
    return None if record is None else account_from_record(record)


def account_from_record(record: AccountRecord) -> User:
    """
    Return the User of an account record. Only `ACCOUNT_FIELDS` are set; others are fetched on first access.
    """
    user = User.from_db("default", ACCOUNT_FIELDS, [record[name] for name in ACCOUNT_FIELDS])  # type: ignore[literal-required]
    user.cached_auth_hash = record["auth_hash"]
    return user


def load_with_account(key: str, id_field: str) -> tuple[Any, AccountRecord | None]:
    """
    Return (value, account record) of a session or token key, in one round trip (on a cluster two).

    The value is unchecked JSON, or None if the key is missing. An invalid account record counts as None.

    :param key: the full name of the key in Redis.
    :param id_field: the field of the JSON value that holds the user's id.
    :raises RedisUnavailable: Redis did not answer.
    """
    if client.is_cluster:
        value, record = load_from_cluster(key, id_field)
    else:
        raw, account = client.run(WITH_ACCOUNT, [key], with_account_arguments(id_field))[:2]
        value, record = parse(raw), parse(account)
    return value, record if ACCOUNT.matches(record) else None


def load_from_cluster(key: str, id_field: str) -> tuple[Any, Any]:
    """
    Return the unchecked value of a session or token key and of the account that it names: two round trips.

    :raises RedisUnavailable: Redis did not answer.
    """
    value = parse(client.get_many([key])[0])
    user_id = value.get(id_field) if isinstance(value, dict) else None
    if not isinstance(user_id, int | str):
        return value, None
    return value, parse(client.get_many([redis_key(account_key(user_id))])[0])


def parse(raw: bytes | None) -> Any:
    """
    Return the value of a JSON text; None if there is no text, a tombstone if the JSON is invalid.
    """
    try:
        return None if raw is None else orjson.loads(raw)
    except orjson.JSONDecodeError:
        return TOMBSTONE


def account_record(user_id: int) -> AccountRecord | None:
    user = User.objects.filter(id=user_id).first()
    if user is None or not user.can_log_in:
        return None
    return AccountRecord(
        is_superuser=user.is_superuser,
        is_staff=user.is_staff,
        is_active=user.is_active,
        id=user.id,
        username=user.username,
        email=user.email,
        auth_hash=user.get_session_auth_hash(),
    )


def with_account_arguments(id_field: str) -> list[str]:
    """
    Return the arguments of WITH_ACCOUNT: the prefix of account keys, and the field that holds the user's id.
    """
    return [redis_key(account_key("")), id_field]


def credential_key(secret: str | None, session_id: str | None) -> tuple[str, str] | None:
    """
    Return (Redis key, field of the user's id) of the token, else of the session; None if the request has neither.

    The key proves nothing; it only says what to prefetch.
    """
    if secret:
        return redis_key(token_key(AccessToken.hash(secret))), "user_id"
    if session_id:
        return redis_key(session_key(session_id)), SESSION_KEY
    return None


def load_token(key_hash: str) -> tuple[TokenRecord | None, AccountRecord | None]:
    """
    Return the records of a token and of its account; both are None if the token is unknown.

    One round trip if both are cached. A miss updates `last_used_at`. The account is None if it is not cached.
    """
    try:
        record, account = load_with_account(redis_key(token_key(key_hash)), "user_id")
    except RedisUnavailable:
        record = account = None
    if not TOKEN.matches(record):
        record = read_one(token_key(key_hash), lambda: token_record(key_hash), TOKEN.matches, alias="default")
    return record, account


def token_record(key_hash: str) -> TokenRecord | None:
    token = AccessToken.objects.filter(key_hash=key_hash).first()
    if token is None:
        return None
    long_ago = timezone.now() - timedelta(seconds=LAST_USED_SECONDS)
    # Without Redis, every request is a miss and comes here.
    if token.last_used_at is None or token.last_used_at < long_ago:
        AccessToken.objects.filter(id=token.id).update(last_used_at=timezone.now())
    return {"user_id": token.user_id, "auth_hash": token.auth_hash, "expires_at": format_time(token.expires_at)}


def invalidate_user(*user_ids: int) -> bool:
    """
    Invalidate cached users and accounts; say whether both caches confirmed it. Two round trips in all.
    """
    seen_by_others = invalidate(*map(user_key, user_ids))
    return invalidate(*map(account_key, user_ids), alias="default") and seen_by_others


def invalidate_tokens(key_hashes: Collection[str]) -> bool:
    """
    Invalidate revoked tokens; say whether the cache confirmed it.
    """
    return not key_hashes or invalidate(
        *[token_key(key_hash) for key_hash in key_hashes], seconds=settings.OBJECT_CACHE_SECONDS, alias="default"
    )


def known_address_key(user_id: int, address: str) -> str:
    return f"known_address:{user_id}:{address}"


def load_known_address(user_id: int, address: str) -> str:
    """
    Return the proof that the user's last login from this address stored, or "" if there is none.
    """
    proof = caches["default"].get(known_address_key(user_id, address))
    return proof if isinstance(proof, str) else ""


def store_known_address(user_id: int, address: str, proof: str) -> None:
    """
    Store the proof of a login. If the cache is unavailable, the proof is lost.
    """
    caches["default"].set(known_address_key(user_id, address), proof, KNOWN_ADDRESS_SECONDS)

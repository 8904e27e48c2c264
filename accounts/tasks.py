"""
Tasks of accounts.
"""

from accounts import cache
from accounts.services import ProfileService
from outbox.handling import outbox_task
from utils.errors import Unavailable


@outbox_task()
def invalidate_user(message_id, user_id):
    """
    Make cached copies of a user stale.

    Safe to run twice: a tombstone over a tombstone.
    """
    if not cache.invalidate_user(user_id):
        raise Unavailable("Memcached did not confirm")
    return f"user {user_id} is read anew"


@outbox_task()
def invalidate_tokens(message_id, key_hashes):
    """
    Make tokens that were revoked unknown to the cache.

    Safe to run twice: a tombstone over a tombstone.
    """
    if not cache.invalidate_tokens(key_hashes):
        raise Unavailable("Redis did not confirm")
    return f"{len(key_hashes)} tokens are unknown"


@outbox_task()
def empty_profile(message_id, user_id):
    """
    Remove nickname and avatar of somebody whose account is closed.

    Safe to run twice: an empty profile stays empty.
    """
    ProfileService.empty_profile(user_id=user_id)
    return f"the profile of user {user_id} is empty"

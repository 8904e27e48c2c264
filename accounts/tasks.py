"""
Handlers of events: accounts.
"""

from collections.abc import Sequence

from accounts import cache
from accounts.events import AccountDeleted, TokensRevoked, UserChanged
from accounts.services import ProfileService
from outbox.handling import event_handler
from utils.errors import Unavailable


@event_handler()
def invalidate_user(events: Sequence[UserChanged]) -> str:
    """
    Make cached copies of users stale.

    Safe to run twice: a tombstone over a tombstone.
    """
    user_ids = {event.user_id for event in events}
    if not cache.invalidate_user(*user_ids):
        raise Unavailable("Memcached did not confirm")
    return f"{len(user_ids)} users are read anew"


@event_handler()
def invalidate_tokens(events: Sequence[TokensRevoked]) -> str:
    """
    Make tokens that were revoked unknown to the cache.

    Safe to run twice: a tombstone over a tombstone.
    """
    key_hashes = {key_hash for event in events for key_hash in event.key_hashes}
    if not cache.invalidate_tokens(key_hashes):
        raise Unavailable("Redis did not confirm")
    return f"{len(key_hashes)} tokens are unknown"


@event_handler(batch_size=10)
def empty_profile(events: Sequence[AccountDeleted]) -> str:
    """
    Remove nickname and avatar of people whose accounts are closed.

    Safe to run twice: an empty profile stays empty.
    """
    emptied = [ProfileService.empty_profile(user_id=event.user_id) for event in events]
    return f"{sum(emptied)} profiles are empty"

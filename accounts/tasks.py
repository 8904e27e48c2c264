"""
Handlers of events: accounts.
"""

from collections.abc import Sequence

from accounts.events import AccountDeleted, TokensRevoked, UserChanged
from accounts.services import AccessTokenService, AccountService, ProfileService
from outbox.handling import event_handler


@event_handler()
def invalidate_user(events: Sequence[UserChanged]) -> str:
    """
    Invalidate cached copies of users.

    Safe to run twice: it only writes the same tombstones again.
    """
    user_ids = {event.user_id for event in events}
    AccountService.invalidate_users(user_ids=user_ids)
    return f"invalidated {len(user_ids)} users"


@event_handler()
def invalidate_tokens(events: Sequence[TokensRevoked]) -> str:
    """
    Invalidate cached copies of revoked tokens.

    Safe to run twice: it only writes the same tombstones again.
    """
    key_hashes = {key_hash for event in events for key_hash in event.key_hashes}
    AccessTokenService.invalidate(key_hashes=key_hashes)
    return f"invalidated {len(key_hashes)} tokens"


@event_handler(batch_size=10)
def empty_profile(events: Sequence[AccountDeleted]) -> str:
    """
    Remove the nickname and avatar of closed accounts.

    Safe to run twice: an empty profile stays empty.
    """
    emptied = [ProfileService.empty_profile(user_id=event.user_id) for event in events]
    return f"emptied {sum(emptied)} profiles"

"""
What accounts announce.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from outbox.events import Event


@dataclass(frozen=True, kw_only=True)
class UserChanged(Event):
    """
    What other people see of a user may have changed.
    """

    name: ClassVar[str] = "user_changed"

    user_id: int


@dataclass(frozen=True, kw_only=True)
class TokensRevoked(Event):
    """
    Access tokens were revoked before they expired.
    """

    name: ClassVar[str] = "tokens_revoked"

    key_hashes: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class AccountDeleted(Event):
    """
    A user closed their account.
    """

    name: ClassVar[str] = "account_deleted"

    user_id: int

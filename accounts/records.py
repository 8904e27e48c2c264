"""
What travels of an account through caches and pages.
"""

from typing import TypedDict


class UserRecord(TypedDict):
    """
    Who somebody is to others. `avatar` is a key of the media storage, "" for none.
    """

    id: int
    username: str
    nickname: str | None
    avatar: str
    suspended: bool
    deleted: bool


class AccountRecord(TypedDict):
    """
    What authentication needs of an account that may log in.
    """

    is_superuser: bool
    is_staff: bool
    is_active: bool
    id: int
    username: str
    email: str
    auth_hash: str


class TokenRecord(TypedDict):
    """
    Whose an access token is, and until when: `expires_at` is written as the API writes times.
    """

    user_id: int
    auth_hash: str
    expires_at: str

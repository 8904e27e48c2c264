"""
Records of users, accounts and tokens as caches hold them and pages show them.
"""

from typing import TypedDict


class UserRecord(TypedDict):
    """
    What others see of a user. `avatar` is a key of the media storage, "" for none.
    """

    id: int
    username: str
    nickname: str | None
    avatar: str
    suspended: bool
    deleted: bool


class AccountRecord(TypedDict):
    """
    What authentication needs to know of an account that may log in.
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
    The owner of an access token and when it expires; `expires_at` is a text as in the API.
    """

    user_id: int
    auth_hash: str
    expires_at: str

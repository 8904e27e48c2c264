"""
The verbs of accounts, of their profiles and of their tokens.
"""

from accounts.services.accounts import (
    AccountService,
    EmailTaken,
    UsernameTaken,
    WeakPassword,
    WrongCredentials,
)
from accounts.services.profiles import ProfileGone, ProfileService
from accounts.services.purging import PurgeService
from accounts.services.roles import LastSuperuser, RankTooLow, RoleService
from accounts.services.search import SearchService
from accounts.services.tokens import AccessTokenService

__all__ = [
    "AccessTokenService",
    "AccountService",
    "EmailTaken",
    "LastSuperuser",
    "ProfileGone",
    "ProfileService",
    "PurgeService",
    "RankTooLow",
    "RoleService",
    "SearchService",
    "UsernameTaken",
    "WeakPassword",
    "WrongCredentials",
]

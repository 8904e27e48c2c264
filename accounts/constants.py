"""
Limits of accounts and profiles.
"""

import re
from enum import IntEnum

USERNAME = re.compile(r"^[A-Za-z0-9_]{6,20}$")
# Longer than a user name may be, because a deleted account is renamed to a prefix and its id.
USERNAME_COLUMN = 40
MAX_EMAIL_LENGTH = 254
MIN_PASSWORD_LENGTH, MAX_PASSWORD_LENGTH = 6, 128
MAX_NICKNAME_LENGTH = 200
TOKEN_BYTES = 32
# How many characters of a name a search compares: as hexadecimal they just fit into an index of MariaDB.
SEARCH_KEY_LENGTH = 64
SEARCH_PAGE_SIZE = 10
# How many users a search ranks of those whose user name has the prefix, and of those whose nickname has it: one
# index range each. If there are more, it also looks at the most followed users of the site.
MAX_SEARCH_CANDIDATES = 500
MAX_MOST_FOLLOWED = 1_000
# How many results are ordered by followers. The cursor holds their ids, and the length of a URL is limited.
MAX_RANKED = 100
MAX_SEARCH_CURSOR = 4096
# A token's `last_used_at` is written no more often than this.
LAST_USED_SECONDS = 300
# No user can choose a name with "~".
DELETED_PREFIX = "~deleted_"
# Avatars are shrunk to this many pixels.
AVATAR_PIXELS = 512 * 512
AUTH_SALT = "accounts.User.session_auth_hash"
# The backend that sessions name; it is in settings.AUTHENTICATION_BACKENDS.
LOGIN_BACKEND = "accounts.backends.CachedAccountBackend"
# Marks a device that has logged in. Browsers store no cookie longer than 400 days.
DEVICE_COOKIE = "device"
DEVICE_SALT = "accounts.devices"
DEVICE_SECONDS = 400 * 86_400
# A device is known for the accounts that logged in last.
MAX_ACCOUNTS_PER_DEVICE = 5
# Shorter, because an address may soon belong to another person.
KNOWN_ADDRESS_SECONDS = 30 * 86_400
# The permission to see full mail addresses and to search by them; others see masked ones. Superusers have it.
VIEW_EMAIL = "accounts.view_email"


class RoleRank(IntEnum):
    """
    The rank of a user. Moderators are staff.
    """

    USER = 0
    STAFF = 1
    SUPERUSER = 2


# How many rows of one kind one run of a purge removes after an account was closed, so that a task stays short.
PURGE_SIZE = 300

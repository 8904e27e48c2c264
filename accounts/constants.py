"""
Limits of accounts and profiles.
"""

import re
from enum import IntEnum

USERNAME = re.compile(r"^[A-Za-z0-9_]{6,20}$")
# Wider than a name may be: the tombstone of a deleted account carries its id.
USERNAME_COLUMN = 40
EMAIL_LENGTH = 254
PASSWORD_MIN, PASSWORD_MAX = 6, 128
NICKNAME_MAX = 200
TOKEN_BYTES = 32
# How much of a name is compared when somebody looks for people: as hexadecimal it fits MariaDB's longest index.
SEARCH_KEY_LENGTH = 64
SEARCH_PAGE_SIZE = 10
# How many people a search ranks of those whose user name begins with it, and of those whose nickname does: one index
# range each. Where more share a beginning it also looks among the most followed of the site.
MAX_SEARCH_CANDIDATES = 500
MAX_MOST_FOLLOWED = 1_000
# How many of these come in the order of their followers; the cursor names each, and addresses have a length.
MAX_RANKED = 100
MAX_SEARCH_CURSOR = 4096
# A token's `last_used_at` is written no more often than this.
LAST_USED_SECONDS = 300
# "~" cannot stand in a name that somebody may choose.
DELETED_PREFIX = "~deleted_"
# What an avatar is shrunk to.
AVATAR_PIXELS = 512 * 512
AUTH_SALT = "accounts.User.session_auth_hash"
# What a session names as the one who vouches for its user; settings.AUTHENTICATION_BACKENDS has it.
LOGIN_BACKEND = "accounts.backends.CachedAccountBackend"
# A device that has logged in is known by this cookie, for as long as browsers keep one at most.
DEVICE_COOKIE = "device"
DEVICE_SALT = "accounts.devices"
DEVICE_SECONDS = 400 * 86_400
# How many accounts one device is known for, the last ones.
DEVICE_ACCOUNTS = 5
# An address changes hands sooner.
KNOWN_ADDRESS_SECONDS = 30 * 86_400
# Who may see whole mail addresses, and find people by them; others see a mask. Superusers have it.
VIEW_EMAIL = "accounts.view_email"


class RoleRank(IntEnum):
    """
    How high somebody stands. Moderators are staff.
    """

    USER = 0
    STAFF = 1
    SUPERUSER = 2

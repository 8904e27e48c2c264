"""
Django system checks. `manage.py check` and `migrate` run them, and every start script runs `migrate`.

https://docs.djangoproject.com/en/5.2/topics/checks/
"""

import stat
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DatabaseError

from twitter.management.commands.demo import accounts_with_published_password

# Read or write permission for the group or for everybody. Execute permission is harmless, and needed by a web server
# that serves the photos, or a database server, under an account of its own.
OPEN_TO_OTHERS = stat.S_IRGRP | stat.S_IWGRP | stat.S_IROTH | stat.S_IWOTH


def data_dir_is_private(**kwargs: Any) -> list[CheckMessage]:
    """
    Warn about a DATA_DIR that other accounts of the machine may list or write to.
    """
    mode = stat.S_IMODE(settings.DATA_DIR.stat().st_mode)
    if not mode & OPEN_TO_OTHERS:
        return []
    words = f"DATA_DIR {settings.DATA_DIR} is open to other accounts of this machine (mode {mode:o})."
    return [Warning(words, hint=f"chmod go-rw {settings.DATA_DIR}", id="twitter.W001")]


def no_demo_people_in_production(databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """
    Refuse to start with SECURE=on while the database has demo accounts, whose password is published.
    """
    if not settings.SECURE or not databases:
        return []
    try:
        people = accounts_with_published_password()
    except DatabaseError:
        # Before the first migration there is no table, and no account.
        return []
    if not people:
        return []
    words = f"{len(people)} demo people with a published password are in this database, and SECURE is on."
    return [Error(words, hint="manage.py demo --close", id="twitter.E001")]


def register_all() -> None:
    """
    Register the checks with Django.
    """
    register(data_dir_is_private)
    register(no_demo_people_in_production, Tags.database)

"""
Settings with django-migration-linter installed, for `make check`: old code must work on the new schema.

While a release rolls out, both run side by side, so a migration must neither take away what old code uses nor demand
what old code does not write (docs/operations.md, "Rolling upgrade").
"""

from twitter.settings import *  # noqa: F403
from twitter.settings import BASE_DIR
from twitter.settings import INSTALLED_APPS as PROJECT_APPS

INSTALLED_APPS = [*PROJECT_APPS, "django_migration_linter"]

MIGRATION_LINTER_OPTIONS = {
    # By label; those of packages are not ours to change.
    "include_apps": [app.rpartition(".")[2] for app in PROJECT_APPS if (BASE_DIR / app.replace(".", "/")).is_dir()],
    "no_cache": True,
    "quiet": ["ok", "ignore"],
    "ignore_name": [
        # New columns without a default in the database. They came before the first release that was rolled out.
        "0002_auth_epoch",
        "0004_search",
        # SQLite rewrites the table for what MariaDB does in place: an index, a default or a help text. Nothing
        # becomes stricter. Whoever adds a name here has checked that of `manage.py sqlmigrate` on MariaDB.
        "0003_avatar_index",
        "0006_token_expiry",
        "0003_acknowledgement_expiry",
        "0002_event_rows",
    ],
}

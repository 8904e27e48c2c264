"""
The environment of programs that load the project but are not its tests: attacks and faults.
"""

import os
from urllib.parse import urlsplit


def production_environment(*, database: str) -> dict[str, str]:
    """
    Return production settings for the servers that the environment names, without HBase, in a database of this name.
    """
    return {
        "PROFILE": "stack",
        "DJANGO_SETTINGS_MODULE": "twitter.settings",
        "DATABASE_URL": urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{database}").geturl(),
        "HBASE_URL": "",
        "STORE": "mysql",
        "SECURE": "on",
        "DEBUG": "off",
        "TRUSTED_PROXIES": "127.0.0.1",
        "PYTHONUNBUFFERED": "1",
    }

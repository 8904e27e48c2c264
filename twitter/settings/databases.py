"""
MariaDB or SQLite, and HBase as the second store of some tables.
"""

from typing import Any
from urllib.parse import urlsplit

import environ

from twitter.settings.environment import DATA_DIR, EMBEDDED, choice, env

# https://docs.djangoproject.com/en/5.2/ref/databases/

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# How long one statement waits for a lock, in seconds (MariaDB takes integers only), and how long a request waits for a
# thread and for locks together (utils/database/waiting.py). The promise is a response within three seconds, and the
# rest of that time is for building it.
LOCK_WAIT_SECONDS = 2
REQUEST_WAIT_SECONDS = 2.5
# MariaDB aborts a statement of a request after the first of these times. If the server sends nothing for the second,
# for example because it is frozen, the request fails.
REQUEST_STATEMENT_SECONDS = 4
REQUEST_SILENCE_SECONDS = 5

SQLITE_URL = f"sqlite:///{DATA_DIR / 'db.sqlite3'}"
DATABASE_URL = env.str("DATABASE_URL", SQLITE_URL) if EMBEDDED else env.str("DATABASE_URL")
DATABASES = {"default": env.db_url_config(DATABASE_URL)}
DATABASES["default"]["ATOMIC_REQUESTS"] = False  # services own their transactions

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {
        # IMMEDIATE: a transaction that reads first and writes later would otherwise fail under load.
        "transaction_mode": "IMMEDIATE",
        # How long tasks and commands wait for the write lock; requests wait LOCK_WAIT_SECONDS.
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-32000;",
    }
    DATABASES["default"]["TEST"] = {"NAME": DATA_DIR / "test.sqlite3"}
else:
    mariadb: dict[str, Any] = {"ENGINE": "utils.database.mysql", "CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True}
    DATABASES["default"] |= mariadb
    DATABASES["default"]["OPTIONS"] = {
        "charset": "utf8mb4",
        # The server's default collation treats all emoji as equal.
        "collation": "utf8mb4_unicode_520_ci",
        "isolation_level": "read committed",
        "init_command": "SET sql_mode='STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION', "
        f"innodb_lock_wait_timeout={LOCK_WAIT_SECONDS}",
        "connect_timeout": 2,
        # For tasks and commands; for requests it is REQUEST_SILENCE_SECONDS.
        "read_timeout": 10,
        "write_timeout": 10,
    }
    DATABASES["default"]["TEST"] = {"CHARSET": "utf8mb4", "COLLATION": "utf8mb4_unicode_520_ci"}


# ---------------------------------------------------------------- replicas

# Where reads go that may be some seconds old (utils/database/replicas.py).
DATABASE_REPLICA_URLS = env.list("DATABASE_REPLICA_URLS", default=[])
DATABASE_REPLICAS = [f"replica_{number}" for number, _ in enumerate(DATABASE_REPLICA_URLS, 1)]
# A replica that is further behind is not read from.
REPLICA_MAX_LAG_SECONDS = 5
# So long who has written reads from the primary. Longer than the lag, by more than Redis may take to answer.
OWN_WRITES_SECONDS = 10
# One that says nothing is given up sooner than the primary, which is asked instead.
REPLICA_LIMITS = {"connect_timeout": 1, "read_timeout": 2, "write_timeout": 2}

if DATABASE_REPLICAS and DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    raise environ.ImproperlyConfigured("DATABASE_REPLICA_URLS names replicas of MariaDB, and DATABASE_URL is none")
for alias, url in zip(DATABASE_REPLICAS, DATABASE_REPLICA_URLS):
    options = DATABASES["default"]["OPTIONS"] | REPLICA_LIMITS
    # Tests of their own have servers of their own; all others have one database.
    DATABASES[alias] = {**env.db_url_config(url), **mariadb, "OPTIONS": options, "TEST": {"MIRROR": "default"}}
if DATABASE_REPLICAS:
    DATABASE_ROUTERS = ["utils.database.replicas.ReplicaRouter"]


# ---------------------------------------------------------------- HBase


def hbase_gateways(url: str) -> list[tuple[str, int]]:
    """
    Return the host and port of each Thrift server in hbase://host:port,host:port,…

    :raises ImproperlyConfigured: it is none such.
    """
    scheme, _, rest = url.partition("://")
    parts = [urlsplit(f"//{address.strip()}") for address in rest.rstrip("/").split(",")] if url else []
    try:
        gateways = [(part.hostname or "", part.port or 9090) for part in parts]
    except ValueError as error:
        raise environ.ImproperlyConfigured(f"HBASE_URL: {error}") from error
    if url and (scheme != "hbase" or not all(host for host, _ in gateways)):
        raise environ.ImproperlyConfigured(f"HBASE_URL is hbase://host:port,host:port,…, not {url!r}")
    return gateways


HBASE_URL = env.str("HBASE_URL", "")
HBASE_GATEWAYS = hbase_gateways(HBASE_URL) or [("", 9090)]
HBASE = {
    "HOST": HBASE_GATEWAYS[0][0],
    "PORT": HBASE_GATEWAYS[0][1],
    # Thrift servers beside that one, which take turns with it.
    "MORE_GATEWAYS": HBASE_GATEWAYS[1:],
    # With how many regions a table begins. 0: as many as its model says.
    "REGIONS": env.int("HBASE_REGIONS", 0),
    "TIMEOUT_MS": 400,
    "POOL_SIZE": 16,
    "POOL_TIMEOUT_S": 0.5,
    # Set by tests, so that the processes they start use the tables of the test.
    "TABLE_PREFIX": env.str("TEST_HBASE_PREFIX", ""),
}

# The first phases of a new project; later `manage.py store_phase` moves a table. Without HBASE_URL all tables are in
# MySQL, whatever this setting says.
STORE = choice("STORE", "mysql", "hbase")
INITIAL_PHASES = {
    "mysql": {"feeds": "mysql", "friendships": "mysql"},
    "hbase": {"feeds": "hbase_only", "friendships": "read_hbase"},
}[STORE]
# How long a process may rely on the phases that it has read (stores/cache.py).
PHASE_SECONDS = 2

"""
MariaDB or SQLite, and HBase as the second store of some tables.
"""

from urllib.parse import urlsplit

from twitter.settings.environment import DATA_DIR, EMBEDDED, choice, env

# https://docs.djangoproject.com/en/5.2/ref/databases/

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# A statement waits for a lock so long, in whole seconds, as MariaDB knows no others; and all statements of a request
# together, its own wait for a thread included, so long (utils/database/waiting.py). Three seconds are promised: the
# rest is for the answer.
LOCK_WAIT_SECONDS = 2
REQUEST_WAIT_SECONDS = 2.5
# MariaDB itself ends a request's statement after so many seconds, and a server that says nothing for so many, because
# it is frozen, is given up.
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
        # Tasks and commands wait so long for the one writer; requests wait LOCK_WAIT_SECONDS.
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-32000;",
    }
    DATABASES["default"]["TEST"] = {"NAME": DATA_DIR / "test.sqlite3"}
else:
    DATABASES["default"]["ENGINE"] = "utils.database.mysql"
    DATABASES["default"]["CONN_MAX_AGE"] = 600
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    DATABASES["default"]["OPTIONS"] = {
        "charset": "utf8mb4",
        # Tells emoji apart, as the server's own default does not.
        "collation": "utf8mb4_unicode_520_ci",
        "isolation_level": "read committed",
        "init_command": "SET sql_mode='STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION', "
        f"innodb_lock_wait_timeout={LOCK_WAIT_SECONDS}",
        "connect_timeout": 2,
        # Of tasks and commands; requests have REQUEST_SILENCE_SECONDS.
        "read_timeout": 10,
        "write_timeout": 10,
    }
    DATABASES["default"]["TEST"] = {"CHARSET": "utf8mb4", "COLLATION": "utf8mb4_unicode_520_ci"}


# ---------------------------------------------------------------- HBase

HBASE_URL = env.str("HBASE_URL", "")
HBASE_ADDRESS = urlsplit(HBASE_URL)
HBASE = {
    "HOST": HBASE_ADDRESS.hostname or "",
    "PORT": HBASE_ADDRESS.port or 9090,
    "TIMEOUT_MS": 400,
    "POOL_SIZE": 16,
    "POOL_TIMEOUT_S": 0.5,
    # Set by tests, so that the processes they start meet their tables and no others.
    "TABLE_PREFIX": env.str("TEST_HBASE_PREFIX", ""),
}

# Where a fresh project begins; from then on `manage.py store_phase` moves a table. Without HBASE_URL
# there is MySQL alone, whatever stands here.
STORE = choice("STORE", "mysql", "hbase")
INITIAL_PHASES = {
    "mysql": {"feeds": "mysql", "friendships": "mysql"},
    "hbase": {"feeds": "hbase_only", "friendships": "read_hbase"},
}[STORE]
# How long a process may go by the phases it has read (stores/cache.py).
PHASE_SECONDS = 2

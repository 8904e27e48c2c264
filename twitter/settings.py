"""
Every setting of both profiles.

embedded   no server installed: SQLite, caches and the task worker live in the web process
stack      MariaDB, Redis, Memcached, RabbitMQ, HBase, with worker, relay and beat processes

The code is the same for both; this file is the only place that knows which profile runs.
"""

import os
import secrets
from datetime import timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path
from urllib.parse import urlsplit

import environ
from corsheaders.defaults import default_headers
from csp.constants import NONE, SELF
from kombu import Queue

BASE_DIR = Path(__file__).resolve().parent.parent
VERSION = (BASE_DIR / "VERSION").read_text().strip()

env = environ.Env()

# ---------------------------------------------------------------- knobs
# All of them are listed in .env.example and docs/operations.md.

PROFILE = env.str("PROFILE", "embedded")
if PROFILE not in ("embedded", "stack"):
    raise environ.ImproperlyConfigured(f"PROFILE is 'embedded' or 'stack', not {PROFILE!r}")
EMBEDDED = PROFILE == "embedded"

DATA_DIR = Path(env.str("DATA_DIR", str(BASE_DIR / "var")))
if not DATA_DIR.is_absolute():
    DATA_DIR = BASE_DIR / DATA_DIR
# Nobody else's: it holds passwords' hashes and sessions. Nor is anything that any process of ours writes.
os.umask(0o077)
DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)

if not EMBEDDED and (DATA_DIR / "stack.env").exists():
    # Written by `make stack-up`; what the environment sets wins.
    environ.Env.read_env(DATA_DIR / "stack.env")

HOST = env.str("HOST", "127.0.0.1")
PORT = env.str("PORT", "8000")
if not PORT.isdecimal():
    raise environ.ImproperlyConfigured(f"PORT is a number, not {PORT!r}")
RATE_LIMITS = env.str("RATE_LIMITS", "on")
if RATE_LIMITS not in ("on", "off"):
    raise environ.ImproperlyConfigured(f"RATE_LIMITS is 'on' or 'off', not {RATE_LIMITS!r}")

# ---------------------------------------------------------------- security
# https://docs.djangoproject.com/en/5.2/howto/deployment/checklist/

DEBUG = env.bool("DEBUG", False)


def generated_secret(path):
    """
    Return the secret kept in `path`, made on the first start: no secret stands in the repository.
    """
    if not path.exists():
        draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(64))
        try:
            # A hard link refuses an existing name: of two first starts at once, one secret wins.
            path.hardlink_to(draft)
        except FileExistsError:
            pass
        draft.unlink()
    return path.read_text()


SECRET_KEY = env.str("SECRET_KEY", "") or generated_secret(DATA_DIR / "secret_key")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]", HOST])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

# Plain http on loopback is how the project is tried; SECURE=on is how it is deployed, behind TLS.
SECURE = env.bool("SECURE", False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SECURE_SSL_REDIRECT = SECURE
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE
# ForwardedProtoMiddleware leaves this header to TRUSTED_PROXIES alone.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# Probes speak plain http to the process itself.
SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$", r"^metrics$"]
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "utils.api.exception_handler.csrf_failure"

# Web clients on other origins, who show a token. Their cookies are not wanted.
# https://github.com/adamchainz/django-cors-headers#configuration
CORS_ALLOWED_ORIGINS = env.list("CORS_ALLOWED_ORIGINS", default=[])
CORS_URLS_REGEX = r"^/(api|media)/"
CORS_ALLOW_HEADERS = (*default_headers, "idempotency-key", "if-none-match", "x-request-id")
CORS_EXPOSE_HEADERS = (
    "ETag",
    "Location",
    "Retry-After",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    "X-Request-ID",
)


def is_private(host: str) -> bool:
    """
    Say whether only this machine or its private network can reach what listens at `host`.
    """
    try:
        address = ip_address(host.strip("[]"))
    except ValueError:
        return host == "localhost"
    return address.is_private and not address.is_unspecified


if SECURE and not is_private(HOST) and not env.bool("ALLOW_PUBLIC_HOST", False):
    raise environ.ImproperlyConfigured(
        f"SECURE=on and HOST={HOST}: the web server speaks no TLS and wants a proxy in front. Listen on a private "
        "address, or say ALLOW_PUBLIC_HOST=on where something else keeps strangers away, as a container's network does"
    )

# Addresses and networks of reverse proxies whose X-Forwarded-For and -Proto are believed, such as 127.0.0.1,10.0.0.0/8.
TRUSTED_PROXIES = env.list("TRUSTED_PROXIES", default=[])
for proxy in TRUSTED_PROXIES:
    # A typing error is an error now, not with the first request.
    ip_network(proxy, strict=False)

AUTH_USER_MODEL = "accounts.User"
# What the admin asks of whoever acts as a moderator (utils/admin.py); the group of moderators has it.
MODERATE_PERMISSION = "moderation.moderate"
AUTHENTICATION_BACKENDS = ["accounts.backends.CachedAccountBackend"]
# OWASP's argon2id minimum (19 MiB, 2 passes): 40 ms a login instead of 440.
# https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html
PASSWORD_HASHERS = ["accounts.hashers.OwaspArgon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 6}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "accounts.validators.OwnNameValidator"},
]
LOGIN_URL = "rest_framework:login"
LOGIN_REDIRECT_URL = "/api/"
LOGOUT_REDIRECT_URL = "/api/"
ACCESS_TOKEN_DAYS = env.int("ACCESS_TOKEN_DAYS", 30)
# Opens /metrics to a scraper from anywhere, and nothing else. Unset: staff and this machine only.
METRICS_TOKEN = env.str("METRICS_TOKEN", "")

# ---------------------------------------------------------------- apps and middleware

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "corsheaders",
    "csp",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "notifications",
    "twitter.apps.TwitterConfig",
    "utils",
    "utils.idempotency",
    "outbox",
    "stores",
    "gatekeeper",
    "accounts",
    "friendships",
    "likes",
    "tweets",
    "comments",
    "newsfeeds",
    "inbox",
    "moderation",
]

MIDDLEWARE = [
    "utils.middleware.RequestIdMiddleware",
    "utils.middleware.AccessMiddleware",
    "utils.api.middleware.ForwardedProtoMiddleware",
    "utils.api.middleware.PermanentRedirectMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "utils.api.middleware.SlashMiddleware",
    "utils.bodies.middleware.BodyMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "accounts.middleware.AccountMiddleware",
    "gatekeeper.middleware.VisitorMiddleware",
    "utils.api.middleware.PageMessagesMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "utils.api.middleware.PageMiddleware",
]

ROOT_URLCONF = "twitter.urls"
WSGI_APPLICATION = "twitter.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "twitter" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# ---------------------------------------------------------------- language and time

LANGUAGE_CODE = "en-us"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"

# ---------------------------------------------------------------- database
# https://docs.djangoproject.com/en/5.2/ref/databases/

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# A statement waits for a lock so long, in whole seconds, as MariaDB knows no others; and all statements of a request
# together, its own wait for a thread included, so long (utils/waiting.py). Three seconds are promised: the rest is for
# the answer.
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
    DATABASES["default"]["ENGINE"] = "utils.mysql"
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

# ---------------------------------------------------------------- caches
# default     sessions: Redis, through Django's cache API
# rates       rate counters: Redis, one round trip a count
# objects     users and tweets as JSON: Memcached
# The lists of tweet ids speak to Redis directly (utils/redis); without REDIS_URL they are simply not there.

REDIS_URL = env.str("REDIS_URL", "") if EMBEDDED else env.str("REDIS_URL")
if REDIS_URL and "TEST_REDIS_DATABASE" in env:
    REDIS_URL = f"{REDIS_URL.rpartition('/')[0]}/{env.str('TEST_REDIS_DATABASE')}"
MEMCACHED_URL = env.str("MEMCACHED_URL", "") if EMBEDDED else env.str("MEMCACHED_URL")
CACHE_TIMEOUT_SECONDS = 0.3

# Commands run in processes of their own and cannot reach the web process's memory,
# so what is cached there may be a few seconds old and no more.
IN_PROCESS_CACHE_SECONDS = 3


def in_process_cache(name):
    return {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": name,
        "TIMEOUT": IN_PROCESS_CACHE_SECONDS,
        "OPTIONS": {"MAX_ENTRIES": 50_000},
    }


def redis_cache(backend):
    return {
        "BACKEND": f"utils.redis.backend.{backend}",
        "LOCATION": REDIS_URL,
        "OPTIONS": {
            "SERIALIZER": "utils.redis.backend.TolerantJSONSerializer",
            "SOCKET_CONNECT_TIMEOUT": CACHE_TIMEOUT_SECONDS,
            "SOCKET_TIMEOUT": CACHE_TIMEOUT_SECONDS,
            "CONNECTION_POOL_KWARGS": {"max_connections": 50},
        },
    }


CACHES = {
    "default": redis_cache("RedisBackend") if REDIS_URL else in_process_cache("default"),
    "rates": redis_cache("RateCounterBackend") if REDIS_URL else in_process_cache("rates"),
    "objects": {
        "BACKEND": "utils.memcached.backend.MemcachedBackend",
        "LOCATION": MEMCACHED_URL,
        "OPTIONS": {"timeout": CACHE_TIMEOUT_SECONDS, "pool_size": 16},
        # Set by tests, so that two processes of one run do not share keys.
        "KEY_PREFIX": env.str("TEST_CACHE_PREFIX", ""),
    }
    if MEMCACHED_URL
    else in_process_cache("objects"),
}

SESSION_ENGINE = "accounts.sessions" if REDIS_URL else "accounts.database_sessions"
SESSION_CACHE_ALIAS = "default"
SESSION_COOKIE_AGE = 30 * 86_400

# The newest ids kept of a feed or of an author's tweets; older pages come from the database.
LIST_CACHE_CAP = 800
LIST_CACHE_SECONDS = 86_400
OBJECT_CACHE_SECONDS = 300 if MEMCACHED_URL else IN_PROCESS_CACHE_SECONDS

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
STORE = env.str("STORE", "") or "mysql"
if STORE not in ("mysql", "hbase"):
    raise environ.ImproperlyConfigured(f"STORE is 'mysql' or 'hbase', not {STORE!r}")
INITIAL_PHASES = {
    "mysql": {"feeds": "mysql", "friendships": "mysql"},
    "hbase": {"feeds": "hbase_only", "friendships": "read_hbase"},
}[STORE]
# How long a process may go by the phases it has read (stores/cache.py).
PHASE_SECONDS = 2

# ---------------------------------------------------------------- tasks
# https://docs.celeryq.dev/en/stable/userguide/configuration.html

BROKER_URL = env.str("BROKER_URL", "memory://localhost/" if EMBEDDED else environ.Env.NOTSET)


def quorum_queue(name):
    """
    A queue that survives its broker, delivers a message again five times and then sets it aside in `<name>.dlq`.
    """
    arguments = {
        "x-queue-type": "quorum",
        "x-delivery-limit": 5,
        "x-dead-letter-exchange": "",
        "x-dead-letter-routing-key": f"{name}.dlq",
    }
    return Queue(name, routing_key=name, queue_arguments=None if EMBEDDED else arguments)


def dead_letter_queue(name):
    return Queue(f"{name}.dlq", routing_key=f"{name}.dlq", queue_arguments={"x-queue-type": "quorum"})


CELERY_BROKER_URL = BROKER_URL
CELERY_TASK_QUEUES = [quorum_queue("default"), quorum_queue("fanout")]
CELERY_DEAD_LETTER_QUEUES = [] if EMBEDDED else [dead_letter_queue("default"), dead_letter_queue("fanout")]
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
# A worker that dies in the middle of a task gives it back: every task is safe to run twice.
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SOFT_TIME_LIMIT = 45
CELERY_TASK_TIME_LIMIT = 60
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 20
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# Nobody who reaches the broker asks a worker for its settings, which hold passwords, or tells it what to do.
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_BROKER_NATIVE_DELAYED_DELIVERY_QUEUE_TYPE = "classic"
# Only the relay publishes, and it would rather try again later than wait.
CELERY_BROKER_CONNECTION_TIMEOUT = 1.0
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {"polling_interval": 0.05}
    if EMBEDDED
    else {
        # Without confirms a publish to a frozen broker says OK and the message is gone.
        "confirm_publish": True,
        "max_retries": 0,
        "interval_start": 0,
        "interval_step": 0,
        "interval_max": 0,
        "read_timeout": 2,
        "write_timeout": 2,
    }
)
PURGE_EVERY = timedelta(minutes=10)
CELERY_BEAT_SCHEDULE = {
    # What is purged, and in which bites: twitter/purging.py.
    "purge-expired": {
        "task": "twitter.tasks.purge_expired",
        "schedule": PURGE_EVERY,
        # A worker that was away for a day shall not find a hundred of them.
        "options": {"expires": PURGE_EVERY.total_seconds()},
    },
}
# Tells that it is alive, at least this often.
CELERY_BEAT_SCHEDULER = "twitter.telemetry.WatchedScheduler"
CELERY_BEAT_MAX_LOOP_INTERVAL = 15
# Where beat keeps when it last sent what, across restarts.
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "celerybeat-schedule")
# A notification that was read is purged after so many days.
NOTIFICATION_DAYS = env.int("NOTIFICATION_DAYS", 90)

# The most events that one message to a worker carries.
OUTBOX_BATCH_SIZE = env.int("OUTBOX_BATCH_SIZE", 100)
# How many followers one fan-out batch serves: large enough that a row is cheap, small enough that a
# batch holds its locks for some ten milliseconds.
FAN_OUT_BATCH_SIZE = 1000
# How many of a followee's newest tweets a new follower finds in the feed.
BACKFILL_TWEETS = 100

# Our table in the place of the library's, which has no unique key and 32-bit ids.
# https://github.com/django-notifications-community/django-notifications-community#abstractnotification-model
NOTIFICATIONS_NOTIFICATION_MODEL = "inbox.Notification"

# ---------------------------------------------------------------- API
# https://www.django-rest-framework.org/api-guide/settings/

REST_FRAMEWORK = {
    # Bearer first: DRF takes 401 or 403 from the first class, and a bad token is 401.
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.api.authentication.BearerAuthentication",
        "accounts.api.authentication.AccountSessionAuthentication",
    ],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "utils.api.negotiation.ContentNegotiation",
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.AllowAny"],
    "DEFAULT_RENDERER_CLASSES": ["utils.api.renderers.JSONRenderer", "twitter.pages.PageRenderer"],
    "DEFAULT_PARSER_CLASSES": [
        "utils.api.parsers.JSONParser",
        "utils.api.parsers.FormParser",
        # With FILE_UPLOAD_HANDLERS, which does the reading.
        "rest_framework.parsers.MultiPartParser",
    ],
    "DEFAULT_SCHEMA_CLASS": "utils.api.schema.ContractSchema",
    "EXCEPTION_HANDLER": "utils.api.exception_handler.handle_exception",
    "NUM_PROXIES": 0,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}

# ---------------------------------------------------------------- bodies
# https://docs.djangoproject.com/en/5.2/ref/settings/#data-upload-max-memory-size

# Of whatever is no file: JSON, a form's texts. The longest that means something, a nickname of 200 code points
# with each as an escape of twelve letters, is 3 KB.
DATA_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024
# The parts of a form, files among them; how many files an action takes, its view says (`uploads`).
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
FILE_UPLOAD_HANDLERS = ["utils.bodies.forms.FormUploadHandler"]

# ---------------------------------------------------------------- rate limits
# https://django-ratelimit.readthedocs.io/en/stable/rates.html
# Of several rates all hold; put the shortest window first.

RATES = {
    "accounts.signup": ["3/s"],
    "accounts.login": ["3/s"],
    # By the account's name, wherever it is typed in: the API, the browsable API, the admin.
    "accounts.login_name": ["10/m"],
    # Wherever somebody who is logged in says their password once more: changing it, closing the account.
    "accounts.password": ["10/m"],
    "accounts.logout": ["3/s"],
    "accounts.login_status": ["3/s"],
    "tweets.create": ["1/s", "5/m"],
    "tweets.destroy": ["3/s"],
    "tweets.list": ["5/s"],
    "tweets.retrieve": ["5/s"],
    "friendships.follow": ["10/s"],
    "friendships.unfollow": ["10/s"],
    "friendships.followers": ["3/s"],
    "friendships.followings": ["3/s"],
    "profiles.update": ["3/s"],
    "users.search": ["5/s"],
    "schema": ["5/s"],
    "newsfeeds.list": ["5/s"],
    "comments.create": ["3/s"],
    "comments.list": ["10/s"],
    "comments.update": ["3/s"],
    "comments.destroy": ["5/s"],
    "likes.create": ["10/s"],
    "likes.cancel": ["10/s"],
    "notifications.unread_count": ["3/s"],
    "notifications.mark_all_as_read": ["3/s"],
    "notifications.update": ["3/s"],
    "reports.create": ["3/s"],
}
# These count the address even for somebody who is logged in.
RATES_BY_ADDRESS = {"accounts.signup", "accounts.login", "accounts.logout", "accounts.login_status"}
# These hold while the counter store is down: each process then counts for itself.
RATES_ALWAYS = {"accounts.login", "accounts.login_name", "accounts.password"}

RATELIMIT_ENABLE = RATE_LIMITS == "on"
RATELIMIT_USE_CACHE = "rates"
RATELIMIT_CACHE_PREFIX = "rate:"
# Redis' Lua knows SHA-1 and no other; the home feed counts in a script (newsfeeds/cache.py).
RATELIMIT_HASH_ALGORITHM = "hashlib.sha1"
# The counters are down: let people pass, but for RATES_ALWAYS.
RATELIMIT_FAIL_OPEN = True

# ---------------------------------------------------------------- static files and media

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATIC_ROOT.mkdir(exist_ok=True)
WHITENOISE_USE_FINDERS = True
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
MEDIA_ROOT = DATA_DIR / "media"
MEDIA_URL = "/media/"
# For the web server in front, which has another account: it may open what it knows the name of, and list nothing.
FILE_UPLOAD_PERMISSIONS = 0o644
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o711
# The internal location of the web server in front that sends files itself, such as "/protected-media/".
# https://docs.nginx.com/nginx/admin-guide/web-server/ (X-Accel-Redirect)
MEDIA_X_ACCEL = env.str("MEDIA_X_ACCEL", "")

# Any S3-compatible server; without a bucket files are local.
# https://django-storages.readthedocs.io/en/latest/backends/amazon-S3.html
S3_BUCKET = env.str("S3_BUCKET", "")
MEDIA_ON_S3 = bool(S3_BUCKET)
# How long a signed address works: long enough to load a page with its pictures, and soon over for somebody
# who kept the address of what was hidden since.
S3_ADDRESS_SECONDS = 300
if MEDIA_ON_S3:
    # Only where requirements/stack.txt is installed.
    from botocore.config import Config

    STORAGES["default"] = {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": S3_BUCKET,
            "endpoint_url": env.str("S3_ENDPOINT_URL", "") or None,
            "region_name": env.str("S3_REGION", "us-east-1"),
            "access_key": env.str("S3_ACCESS_KEY", ""),
            "secret_key": env.str("S3_SECRET_KEY", ""),
            "default_acl": None,
            "file_overwrite": False,
            "querystring_expire": S3_ADDRESS_SECONDS,
            # Its own minutes and five attempts would hold a request for longer than it may last.
            "client_config": Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 2}),
        },
    }

# off    approved on upload
# post   public while pending, reviewed afterwards
# pre    strangers see approved photos only, the author sees own pending ones too
PHOTO_REVIEW = env.str("PHOTO_REVIEW", "post")
if PHOTO_REVIEW not in ("off", "post", "pre"):
    raise environ.ImproperlyConfigured(f"PHOTO_REVIEW is 'off', 'post' or 'pre', not {PHOTO_REVIEW!r}")

# ---------------------------------------------------------------- content security policy
# https://django-csp.readthedocs.io/en/stable/configuration.html
# For pages only (utils/api/middleware.py). No page of ours has a script of its own inside.

MEDIA_ORIGINS = [env.str("S3_ENDPOINT_URL", "") or "https://*.amazonaws.com"] if MEDIA_ON_S3 else []
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        # The browsable API and the two documentations write style attributes.
        "style-src": [SELF, "'unsafe-inline'"],
        "img-src": [SELF, "data:", *MEDIA_ORIGINS],
        # Redoc searches in a worker that it makes of its own text.
        "worker-src": [SELF, "blob:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# ---------------------------------------------------------------- OpenAPI
# https://drf-spectacular.readthedocs.io/en/latest/settings.html

SPECTACULAR_SETTINGS = {
    "TITLE": "Twitter newsfeed API",
    "DESCRIPTION": "A high-concurrency newsfeed by the push model. Errors of every route share one body.",
    "VERSION": VERSION,
    "TAGS": [
        {"name": "accounts", "description": "Signing up, in and out; the password; closing the account."},
        {"name": "users", "description": "People, and finding them."},
        {"name": "profiles", "description": "What somebody shows of themselves: nickname and avatar."},
        {"name": "friendships", "description": "Who follows whom."},
        {"name": "tweets", "description": "Tweets with up to nine photos."},
        {"name": "newsfeeds", "description": "The home feed: own tweets, and those of the people one follows."},
        {"name": "comments", "description": "What people say on a tweet."},
        {"name": "likes", "description": "Likes of tweets and of comments."},
        {"name": "notifications", "description": "What others did that concerns the caller."},
        {"name": "reports", "description": "Telling moderators."},
        {"name": "features", "description": "What is switched on for the caller."},
    ],
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": "/api/",
    # The dialect of JSON Schema itself, so that answers can be checked against it as they are.
    "OAS_VERSION": "3.1.0",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "utils.api.schema_inputs.long_integers",
    ],
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_NAME_OVERRIDES": {
        "ErrorCode": "utils.api.shapes.error_codes",
        "NotificationVerb": "inbox.constants.VERBS",
        "ReportStatus": "moderation.constants.ReportStatus",
        "LikeableKind": "likes.api.serializers.kind_choices",
        "ReportableKind": "moderation.api.serializers.KIND_CHOICES",
    },
}

# ---------------------------------------------------------------- logs

# line   for people
# json   for machines: one object a line
LOG_FORMAT = env.str("LOG_FORMAT", "line")
if LOG_FORMAT not in ("line", "json"):
    raise environ.ImproperlyConfigured(f"LOG_FORMAT is 'line' or 'json', not {LOG_FORMAT!r}")

# Errors to Sentry and traces to an OpenTelemetry collector (requirements/telemetry.txt); unset, neither is imported.
SENTRY_DSN = env.str("SENTRY_DSN", "")
OTEL_EXPORTER_OTLP_ENDPOINT = env.str("OTEL_EXPORTER_OTLP_ENDPOINT", "")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "utils.middleware.RequestIdFilter"}},
    "formatters": {
        "line": {
            "()": "utils.logs.LineFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s",
        },
        "json": {"()": "utils.logs.JsonFormatter"},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "filters": ["request_id"], "formatter": LOG_FORMAT}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", "INFO")},
}

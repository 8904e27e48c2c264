"""
Secrets, hosts, cookies, origins, passwords, and what a page may load.
"""

from ipaddress import ip_address, ip_network

import environ
from corsheaders.defaults import default_headers
from csp.constants import NONE, SELF
from django.utils.functional import SimpleLazyObject

from twitter.data_dir import generated_secret
from twitter.settings.environment import DATA_DIR, HOST, env
from twitter.settings.media import MEDIA_ON_S3

# https://docs.djangoproject.com/en/5.2/howto/deployment/checklist/

DEBUG = env.bool("DEBUG", False)

# Generated on first use: reading the settings writes nothing.
SECRET_KEY = env.str("SECRET_KEY", "") or SimpleLazyObject(lambda: generated_secret(DATA_DIR / "secret_key"))
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]", HOST])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

# Off for trying the project with plain http on this machine. SECURE=on is for a deployment behind TLS.
SECURE = env.bool("SECURE", False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SECURE_SSL_REDIRECT = SECURE
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE
# ForwardedProtoMiddleware removes this header unless the request comes from TRUSTED_PROXIES.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# Probes use plain http and ask the process directly.
SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$", r"^metrics$"]
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "utils.api.exception_handler.csrf_failure"

# Origins of other web clients. They authenticate with a token, never with cookies.
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
    # A mistyped address is an error at the start, not at the first request.
    ip_network(proxy, strict=False)

AUTH_USER_MODEL = "accounts.User"
# The permission that moderators need in the admin (utils/pages/admin.py); their group has it.
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


# ---------------------------------------------------------------- content security policy
# https://django-csp.readthedocs.io/en/stable/configuration.html
# For pages only (utils/api/middleware.py). No page of this project contains an inline script.

MEDIA_ORIGINS = [env.str("S3_ENDPOINT_URL", "") or "https://*.amazonaws.com"] if MEDIA_ON_S3 else []
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        # The browsable API and the two documentations write style attributes.
        "style-src": [SELF, "'unsafe-inline'"],
        "img-src": [SELF, "data:", *MEDIA_ORIGINS],
        # Redoc searches in a worker that it creates from a blob.
        "worker-src": [SELF, "blob:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

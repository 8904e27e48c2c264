"""
The project's own settings on a database of the benchmark's own, with two floor views beside the API.
"""

from urllib.parse import urlsplit, urlunsplit

from twitter.settings import *  # noqa: F403
from twitter.settings import AUTHENTICATION_BACKENDS, CACHES, DATABASES, HBASE, RATES, REDIS_URL

DATABASES["default"]["NAME"] = "test_benchmarks"
DATABASES["default"]["TEST"]["NAME"] = "test_benchmarks"
REDIS_URL = urlunsplit(urlsplit(REDIS_URL)._replace(path="/9"))
for alias in ("default", "rates"):
    CACHES[alias]["LOCATION"] = REDIS_URL
CACHES["objects"]["KEY_PREFIX"] = "benchmarks"
HBASE["TABLE_PREFIX"] = "test_benchmarks_"

ROOT_URLCONF = "benchmarks.urls"
# The floor reads its user as Django does out of the box; which backend serves is written in the session.
AUTHENTICATION_BACKENDS = [*AUTHENTICATION_BACKENDS, "django.contrib.auth.backends.ModelBackend"]
# Every request is counted, none is refused.
RATES = {name: ["1000000/s"] for name in RATES}
# What goes wrong, and nothing about each request.
LOGGING = {
    "version": 1,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
}

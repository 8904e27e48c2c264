"""
The site's addresses, and some whose views fail in every way a view can.
"""

from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.db import OperationalError
from django.http import Http404
from django.urls import include, path
from rest_framework import exceptions
from rest_framework.views import APIView

from twitter import urls as site
from utils.caching.redis.client import RedisUnavailable
from utils.errors import Conflict, Forbidden, Missing, Refused, Unavailable
from utils.hbase.exceptions import HBaseUnavailable, TableMissing

SECRET = "the password is hunter2"
ERRORS = {
    "nobody-foresaw": lambda: ValueError(SECRET),
    "assertion": lambda: AssertionError(SECRET),
    "recursion": lambda: RecursionError(SECRET),
    "database": lambda: OperationalError(2006, SECRET),
    "hbase-away": lambda: HBaseUnavailable(SECRET),
    "redis-away": lambda: RedisUnavailable(SECRET),
    "hbase-refuses": lambda: TableMissing(SECRET, details=SECRET),
    "http404": lambda: Http404(SECRET),
    "permission": lambda: PermissionDenied(SECRET),
    "suspicious": lambda: SuspiciousOperation(SECRET),
    "bad-request": lambda: BadRequest(SECRET),
    "refused": lambda: Refused("Not like this."),
    "refused-field": lambda: Refused("Not this.", field="content"),
    "forbidden": lambda: Forbidden(),
    "missing": lambda: Missing(),
    "conflict": lambda: Conflict(),
    "unavailable": lambda: Unavailable(),
    "nested": lambda: exceptions.ValidationError({"a": {"b": ["deep"], "c": [{"d": ["deeper"]}]}, "e": "flat"}),
    "listed": lambda: exceptions.ValidationError(["one", "two"]),
}


class Fails(APIView):
    def get(self, request, kind):
        raise ERRORS[kind]()


def fails_outside_the_framework(request):
    raise ValueError(SECRET)


urlpatterns = [
    path("api/fails/<kind>/", Fails.as_view()),
    path("fails/", fails_outside_the_framework),
    path("", include("twitter.urls")),
]
handler400, handler403, handler404, handler500 = site.handler400, site.handler403, site.handler404, site.handler500

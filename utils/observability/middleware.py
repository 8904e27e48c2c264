"""
A request id for every request and for every line that is logged while it runs, and one line and one count for each.
"""

import logging
import re
import time
import uuid
from collections.abc import Callable
from contextvars import ContextVar

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.functional import empty

from utils.observability.metrics import count_request

access_logger = logging.getLogger("access")

HEADER = "X-Request-ID"
VALID = re.compile(r"[A-Za-z0-9._-]{1,64}")

current_request_id: ContextVar[str] = ContextVar("current_request_id", default="-")
GetResponse = Callable[[HttpRequest], HttpResponseBase]


class RequestIdMiddleware:
    """
    Echo the client's X-Request-ID when it is a plain word of up to 64 characters, else make one.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        # `request.headers` would first copy all headers.
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        request_id = given if VALID.fullmatch(given) else uuid.uuid4().hex
        # Django's own log lines about the request come after this has ended.
        request.request_id = request_id  # type: ignore[attr-defined]  # ours
        token = current_request_id.set(request_id)
        try:
            response = self.get_response(request)
        finally:
            current_request_id.reset(token)
        response[HEADER] = request_id
        return response


class AccessMiddleware:
    """
    Log and count each request: method, path, status, milliseconds, user.

    Never the query string or a header: they may hold private data. The user is logged only if
    something has loaded it already, so this costs no query.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        started = time.perf_counter()
        response = self.get_response(request)
        seconds = time.perf_counter() - started
        match = request.resolver_match
        route = match.view_name or match.route if match else None
        count_request(request.method, route, response.status_code, seconds)
        if access_logger.isEnabledFor(logging.INFO):
            values = (
                request.method,
                request.path,
                response.status_code,
                round(seconds * 1000, 1),
                get_user_id(request),
            )
            access_logger.info(
                "%s %s %s %s ms user %s",
                *values,
                extra=dict(zip(("method", "path", "status", "milliseconds", "user_id"), values)),
            )
        return response


def get_user_id(request: HttpRequest) -> int | None:
    """
    Return the id of the authenticated user, or None: anonymous, or nothing has asked for the user yet.
    """
    user = getattr(request, "user", None)
    return None if getattr(user, "_wrapped", None) is empty else getattr(user, "pk", None)


class RequestIdFilter(logging.Filter):
    """
    Put the id of the running request on each log record.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        # Django logs a 4xx after every middleware has ended, with the request beside it.
        request = getattr(record, "request", None)
        record.request_id = getattr(request, "request_id", None) or current_request_id.get()
        return True

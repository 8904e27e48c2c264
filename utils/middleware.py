"""
A request id for every request and for every line that is logged while it runs, and one line and one count for each.
"""

import logging
import re
import time
import uuid
from contextvars import ContextVar

from django.utils.functional import empty

from utils.metrics import count_request

access_logger = logging.getLogger("access")

HEADER = "X-Request-ID"
VALID = re.compile(r"[A-Za-z0-9._-]{1,64}")

current_request_id = ContextVar("current_request_id", default="-")


class RequestIdMiddleware:
    """
    Echo the client's X-Request-ID when it is a plain word of up to 64 characters, else make one.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        given = request.headers.get(HEADER, "")
        request.request_id = given if VALID.fullmatch(given) else uuid.uuid4().hex
        token = current_request_id.set(request.request_id)
        try:
            response = self.get_response(request)
        finally:
            current_request_id.reset(token)
        response[HEADER] = request.request_id
        return response


class AccessMiddleware:
    """
    Log and count each request: method, path, status, milliseconds, user.

    Never the query or a header: they may hold what is nobody's business. Looks at the user only if
    somebody has before, so that it costs no look-up.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        started = time.perf_counter()
        response = self.get_response(request)
        seconds = time.perf_counter() - started
        match = request.resolver_match
        count_request(request.method, match and (match.view_name or match.route), response.status_code, seconds)
        if access_logger.isEnabledFor(logging.INFO):
            values = (request.method, request.path, response.status_code, round(seconds * 1000, 1), user_id_of(request))
            access_logger.info(
                "%s %s %s %s ms user %s",
                *values,
                extra=dict(zip(("method", "path", "status", "milliseconds", "user_id"), values)),
            )
        return response


def user_id_of(request):
    """
    Return the id of the user whom the request turned out to come from, None of nobody or where nobody asked.
    """
    user = getattr(request, "user", None)
    return None if getattr(user, "_wrapped", None) is empty else getattr(user, "pk", None)


class RequestIdFilter(logging.Filter):
    """
    Put the id of the running request on each log record.
    """

    def filter(self, record):
        # Django logs a 4xx after every middleware has ended, with the request beside it.
        request = getattr(record, "request", None)
        record.request_id = getattr(request, "request_id", None) or current_request_id.get()
        return True

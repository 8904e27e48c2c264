"""
A request id for every request, and for every line that is logged while it runs.
"""

import logging
import re
import uuid
from contextvars import ContextVar

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


class RequestIdFilter(logging.Filter):
    """
    Put the id of the running request on each log record.
    """

    def filter(self, record):
        record.request_id = current_request_id.get()
        return True

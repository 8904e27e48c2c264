"""
Sends the reads of a user who has just written to the primary.
"""

from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from utils.database.replicas import note_write
from utils.observability.middleware import get_user_id

SAFE_METHODS = {"GET", "HEAD", "OPTIONS", "TRACE"}


class OwnWritesMiddleware:
    """
    Record the user of each request that may have written something, whatever its response.

    Django does not load it without a replica.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        if not settings.DATABASE_REPLICAS:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if request.method not in SAFE_METHODS and (user_id := get_user_id(request)):
            note_write(user_id)
        return response

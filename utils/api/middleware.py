"""
What every request passes: whether it came by https, where a redirect leads it, and what concerns pages for people.
"""

from collections.abc import Callable

from csp.middleware import CSPMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.http import HttpRequest
from django.http.response import HttpResponseBase, HttpResponsePermanentRedirect
from django.middleware.common import CommonMiddleware
from django.utils.http import escape_leading_slashes
from rest_framework.exceptions import APIException

from utils.api.exception_handler import error_response
from utils.api.throttling import is_trusted_proxy, parse_address
from utils.errors import ServiceError


class ForwardedProtoMiddleware:
    """
    Believe X-Forwarded-Proto of trusted proxies only: sent by anybody else it is dropped, and Django never sees it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if "HTTP_X_FORWARDED_PROTO" in request.META:
            address = parse_address(request.META.get("REMOTE_ADDR", ""))
            if address is None or not is_trusted_proxy(address):
                del request.META["HTTP_X_FORWARDED_PROTO"]
        return self.get_response(request)


class PermanentRedirectMiddleware:
    """
    Make 308 of a 301 that answers a write: after 301 clients ask again with GET and without the body.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if response.status_code == 301 and request.method not in ("GET", "HEAD"):
            response.status_code = HttpResponsePermanentRedirect.status_code_preserve_request
        return response


class SlashMiddleware(CommonMiddleware):
    """
    Django's own, which sends an address without its final slash to the one with it; writes too, in DEBUG as elsewhere.
    """

    def get_full_path_with_slash(self, request: HttpRequest) -> str:
        # In DEBUG Django's raises for a write, which would lose its body. Ours is a 308 and loses nothing.
        return escape_leading_slashes(request.get_full_path(force_append_slash=True))


class PageMiddleware(CSPMiddleware):
    """
    A content security policy for every page (settings.CONTENT_SECURITY_POLICY), and readable refusals for forms.

    JSON runs nowhere and goes through untouched. What a service or the login guard refuses outside
    DRF, such as in the admin, is answered as DRF would have answered it.
    """

    def __call__(self, request):
        response = self.get_response(request)
        if response.get("Content-Type", "").startswith("text/html"):
            return self.process_response(request, response)
        return response

    def process_exception(self, request, exception):
        if isinstance(exception, (ServiceError, APIException)):
            return error_response(request, exception)
        return None


class PageMessagesMiddleware(MessageMiddleware):
    """
    Django's messages, parted again from requests that had nothing to do with them, which are nearly all.

    They and the request hold each other, so both would stay in memory until the garbage collector comes.
    """

    def process_response(self, request, response):
        response = super().process_response(request, response)
        messages = getattr(request, "_messages", None)
        if messages is not None and not messages.used and not messages.added_new:
            del request._messages
        return response

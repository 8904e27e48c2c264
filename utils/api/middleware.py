"""
Middleware for https behind proxies, redirects, and what pages for people need.
"""

from collections.abc import Callable

from corsheaders.middleware import CorsMiddleware
from csp.middleware import CSPMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.messages.storage import default_storage
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase, HttpResponsePermanentRedirect
from django.middleware.common import CommonMiddleware
from django.utils.cache import patch_vary_headers
from django.utils.functional import SimpleLazyObject, empty
from django.utils.http import escape_leading_slashes
from rest_framework.exceptions import APIException

from utils.api.exception_handler import error_response
from utils.api.throttling import is_trusted_proxy, parse_address
from utils.errors import ServiceError


class ForwardedProtoMiddleware:
    """
    Accept X-Forwarded-Proto from trusted proxies only; from anybody else the header is removed before Django sees it.
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
    Turn a 301 response to a write into 308: after 301 clients repeat the request as GET and without its body.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if response.status_code == 301 and request.method not in ("GET", "HEAD"):
            response.status_code = HttpResponsePermanentRedirect.status_code_preserve_request
        return response


class OriginMiddleware(CorsMiddleware):
    """
    Cross-origin requests (CORS). Requests without an Origin header pass at once, with `Vary: origin` as they would anyhow.
    """

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        has_origin = "HTTP_ORIGIN" in request.META
        response = super().__call__(request) if has_origin else self.get_response(request)
        assert isinstance(response, HttpResponseBase)  # noqa: S101 (the stubs allow async responses)
        if not has_origin and self.is_enabled(request):
            patch_vary_headers(response, ("origin",))
        return response


class SlashMiddleware(CommonMiddleware):
    """
    Django's CommonMiddleware, which redirects to the URL with a final slash; in DEBUG it redirects writes too.
    """

    def get_full_path_with_slash(self, request: HttpRequest) -> str:
        # In DEBUG Django raises for a write, whose body a 301 would lose. PermanentRedirectMiddleware sends a 308.
        return escape_leading_slashes(request.get_full_path(force_append_slash=True))


class PageMiddleware(CSPMiddleware):
    """
    A content security policy for every page (settings.CONTENT_SECURITY_POLICY), and readable errors for forms.

    JSON is not executed and passes unchanged. An error that a service or the login guard raises outside DRF, such as
    in the admin, gets the same response as inside DRF.
    """

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        assert isinstance(response, HttpResponseBase)  # noqa: S101 (the stubs allow async responses)
        if response.get("Content-Type", "").startswith("text/html"):
            return self.process_response(request, response)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        if isinstance(exception, (ServiceError, APIException)):
            return error_response(request, exception)
        return None


class PageMessagesMiddleware(MessageMiddleware):
    """
    Django's messages, read only once something asks for them, which few requests do.
    """

    def process_request(self, request: HttpRequest) -> None:
        request._messages = SimpleLazyObject(lambda: default_storage(request))  # type: ignore[attr-defined]  # Django's

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        messages = request._messages  # type: ignore[attr-defined]
        if messages._wrapped is not empty:
            response = super().process_response(request, response)
        # Messages and request refer to each other; both would stay in memory until the garbage collector runs.
        if messages._wrapped is empty or not (messages.used or messages.added_new):
            delattr(request, "_messages")
        return response

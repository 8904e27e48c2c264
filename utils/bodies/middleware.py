"""
Middleware that checks charset and content coding before a body is decoded.
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote_to_bytes

from django.http import HttpRequest, HttpResponse, UnreadablePostError

from utils.api.exception_handler import Malformed, error_response, translate
from utils.bodies.charsets import DEFAULT, decode, parse_charset
from utils.bodies.environ import REFUSED_CONTENT_TYPE
from utils.bodies.errors import BodyRefused, UnsupportedBody

FORM = "application/x-www-form-urlencoded"


class BodyMiddleware:
    """
    Refuse unsupported charsets and compressed bodies: 415 on every route, for every method.

    The URL is always UTF-8; Django would decode it with the charset of the body.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            check_headers(request.META)
        except BodyRefused as error:
            return error_response(request, error)
        if request.encoding is not None:
            request.encoding = None  # type: ignore[assignment]  # Django's default, which its setter takes as well
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """
        Check forms that Django reads itself, such as the admin's, as strictly as those that DRF reads.
        """
        if request.method == "POST" and request.content_type == FORM and not hasattr(view, "cls"):
            try:
                check_form(request)
            except (BodyRefused, UnreadablePostError) as error:
                return error_response(request, translate(error) or Malformed())
        return None


def check_headers(headers: dict[str, Any]) -> None:
    """
    :raises UnsupportedBody: the charset or the content coding of the body is not supported.
    :raises BodyRefused: it is chunked and the web server has not joined it; Django would read it as empty.
    """
    parse_charset(headers.get(REFUSED_CONTENT_TYPE) or headers.get("CONTENT_TYPE", ""))
    if headers.get("HTTP_CONTENT_ENCODING", "").strip().lower() not in ("", "identity"):
        raise UnsupportedBody("Send the body as it is, without a Content-Encoding.")
    if headers.get("HTTP_TRANSFER_ENCODING") and not headers.get("CONTENT_LENGTH"):
        raise BodyRefused("Send the body with a Content-Length.")


def check_form(request: HttpRequest) -> None:
    """
    :raises BodyRefused: the form is not UTF-8, or declares another charset.
    """
    if parse_charset(request.META.get("CONTENT_TYPE", "")) not in (DEFAULT, "ascii"):
        raise UnsupportedBody("Use UTF-8.")
    decode(unquote_to_bytes(request.body), DEFAULT)

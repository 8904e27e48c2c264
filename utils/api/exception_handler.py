"""
Every error of the API in one body.

    {"success": false, "code", "message", "detail", "errors": {field: [texts]}, "request_id"}
"""

import logging
from typing import Any, TypedDict

from django.core.exceptions import BadRequest, PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.template.loader import render_to_string
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.utils.serializer_helpers import ReturnDict
from rest_framework.views import set_rollback

from utils.api.exceptions import MissingParameters
from utils.errors import ServiceError, StoreUnavailable
from utils.hbase.exceptions import HBaseError
from utils.observability.middleware import current_request_id

logger = logging.getLogger(__name__)

CHECK_INPUT = "Please check input"
TOO_MANY_REQUESTS = "Too many requests, try again later."
NON_FIELD = "non_field_errors"

APIError = ServiceError | exceptions.APIException


class ErrorBody(TypedDict):
    success: bool
    code: str
    message: str
    detail: str
    errors: dict[str, list[str]]
    request_id: str


def handle_exception(error: Exception, context: dict[str, Any]) -> Response | None:
    """
    Return the Response for an exception of a view, or None for an unexpected one, which stays a 500.

    :param context: what DRF passes to every exception handler; not used.
    """
    log_failed_store(error)
    api_error = translate(error)
    if api_error is None:
        return None
    set_rollback()
    return Response(to_body(api_error), status=api_error.status_code, headers=error_headers(api_error))


def log_failed_store(error: Exception) -> None:
    """
    Log an error of the database or of HBase; the client is only told that the service is busy.
    """
    if isinstance(error, OperationalError):
        logger.exception("the database did not answer")  # noqa: LOG004 (DRF calls it inside its handler)
    elif isinstance(error, HBaseError):
        # A table is missing or disabled. This does not pass by itself, so log it with its traceback.
        logger.exception("HBase refused")  # noqa: LOG004 (as above)
    elif isinstance(error, StoreUnavailable):
        logger.warning("a store did not respond: %r", error)


def error_headers(error: APIError) -> dict[str, str]:
    """
    Return the headers of an error: when to retry, and how to authenticate.
    """
    headers: dict[str, str] = {}
    if auth_header := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = auth_header
    if seconds := getattr(error, "wait", None) or getattr(error, "retry_after_seconds", None):
        headers["Retry-After"] = str(int(seconds))
    return headers


def translate(error: Exception | None) -> APIError | None:
    """
    Return `error` as an exception of DRF or of this project, None for an unexpected one.
    """
    if isinstance(error, ServiceError):
        return error
    if isinstance(error, exceptions.NotAuthenticated):
        # DRF would answer 401 because Bearer comes first; the contract wants 403 for a request without credentials.
        error.status_code = status.HTTP_403_FORBIDDEN
        error.auth_header = None  # type: ignore[attr-defined]  # set by DRF, unknown to its stubs
    elif isinstance(error, Http404):
        return exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        return exceptions.PermissionDenied()
    elif isinstance(error, RequestDataTooBig):
        return TooLarge()
    elif isinstance(error, (SuspiciousOperation, BadRequest, UnreadablePostError)):
        return Malformed()
    elif isinstance(error, (OperationalError, StoreUnavailable, HBaseError)):
        return DatabaseBusy()
    return error if isinstance(error, exceptions.APIException) else None


class Malformed(exceptions.ParseError):
    default_code = "bad_request"
    default_detail = "Bad request."


class TooLarge(exceptions.APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"
    default_detail = "The request is too large."


class DatabaseBusy(exceptions.APIException):
    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_code = "unavailable"
    default_detail = "The service is busy, try again later."
    wait = 2


def error_body(code: str, message: str, errors: dict[str, list[str]] | None = None) -> ErrorBody:
    """
    Return the body that every error has.
    """
    return {
        "success": False,
        "code": code,
        "message": message,
        "detail": message,
        "errors": errors or {},
        "request_id": current_request_id.get(),
    }


def to_body(error: APIError) -> ErrorBody | ReturnDict:
    return service_error_body(error) if isinstance(error, ServiceError) else api_error_body(error)


def service_error_body(error: ServiceError) -> ErrorBody:
    if error.field:
        return error_body(error.code, CHECK_INPUT, {error.field: [error.message]})
    return error_body(error.code, error.message)


def api_error_body(error: exceptions.APIException) -> ErrorBody | ReturnDict:
    if isinstance(error, MissingParameters):
        return error_body(
            error.default_code, str(error.detail), {name: ["This field is required."] for name in error.names}
        )
    if isinstance(error, exceptions.ValidationError):
        body = error_body("invalid", CHECK_INPUT, flatten(error.detail))
        if hasattr(error.detail, "serializer"):
            # The browsable page finds the form's own errors through the serializer.
            return ReturnDict(body, serializer=error.detail.serializer)
        return body
    return error_body(stable_code(error), str(error.detail))


def stable_code(error: exceptions.APIException) -> str:
    code = error.get_codes()
    return code if isinstance(code, str) else error.default_code


# Any: DRF nests lists, dicts and texts without a bound.
def flatten(detail: Any, prefix: str = "") -> dict[str, list[str]]:
    """
    Return DRF's nested error detail as {field: [texts]}, nested fields joined by dots.
    """
    flat: dict[str, list[str]] = {}
    if isinstance(detail, list):
        texts = [str(item) for item in detail if not isinstance(item, (dict, list))]
        if texts:
            flat[prefix or NON_FIELD] = texts
        for position, item in enumerate(detail):
            if isinstance(item, (dict, list)) and item:
                flat |= flatten(item, f"{prefix}.{position}" if prefix else str(position))
        return flat
    if isinstance(detail, dict):
        for field, value in detail.items():
            name = str(field) if not prefix else f"{prefix}.{field}"
            flat |= flatten(value if isinstance(value, (dict, list)) else [value], name)
        return flat
    return {prefix or NON_FIELD: [str(detail)]}


def error_response(request: HttpRequest, error: APIError) -> HttpResponse:
    """
    Return the response to an error outside DRF: the contract's JSON, or a page if the client asks for HTML.

    Nothing here touches the user, the database or the host, because one of them may have caused the error.
    """
    body = to_body(error)
    headers = {**error_headers(error), "Vary": "Accept"}
    if "text/html" not in request.META.get("HTTP_ACCEPT", ""):
        return JsonResponse(body, status=error.status_code, headers=headers)
    page = render_to_string("utils/error.html", {"error": body, "status": error.status_code})
    return HttpResponse(page, status=error.status_code, headers=headers)


class Unexpected(exceptions.APIException):
    status_code = status.HTTP_500_INTERNAL_SERVER_ERROR
    default_code = "error"
    default_detail = "Something went wrong on our side."


class CSRFFailed(exceptions.PermissionDenied):
    default_code = "csrf_failed"


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """
    Django's handler400: a bad host, too many fields or too large a body.
    """
    return error_response(request, translate(exception) or Malformed())


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return error_response(request, exceptions.PermissionDenied())


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return error_response(request, exceptions.NotFound())


def server_error(request: HttpRequest) -> HttpResponse:
    """
    Django's handler500. The traceback is in the log, under the request id that the body shows.
    """
    return error_response(request, Unexpected())


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """
    Django's CSRF_FAILURE_VIEW, for forms outside DRF.
    """
    return error_response(request, CSRFFailed(f"CSRF Failed: {reason}"))

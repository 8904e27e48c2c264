"""
Every error of the API in one body.

    {"success": false, "code", "message", "detail", "errors": {field: [texts]}, "request_id"}
"""

import logging

from django.core.exceptions import BadRequest, PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import OperationalError
from django.http import Http404, HttpResponse, JsonResponse, UnreadablePostError
from django.template.loader import render_to_string
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.utils.serializer_helpers import ReturnDict
from rest_framework.views import set_rollback

from utils.api.exceptions import MissingParameters
from utils.errors import ServiceError
from utils.hbase.exceptions import HBaseError, HBaseUnavailable
from utils.observability.middleware import current_request_id

logger = logging.getLogger(__name__)

CHECK_INPUT = "Please check input"
TOO_MANY_REQUESTS = "Too many requests, try again later."
NON_FIELD = "non_field_errors"


def handle_exception(error, context):
    """
    Return the Response for what a view raised, or None for what nobody foresaw: that stays a 500.
    """
    log_failed_store(error)
    error = translate(error)
    if error is None:
        return None
    set_rollback()
    body = service_error_body(error) if isinstance(error, ServiceError) else api_error_body(error)
    return Response(body, status=error.status_code, headers=error_headers(error))


def log_failed_store(error):
    """
    Log what a database or HBase has failed to do; a client learns only that the service is busy.
    """
    if isinstance(error, OperationalError):
        logger.exception("the database did not answer")  # noqa: LOG004 (DRF calls it inside its handler)
    elif isinstance(error, HBaseError):
        # A table that is missing or disabled: it stays like this until somebody reads it here.
        logger.exception("HBase refused")  # noqa: LOG004 (as above)
    elif isinstance(error, HBaseUnavailable):
        logger.warning("HBase did not answer: %s", error)


def error_headers(error):
    """
    Return what an error says besides its body: when to come back, and how to show who one is.
    """
    headers = {}
    if getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = error.auth_header
    if seconds := getattr(error, "wait", None) or getattr(error, "retry_after_seconds", None):
        headers["Retry-After"] = str(int(seconds))
    return headers


def translate(error):
    """
    Return `error` as one of DRF's or ours, None for an unforeseen one.
    """
    if isinstance(error, ServiceError):
        return error
    if isinstance(error, exceptions.NotAuthenticated):
        # DRF would answer 401 because Bearer comes first; nobody at all is 403 in the contract.
        error.status_code = status.HTTP_403_FORBIDDEN
        error.auth_header = None
    elif isinstance(error, Http404):
        return exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        return exceptions.PermissionDenied()
    elif isinstance(error, RequestDataTooBig):
        return TooLarge()
    elif isinstance(error, (SuspiciousOperation, BadRequest, UnreadablePostError)):
        return Malformed()
    elif isinstance(error, (OperationalError, HBaseUnavailable, HBaseError)):
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


def error_body(code, message, errors=None):
    """
    Return the one shape of every error.
    """
    return {
        "success": False,
        "code": code,
        "message": message,
        "detail": message,
        "errors": errors or {},
        "request_id": current_request_id.get(),
    }


def service_error_body(error):
    if error.field:
        return error_body(error.code, CHECK_INPUT, {error.field: [error.message]})
    return error_body(error.code, error.message)


def api_error_body(error):
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


def stable_code(error):
    code = error.get_codes()
    return code if isinstance(code, str) else error.default_code


def flatten(detail, prefix=""):
    """
    Return DRF's nested error detail as {field: [texts]}, nested fields joined by dots.
    """
    if isinstance(detail, list):
        flat = {}
        texts = [str(item) for item in detail if not isinstance(item, (dict, list))]
        if texts:
            flat[prefix or NON_FIELD] = texts
        for position, item in enumerate(detail):
            if isinstance(item, (dict, list)) and item:
                flat |= flatten(item, f"{prefix}.{position}" if prefix else str(position))
        return flat
    if isinstance(detail, dict):
        flat = {}
        for field, value in detail.items():
            name = str(field) if not prefix else f"{prefix}.{field}"
            flat |= flatten(value if isinstance(value, (dict, list)) else [value], name)
        return flat
    return {prefix or NON_FIELD: [str(detail)]}


def error_response(request, error):
    """
    Return the answer to what failed outside DRF: the contract's body, or a page for whoever asks for one.

    Nothing here touches the user, the database or the host, because one of them may be what failed.
    """
    body = service_error_body(error) if isinstance(error, ServiceError) else api_error_body(error)
    headers = {**error_headers(error), "Vary": "Accept"}
    if "text/html" not in request.META.get("HTTP_ACCEPT", ""):
        return JsonResponse(body, status=error.status_code, headers=headers)
    page = render_to_string("utils/error.html", {"error": body, "status": error.status_code})
    return HttpResponse(page, status=error.status_code, headers=headers)


class Unforeseen(exceptions.APIException):
    status_code = status.HTTP_500_INTERNAL_SERVER_ERROR
    default_code = "error"
    default_detail = "Something went wrong on our side."


class ForeignForm(exceptions.PermissionDenied):
    default_code = "csrf_failed"


def bad_request(request, exception=None):
    """
    Django's handler400: a bad host, too many fields, too large a body.
    """
    return error_response(request, translate(exception) or Malformed())


def permission_denied(request, exception=None):
    return error_response(request, exceptions.PermissionDenied())


def not_found(request, exception=None):
    return error_response(request, exceptions.NotFound())


def server_error(request):
    """
    Django's handler500: the traceback is in the log, beside the request id of the body.
    """
    return error_response(request, Unforeseen())


def csrf_failure(request, reason=""):
    """
    Django's CSRF_FAILURE_VIEW, for forms that are none of DRF's.
    """
    return error_response(request, ForeignForm(f"CSRF Failed: {reason}"))

"""
The contract as OpenAPI: what a view declares about its responses, and what all routes share.
"""

import re
from typing import Any

from django.conf import settings
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse
from rest_framework import serializers
from rest_framework.permissions import AllowAny, IsAdminUser, IsAuthenticated

from utils.api.exception_handler import CHECK_INPUT, TOO_MANY_REQUESTS, error_body
from utils.api.permissions import IsObjectOwner
from utils.api.response_headers import AUTHENTICATE, ETAG, RATE_LIMIT, REQUEST_ID, RETRY_AFTER
from utils.api.schema_inputs import inputs_by_type
from utils.api.shapes import ErrorSerializer, SerializerClass, get_example
from utils.database.pagination import MAX_CURSOR_LENGTH
from utils.idempotency.constants import KEY_LENGTH

# The status of a success, and its serializer if it has a body.
Success = tuple[int, SerializerClass | None]

ERRORS = {
    400: ("invalid", CHECK_INPUT),
    401: ("invalid_token", "Invalid token."),
    403: ("not_authenticated", "Authentication credentials were not provided."),
    404: ("not_found", "Not found."),
    409: ("idempotency_key_in_flight", "A request with this Idempotency-Key is still being carried out."),
    413: ("too_large", "The request is too large."),
    415: ("unsupported_media_type", 'Unsupported media type "text/plain" in request.'),
    422: ("idempotency_key_reused", "This Idempotency-Key was used before with another request body."),
    429: ("throttled", TOO_MANY_REQUESTS),
    503: ("unavailable", "The service is busy, try again later."),
}
DESCRIPTIONS = {
    400: "The input is bad; `errors` says what and where",
    401: "The token is unknown, expired or revoked",
    403: "Nobody is logged in, it is somebody else's, the account is suspended, or the CSRF token is missing",
    404: "There is none, or the caller may not see it",
    409: "The first request with this key is still in flight",
    413: "The body is too large",
    415: "The body is neither JSON nor a form, or its charset or coding is not read",
    422: "The key came with another body before",
    429: "Over the rate limit; `Retry-After` says for how long",
    503: "Something this needs is away; `Retry-After` says for how long",
}
# Who may call an operation, by its strictest permission.
WHO = {IsAdminUser: "staff", IsObjectOwner: "owner", IsAuthenticated: "logged in"}
ANYBODY = "anybody"
FROM_ONE = {"type": "integer", "minimum": 1}


def cursor_parameter(max_length: int = MAX_CURSOR_LENGTH) -> OpenApiParameter:
    """
    Return the description of a list's `cursor`.
    """
    return OpenApiParameter(
        "cursor",
        {"type": "string", "minLength": 1, "maxLength": max_length, "pattern": "^[A-Za-z0-9_-]+$"},
        description="Where `next` goes on; opaque",
    )


ENDLESS_PARAMETERS = [
    OpenApiParameter("limit", FROM_ONE, description="Rows a page: 1 to 100 (20), after `created_at__gt` to 200 (200)"),
    cursor_parameter(),
    OpenApiParameter("created_at__lt", OpenApiTypes.DATETIME, description="Rows strictly older than this"),
    OpenApiParameter("created_at__gt", OpenApiTypes.DATETIME, description="Rows strictly newer than this; wins"),
]
IDEMPOTENCY_PARAMETER = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": KEY_LENGTH, "pattern": "^[ -~]+$"},
    OpenApiParameter.HEADER,
    description="The same key and body again within 24 hours answers with the same object, and makes no second one",
)


class ContractSchema(AutoSchema):
    """
    Describes a view by these attributes of it:

    `responses`    {action: serializer class, or (status, serializer class), or (status, None)}
    `parameters`   {action: [OpenApiParameter]}
    `idempotent`   actions that honour Idempotency-Key
    `lookups`      actions whose parameters name what must be there
    """

    @property
    def action(self) -> str:
        return getattr(self.view, "action", None) or self.method.lower()

    def get_operation_id(self) -> str:
        """
        Return a name such as `tweets_list`: the collection and the action.
        """
        return f"{self.view.basename}_{self.action}" if hasattr(self.view, "basename") else super().get_operation_id()

    def success(self) -> Success:
        """
        Return (status, serializer class or None) of the current action's successful response.
        """
        return self.get_success(self.action)

    def get_success(self, action: str | None) -> Success:
        response = getattr(self.view, "responses", {}).get(action)
        return response if isinstance(response, tuple) else (200, response)

    def get_parameters(self, action: str | None) -> list[Any]:
        """
        Return the parameters of an action: those that the view declares, and those of its kind of list.

        Any: OpenApiParameters, and serializer classes whose fields are parameters.
        """
        parameters = list(getattr(self.view, "parameters", {}).get(action, ()))
        serializer = self.get_success(action)[1]
        if getattr(serializer, "is_endless", False):
            parameters += ENDLESS_PARAMETERS
        if getattr(serializer, "is_numbered", False):
            parameters.append(OpenApiParameter("page", FROM_ONE, description="From 1"))
        if action in getattr(self.view, "idempotent", ()):
            parameters.append(IDEMPOTENCY_PARAMETER)
        return parameters

    def describe_limits(self, action: str | None) -> str:
        """
        Return a sentence about an action's rate limits, "" if it has none.
        """
        rate = getattr(self.view, "rates", {}).get(action)
        return f"At most {' and '.join(settings.RATES[rate])} a caller." if rate else ""

    def _is_list_view(self, serializer: Any = None) -> bool:
        # drf-spectacular would wrap the response of a list in an array; the contract's lists have envelopes.
        return False

    def input_serializer(self) -> type[serializers.Serializer] | None:
        """
        Return the serializer class of the current action's input.
        """
        return None if self.method in ("GET", "HEAD") else getattr(self.view, "serializers", {}).get(self.action)

    # Any: drf-spectacular also takes serializers by media type, which its types do not say.
    def get_request_serializer(self) -> Any:
        serializer = self.input_serializer()
        return inputs_by_type(serializer) if serializer else None

    # Any: drf-spectacular describes a body as JSON.
    def _get_request_body(self, direction: Any = "request") -> Any:
        """
        Describe the body of a DELETE too, if it has one: closing an account needs the password.
        """
        if self.method != "DELETE" or self.get_request_serializer() is None:
            return super()._get_request_body(direction)
        self.method = "POST"
        try:
            return super()._get_request_body(direction)
        finally:
            self.method = "DELETE"

    # Any: drf-spectacular also takes responses by status, which its types do not say.
    def get_response_serializers(self) -> Any:
        status, serializer = self.success()
        shape = getattr(serializer, "raw_schema", serializer)
        responses = {status: OpenApiResponse(shape, description="Done" if serializer is None else "")}
        if self.action in getattr(self.view, "conditional", ()):
            responses[304] = OpenApiResponse(
                description="Nothing has changed since the answer that `If-None-Match` names"
            )
        errors = {code: OpenApiResponse(ErrorSerializer, description=DESCRIPTIONS[code]) for code in self.errors()}
        return responses | errors

    def errors(self) -> list[int]:
        """
        Return the statuses of the errors that this operation can end with.
        """
        writes = self.method not in ("GET", "HEAD")
        is_open = all(isinstance(permission, AllowAny) for permission in self.view.get_permissions())
        serializer = self.success()[1]
        reads = getattr(serializer, "is_endless", False) or self.action in getattr(self.view, "parameters", {})
        wanted = {401: True, 400: writes or reads, 403: writes or not is_open, 404: "{" in self.path, 503: True}
        # The charset is checked before the method.
        wanted |= {413: writes, 415: True}
        wanted[429] = self.action in getattr(self.view, "rates", {})
        # A repeated request is 404 if the object that the first one created has been deleted.
        if self.action in getattr(self.view, "idempotent", ()):
            wanted |= dict.fromkeys((404, 409, 422), True)
        looks_up = getattr(serializer, "is_numbered", False) or self.action in getattr(self.view, "lookups", ())
        wanted[404] = wanted[404] or looks_up
        return sorted(code for code, is_wanted in wanted.items() if is_wanted)

    # Any: as of `get_parameters`.
    def get_override_parameters(self) -> list[Any]:
        parameters = self.get_parameters(self.action) + self.response_headers()
        if "{id}" in self.path:
            parameters.append(OpenApiParameter("id", OpenApiTypes.INT64, OpenApiParameter.PATH))
        return parameters

    def response_headers(self) -> list[OpenApiParameter]:
        """
        Return the headers of the current action's responses; a view declares its own among `parameters`.
        """
        headers = [REQUEST_ID, RETRY_AFTER, AUTHENTICATE]
        if self.action in getattr(self.view, "conditional", ()):
            headers.append(ETAG)
        return headers + RATE_LIMIT if self.action in getattr(self.view, "rates", {}) else headers

    def get_auth(self) -> list[dict[str, Any]]:
        """
        Return the security schemes, with `{}` for an operation that needs no login.
        """
        schemes = super().get_auth()
        return [*schemes, {}] if self.who() == ANYBODY and {} not in schemes else schemes

    def who(self) -> str:
        """
        Return who may call the current action, for people to read.
        """
        permissions = {type(permission) for permission in self.view.get_permissions()}
        return next((who for permission, who in WHO.items() if permission in permissions), ANYBODY)

    def get_extensions(self) -> dict[str, Any]:
        """
        Add `x-who`, who may call the operation: security schemes only express whether somebody is logged in.
        """
        return {**super().get_extensions(), "x-who": self.who()}

    def get_examples(self) -> list[OpenApiExample]:
        status, serializer = self.success()
        request = self.input_serializer()
        examples = [self.error_example(code) for code in self.errors()]
        if serializer is not None:
            examples.append(
                OpenApiExample("Success", get_example(serializer), response_only=True, status_codes=[str(status)])
            )
        if request is not None and hasattr(request, "example"):
            examples.append(OpenApiExample("Request", get_example(request), request_only=True))
        return examples

    def error_example(self, status: int) -> OpenApiExample:
        code, message = ERRORS[status]
        errors = {"content": ["This field is required."]} if status == 400 else {}
        body = {**error_body(code, message, errors), "request_id": "4f1c2d3e5a6b7c8d9e0f1a2b3c4d5e6f"}
        return OpenApiExample(DESCRIPTIONS[status], body, response_only=True, status_codes=[str(status)])

    def get_summary(self) -> str:
        """
        Return the first clause of the action's docstring.
        """
        return re.split(r"[.;:](?:\s|$)", super().get_description())[0].replace("\n", " ")

    def get_description(self) -> str:  # type: ignore[override]  # as in drf-spectacular, unlike DRF
        """
        Return the docstring of the action and its rate limits.
        """
        description, limits = super().get_description(), self.describe_limits(self.action)
        return f"{description}\n\n{limits}" if limits else description

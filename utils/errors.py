"""
What a service may refuse, and the base class of every store's "no response".

Each verb defines its own subclass of `ServiceError`; utils/api renders it as JSON. The client of
each store raises its own subclass of `StoreUnavailable`.
"""

from django.db import InterfaceError, OperationalError


class ServiceError(Exception):
    """
    An error with a message for people and a code for programs.

    :param message: overrides the class's own text.
    :param field: the input field that the error is about; the message then appears under `errors` too.
    """

    status_code = 400
    code = "refused"
    message = "The request was refused."
    field: str | None = None

    def __init__(self, message: str | None = None, *, field: str | None = None) -> None:
        self.message = message or self.message
        self.field = field or self.field
        super().__init__(self.message)


class Refused(ServiceError):
    """
    The request is understood, but a rule forbids it.
    """


class Forbidden(ServiceError):
    status_code = 403
    code = "permission_denied"
    message = "You do not have permission to perform this action."


class Missing(ServiceError):
    status_code = 404
    code = "not_found"
    message = "Not found."


class Conflict(ServiceError):
    status_code = 409
    code = "conflict"
    message = "The request is at odds with another one."


class Unavailable(ServiceError):
    """
    A store or service is temporarily unavailable; the client may try again.
    """

    status_code = 503
    code = "unavailable"
    message = "This is not available at the moment, try again later."
    retry_after_seconds = 2


class StoreUnavailable(Exception):
    """
    A store other than the database did not respond: refused, timed out, not configured, or its circuit breaker is open.

    Whether a write was done is unknown.
    """


# Errors that pass by themselves: the same call may be tried again a little later.
TRANSIENT_ERRORS = (OperationalError, InterfaceError, StoreUnavailable, Unavailable)

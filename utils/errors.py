"""
What a service may refuse. Each verb defines its own subclass; utils/api turns it into JSON.
"""


class ServiceError(Exception):
    """
    A refusal with words for people and a code for programs.

    :param message: overrides the class's own text.
    :param field: the input the refusal is about; it then appears under `errors`.
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
    The request is understood and against the rules.
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
    Something this needs is away for the moment; the client may try again.
    """

    status_code = 503
    code = "unavailable"
    message = "This is not available at the moment, try again later."
    retry_after_seconds = 2

"""
Errors for bodies that are refused.

They are subclasses of Django's BadRequest too, so that they are handled wherever a body is read: in a view, in the
admin, in the CSRF middleware. A body that is too large raises Django's own RequestDataTooBig.
"""

from django.core.exceptions import BadRequest

from utils.errors import ServiceError


class BodyRefused(ServiceError, BadRequest):
    code = "bad_request"
    message = "The body cannot be read."


class UnsupportedBody(BodyRefused):
    """
    Its charset or content coding is not supported.
    """

    status_code = 415
    code = "unsupported_media_type"


class Undecodable(BodyRefused):
    """
    It is not text in the charset that it declares.
    """

    code = "parse_error"
    message = "The body is not written in the charset that it declares (UTF-8 where it declares none)."


class UnexpectedFile(BodyRefused):
    """
    A file where none is accepted, or under an unknown name.
    """

    code = "unexpected_file"
    message = "No file is taken here."

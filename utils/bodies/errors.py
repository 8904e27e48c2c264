"""
How a body is refused.

All of them are Django's BadRequest too, so that they are answered wherever a body is read: in a view, in the admin,
in the middleware that looks for the CSRF token. One that is too large is Django's own RequestDataTooBig.
"""

from django.core.exceptions import BadRequest

from utils.errors import ServiceError


class BodyRefused(ServiceError, BadRequest):
    code = "bad_request"
    message = "The body cannot be read."


class UnsupportedBody(BodyRefused):
    """
    Its charset or coding is none of ours.
    """

    status_code = 415
    code = "unsupported_media_type"


class Undecodable(BodyRefused):
    """
    It is not written in the charset that it declares.
    """

    code = "parse_error"
    message = "The body is not written in the charset that it declares (UTF-8 where it declares none)."


class UnexpectedFile(BodyRefused):
    """
    A file where none is taken, or under a name that means nothing.
    """

    code = "unexpected_file"
    message = "No file is taken here."

"""
Prepares the WSGI environment before Django reads it: headers on which Django would fail, bodies that no route reads.
"""

import re
from typing import Any

from django.conf import settings
from django.core.handlers.wsgi import get_path_info
from django.core.signals import request_started
from django.urls import Resolver404, resolve

from utils.bodies.charsets import parse_charset
from utils.bodies.errors import UnsupportedBody
from utils.bodies.uploads import find_uploads, max_body_bytes

Environ = dict[str, Any]

# The key under which a Content-Type is kept that Django must not see.
REFUSED_CONTENT_TYPE = "utils.bodies.refused_content_type"
LENGTH = re.compile(r"[0-9]{1,15}")
TOO_LARGE = "9" * 15


def connect() -> None:
    """
    Prepare each request, whatever the server, the test client included.

    A middleware comes too late: Django decodes the URL with the charset of the body as soon as it builds a request
    from the environment, where no handler catches an error.
    """
    request_started.connect(prepare, dispatch_uid="utils.bodies.prepare")


def prepare(environ: Environ, **kwargs: Any) -> None:
    """
    Hide a Content-Type that the middleware will refuse, and replace an invalid Content-Length by one that is too large.

    Django reads the length with `int`, in places that do not catch errors.
    """
    try:
        parse_charset(environ.get("CONTENT_TYPE", ""))
    except UnsupportedBody:
        environ[REFUSED_CONTENT_TYPE] = environ.pop("CONTENT_TYPE")
    length = environ.get("CONTENT_LENGTH")
    if length and not LENGTH.fullmatch(length):
        environ["CONTENT_LENGTH"] = TOO_LARGE


def bytes_to_receive(environ: Environ) -> int:
    """
    Return how many bytes of a body to receive, for a server that receives all of it before Django reads any.

    It is a little more than the action reads, so that usually the project refuses, as with deploy/nginx.conf.

    :param environ: a WSGI environment; REQUEST_METHOD, PATH_INFO and CONTENT_TYPE are enough.
    """
    margin: int = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    # Only multipart forms may have files.
    if not environ["CONTENT_TYPE"].lower().startswith("multipart/form-data"):
        return margin + max_body_bytes(None)
    try:
        match = resolve(get_path_info(environ))
    except Resolver404:
        match = None
    return margin + max_body_bytes(find_uploads(match, environ["REQUEST_METHOD"]))

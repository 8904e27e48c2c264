"""
What is made of a request before Django has one: no header in it that Django trips over, no body that no route reads.
"""

import re
from typing import Any

from django.conf import settings
from django.core.handlers.wsgi import get_path_info
from django.core.signals import request_started
from django.urls import Resolver404, resolve

from utils.bodies.charsets import charset_of
from utils.bodies.errors import UnsupportedBody
from utils.bodies.uploads import max_body_bytes, uploads_of

Environ = dict[str, Any]

# Where a Content-Type goes that Django shall not see.
REFUSED_CONTENT_TYPE = "utils.bodies.refused_content_type"
LENGTH = re.compile(r"[0-9]{1,15}")
TOO_LARGE = "9" * 15


def connect() -> None:
    """
    Prepare each request, under every server alike, the test client's included.

    A middleware comes too late: Django decodes the address by the charset of the body as soon as it makes a request
    of the environment, where nobody answers for an error.
    """
    request_started.connect(prepare, dispatch_uid="utils.bodies.prepare")


def prepare(environ: Environ, **kwargs: Any) -> None:
    """
    Hide a Content-Type that the middleware will refuse, and make a Content-Length that is no number too large.

    Django reads the length with `int`, in places that catch no error.
    """
    try:
        charset_of(environ.get("CONTENT_TYPE", ""))
    except UnsupportedBody:
        environ[REFUSED_CONTENT_TYPE] = environ.pop("CONTENT_TYPE")
    length = environ.get("CONTENT_LENGTH")
    if length and not LENGTH.fullmatch(length):
        environ["CONTENT_LENGTH"] = TOO_LARGE


def bytes_to_receive(environ: Environ) -> int:
    """
    Return how many bytes of a body are worth receiving, for a server that receives all before Django reads any.

    A little more than the action reads, so that mostly it is the project that refuses, as deploy/nginx.conf does it.

    :param environ: REQUEST_METHOD, PATH_INFO and CONTENT_TYPE of one.
    """
    more = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    # Whatever else has files in it is not read.
    if not environ["CONTENT_TYPE"].lower().startswith("multipart/form-data"):
        return more + max_body_bytes(None)
    try:
        match = resolve(get_path_info(environ))
    except Resolver404:
        match = None
    return more + max_body_bytes(uploads_of(match, environ["REQUEST_METHOD"]))

"""
The header `Idempotency-Key`, for views that create something.
"""

import hashlib
from collections.abc import Callable
from functools import partial
from typing import Any

import orjson
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from rest_framework.exceptions import ValidationError
from rest_framework.viewsets import GenericViewSet

from utils.api.exception_handler import translate
from utils.idempotency.constants import KEY_LENGTH
from utils.idempotency.services import IdempotencyService

HEADER = "Idempotency-Key"
BAD_KEY = f"Use 1 to {KEY_LENGTH} printable ASCII characters."


def create_once(view: GenericViewSet, work: Callable[[], Any], *, again: Callable[[int], Any] = int) -> Any:
    """
    Return `work()`, or `again(id)` of what the first request made, if the same request was sent before.

    The transaction that creates something calls `IdempotencyService.complete` with its id. Call this
    last, after validation, and answer with the object as it is *now*: a repeat must not show what
    was deleted meanwhile. Without the header it is a plain call. Keys belong to the user and the
    route, so the route must require a user.

    :param again: what `work` would return, from the id; by default the id itself.
    :raises ValidationError: the key is empty, too long or unprintable.
    :raises KeyReused, StillInFlight, LeaseLost: see IdempotencyService.
    """
    request = view.request
    if HEADER not in request.headers:
        return work()
    claim = IdempotencyService.claim(
        user_id=request.user.pk,  # type: ignore[arg-type]  # the route requires a user
        route=f"{view.basename}.{view.action}",
        key=read_key(request.headers[HEADER]),
        body_hash=hash_body(request.data),
    )
    if claim.object_id is not None:
        return again(claim.object_id)
    try:
        return IdempotencyService.carry_out(claim=claim, work=work)
    except Exception as error:
        # A request that is refused with 4xx is forgotten. After any other error it is unknown
        # whether the work was done, so the claim stands until its lease ends.
        if getattr(translate(error), "status_code", 500) < 500:
            IdempotencyService.release(claim=claim)
        raise


def read_key(text: str) -> str:
    """
    Return the key if it is valid.

    :raises ValidationError: it is empty, too long or unprintable.
    """
    if not 0 < len(text) <= KEY_LENGTH or not text.isascii() or not text.isprintable():
        raise ValidationError({HEADER: [BAD_KEY]})
    return text


def hash_body(data: Any) -> str:
    """
    Return the SHA-256 of what a body says: the order of JSON keys does not matter, files count by their content.
    """
    if isinstance(data, QueryDict):
        data = {name: [hash_file(value) for value in values] for name, values in data.lists()}
    return hashlib.sha256(orjson.dumps(data, option=orjson.OPT_SORT_KEYS)).hexdigest()


def hash_file(value: Any) -> Any:
    """
    Return the SHA-256 of an uploaded file, read and rewound; any other value as it is.
    """
    if not isinstance(value, UploadedFile):
        return value
    digest = hashlib.sha256()
    value.seek(0)
    for chunk in iter(partial(value.read, 65_536), b""):
        digest.update(chunk)
    value.seek(0)
    return {"sha256": digest.hexdigest()}

"""
The ETag of an answer from what it is made of, known before anything is rendered.
"""

import hashlib
from typing import Any

import orjson
from django.conf import settings
from rest_framework.request import Request

# Of BLAKE2b, as many bytes as nobody finds two states for.
DIGEST_BYTES = 16


def etag_for(request: Request, state: Any) -> str | None:
    """
    Return the ETag of the JSON that `request` gets for `state`, None where the state does not decide what it says.

    Beside the state count the address, of which `next` and the pictures' addresses are made, who asks, the
    format, and the release, which may say the same in another shape.

    :param state: whatever JSON can say: all that the answer is made of, or versions of it.
    """
    # A page shows how long ago things were, which changes while the state does not.
    if request.accepted_renderer.format != "json":
        return None
    http = request._request
    address = (http.scheme, http.get_host(), http.get_full_path())
    # JSON that is indented for the eyes is another answer.
    is_indented = "indent" in request.accepted_media_type
    said = orjson.dumps((settings.VERSION, address, is_indented, request.user.pk, state))
    return f'"{hashlib.blake2b(said, digest_size=DIGEST_BYTES).hexdigest()}"'

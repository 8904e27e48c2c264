"""
The ETag of a response, computed from the state it is made of, before anything is rendered.
"""

import hashlib
from typing import Any

import orjson
from django.conf import settings
from rest_framework.request import Request

# Enough bytes of BLAKE2b that nobody finds two states with the same ETag.
DIGEST_BYTES = 16


def etag_for(request: Request, state: Any) -> str | None:
    """
    Return the ETag of the JSON response to `request`, None if the state alone does not determine the response.

    Besides the state it covers the URL (`next` and the URLs of pictures are made of it), the user, the format, and
    the release, which may render the same state differently.

    :param state: any JSON value: everything the response is made of, or versions of it.
    """
    # A page shows how long ago something was, which changes while the state does not.
    if request.accepted_renderer.format != "json":
        return None
    http = request._request
    address = (http.scheme, http.get_host(), http.get_full_path())
    # Indented JSON is another representation.
    is_indented = "indent" in request.accepted_media_type
    content = orjson.dumps((settings.VERSION, address, is_indented, request.user.pk, state))
    return f'"{hashlib.blake2b(content, digest_size=DIGEST_BYTES).hexdigest()}"'

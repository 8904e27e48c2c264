"""
Headers of responses, for the OpenAPI schema.
"""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

# All but 401: authentication comes before the rate limit in the order of checks.
COUNTED_STATUSES = [200, 201, 204, 304, 400, 403, 404, 409, 413, 415, 422, 429, 503]


def header(name: str, type: OpenApiTypes, statuses: list[int] | bool, description: str) -> OpenApiParameter:
    """
    Return a header of the responses with one of `statuses`; True means all of them.
    """
    return OpenApiParameter(name, type, OpenApiParameter.HEADER, description=description, response=statuses)


REQUEST_ID = header("X-Request-ID", OpenApiTypes.STR, True, "Names the request in our logs")
ETAG = header("ETag", OpenApiTypes.STR, [200, 304], "For `If-None-Match`: 304 while the answer is the same")
LOCATION = header("Location", OpenApiTypes.URI, [201], "Where the new object is")
RETRY_AFTER = header("Retry-After", OpenApiTypes.INT64, [409, 429, 503], "Seconds until it is worth asking again")
AUTHENTICATE = header("WWW-Authenticate", OpenApiTypes.STR, [401], "`Bearer`")
RATE_LIMIT = [
    header("X-RateLimit-Limit", OpenApiTypes.INT64, COUNTED_STATUSES, "Requests a window, where least is left"),
    header("X-RateLimit-Remaining", OpenApiTypes.INT64, COUNTED_STATUSES, "How many of them are left"),
    header(
        "X-RateLimit-Reset", OpenApiTypes.INT64, COUNTED_STATUSES, "Start of the next window, in seconds since 1970"
    ),
]

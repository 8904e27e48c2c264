"""
What a request carries besides its body: numbers in the query, a token in the headers.
"""

from django.http import HttpRequest
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from utils.database.time_ids import MAX_ID

BEARER = "bearer"
# Python refuses to read integers of thousands of digits.
MAX_DIGITS = 100


def integer_parameter(request: Request, name: str) -> int:
    """
    Return the query parameter `name` as an integer: 0 for a negative one, `MAX_ID` for one beyond all ids.

    :raises ValidationError: it is missing or not an integer.
    """
    text = request.query_params.get(name, "").removeprefix("-")
    if not text.isascii() or not text.isdigit() or len(text) > MAX_DIGITS:
        raise ValidationError({name: ["A valid integer is required."]})
    return 0 if request.query_params[name].startswith("-") else min(int(text), MAX_ID)


def presented_token(request: HttpRequest | Request) -> str | None:
    """
    Return the secret of `Authorization: Bearer <token>`, "" if it is empty, None without such a header.
    """
    header: str = request.META.get("HTTP_AUTHORIZATION", "")
    scheme, _, secret = header.strip().partition(" ")
    return secret.strip() if scheme.lower() == BEARER else None

"""
What a request carries besides its body: numbers in the address, a token in the headers.
"""

from rest_framework.exceptions import ValidationError

from utils.database.time_ids import MAX_ID

BEARER = "bearer"


def integer_parameter(request, name):
    """
    Return the whole number that the query parameter `name` is.

    :raises ValidationError: it is not one; a number beyond all ids is, and finds nothing.
    """
    text = request.query_params.get(name, "").removeprefix("-")
    if not text.isascii() or not text.isdigit() or len(text) > 100:
        raise ValidationError({name: ["A valid integer is required."]})
    return 0 if request.query_params[name].startswith("-") else min(int(text), MAX_ID)


def presented_token(request):
    """
    Return the secret of `Authorization: Bearer <token>`, "" with nothing behind the word; None of anything else.
    """
    scheme, _, secret = request.META.get("HTTP_AUTHORIZATION", "").strip().partition(" ")
    return secret.strip() if scheme.lower() == BEARER else None

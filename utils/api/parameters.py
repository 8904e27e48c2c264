"""
Query parameters that are numbers.
"""

from rest_framework.exceptions import ValidationError

from utils.time_ids import MAX_ID


def integer_parameter(request, name):
    """
    Return the whole number that the query parameter `name` is.

    :raises ValidationError: it is not one; a number beyond all ids is, and finds nothing.
    """
    text = request.query_params.get(name, "").removeprefix("-")
    if not text.isascii() or not text.isdigit() or len(text) > 100:
        raise ValidationError({name: ["A valid integer is required."]})
    return 0 if request.query_params[name].startswith("-") else min(int(text), MAX_ID)

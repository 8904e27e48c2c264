"""
HTTP errors of our own, raised by the layer that knows HTTP.
"""

from collections.abc import Sequence

from rest_framework.exceptions import APIException, Throttled


class MissingParameters(APIException):
    """
    The request lacks parameters that it needs; the message names all of them.
    """

    status_code = 400
    default_code = "missing_parameters"

    def __init__(self, names: Sequence[str]) -> None:
        self.names = names
        super().__init__(f"missing {', '.join(names)} in request")


class TooManyRequests(Throttled):
    """
    The caller is over a limit.

    :param wait: seconds until the client may try again.
    """

    default_detail = "Too many requests, try again later."
    default_code = "throttled"

    def __init__(self, wait: int) -> None:
        super().__init__()
        # Not passed to DRF, which would append its own text to the contract's message.
        self.wait = max(1, wait)

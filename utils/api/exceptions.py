"""
HTTP errors of our own, raised by the layer that knows HTTP.
"""

from rest_framework.exceptions import APIException, Throttled


class MissingParameters(APIException):
    """
    A parameter without which the request means nothing; all missing ones are named.
    """

    status_code = 400
    default_code = "missing_parameters"

    def __init__(self, names):
        self.names = names
        super().__init__(f"missing {', '.join(names)} in request")


class TooManyRequests(Throttled):
    """
    The caller is over a limit.

    :param wait: seconds until it is worth asking again.
    """

    default_detail = "Too many requests, try again later."
    default_code = "throttled"

    def __init__(self, wait):
        super().__init__()
        # Not handed to DRF, which would append its own words to the contract's.
        self.wait = max(1, wait)

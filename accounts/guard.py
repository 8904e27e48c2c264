"""
The rate limit of all logins: the API's, the browsable API's and the admin's.
"""

from django.http import HttpRequest

from accounts.devices import get_known_origin
from utils.api.throttling import RateLimiter


def check_login(request: HttpRequest | None, username: str) -> None:
    """
    Count a login attempt against the limit of the caller's address and against that of the user name, in any case.

    A device or address that has logged in under this name before has a limit of its own for it, so strangers who
    guess passwords do not lock the owner out. One query.

    Names without a user are counted too, and a refusal reveals nothing about the password. Call this before the
    password is hashed.

    :param request: None if there is no request; then only the name counts.
    :raises TooManyRequests: one of the two is over its limit.
    """
    bucket = f"name:{username.casefold()}"
    if request is not None:
        RateLimiter(request, "accounts.login").check()
        if origin := get_known_origin(request, username):
            bucket = f"{origin}:{bucket}"
    RateLimiter(request, "accounts.login_name", bucket=bucket).check()

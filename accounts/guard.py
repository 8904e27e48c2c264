"""
The guard before every password: the API's login, the browsable API's and the admin's.
"""

from django.http import HttpRequest

from accounts.devices import get_known_origin
from utils.api.throttling import RateLimiter


def check_login(request: HttpRequest | None, username: str) -> None:
    """
    Count an attempt to log in, by the caller's address and by the account's name in whatever case.

    Devices and addresses that have logged in as that name before are counted by the name apart, each
    for itself: so strangers who guess do not lock the owner out. One query.

    A name that nobody has is counted like any other, and one who is over the limit learns nothing
    about the password. Called before anything is hashed.

    :param request: None where there is none; then only the name counts.
    :raises TooManyRequests: one of the two is over its limit.
    """
    bucket = f"name:{username.casefold()}"
    if request is not None:
        RateLimiter(request, "accounts.login").check()
        if origin := get_known_origin(request, username):
            bucket = f"{origin}:{bucket}"
    RateLimiter(request, "accounts.login_name", bucket=bucket).check()

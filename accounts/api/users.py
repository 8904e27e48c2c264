"""
The user of a request, for views that only logged-in users reach.
"""

from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request

from accounts.models import User


def logged_in_user(request: Request) -> User:
    """
    Return the user who sent the request. `request.user` may be anonymous; what this returns never is.

    :raises NotAuthenticated: nobody is logged in. A view with the permission `IsAuthenticated` never gets there.
    """
    user = request.user
    if not isinstance(user, User):
        raise NotAuthenticated
    return user

"""
Known devices and addresses of a user: their login attempts are counted apart from those of strangers.

A device is a signed cookie with the ids of accounts that logged in on it. Each id has a proof that a new password or
a suspension invalidates, so a device known from a stolen password is not known any more after the password changes.
"""

import secrets
from typing import TypedDict

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts import cache
from accounts.constants import DEVICE_COOKIE, DEVICE_SALT, DEVICE_SECONDS, MAX_ACCOUNTS_PER_DEVICE
from accounts.models import User
from utils.api.throttling import address_bucket
from utils.caching.records import RecordShape

DEVICE = RecordShape(name=str, accounts=dict)


class Device(TypedDict):
    """
    The content of the cookie: the device's random name, and {user id: proof}, the latest login last.
    """

    name: str
    accounts: dict[str, str]


def get_known_origin(request: HttpRequest, username: str) -> str | None:
    """
    Return the device or else the address of a request that has logged in as `username` before; None if neither has.

    One query and one cache read, whether or not a user has that name.
    """
    user = User.objects.filter(username=username.lower()).first()
    device = read_device(request)
    address: str = address_bucket(request)
    # "" matches no stored proof.
    proof = make_proof(user) if user else ""
    remembered = cache.load_known_address(user.id if user else 0, address)
    if user and device and proof and constant_time_compare(device["accounts"].get(str(user.id), ""), proof):
        return f"device:{device['name']}"
    if proof and constant_time_compare(remembered, proof):
        return address
    return None


def remember(request: HttpRequest, user: User) -> None:
    """
    Record that `user` has logged in from this device and this address.
    """
    device = read_device(request) or Device(name=secrets.token_urlsafe(16), accounts={})
    proof, others = make_proof(user), [pair for pair in device["accounts"].items() if pair[0] != str(user.id)]
    newest = [*others, (str(user.id), proof)][-MAX_ACCOUNTS_PER_DEVICE:]
    request.device = Device(  # type: ignore[attr-defined]  # ours, for `write_device`
        name=device["name"], accounts=dict(newest)
    )
    cache.store_known_address(user.id, address_bucket(request), proof)


def make_proof(user: User) -> str:
    """
    Return the proof of a login, which only a login with the user's present password can create.
    """
    return salted_hmac(DEVICE_SALT, user.get_session_auth_hash(), algorithm="sha256").hexdigest()[:32]


def read_device(request: HttpRequest) -> Device | None:
    """
    Return the device of a request; None if the cookie is missing, too old or not signed by us.
    """
    try:
        device = signing.loads(request.COOKIES.get(DEVICE_COOKIE, ""), salt=DEVICE_SALT, max_age=DEVICE_SECONDS)
    except signing.BadSignature:
        return None
    # Another release may have signed another shape.
    known: Device | None = device if DEVICE.matches(device) else None
    return known


def write_device(request: HttpRequest, response: HttpResponse) -> None:
    """
    Set the device's cookie if this request has logged a user in.
    """
    if device := getattr(request, "device", None):
        response.set_cookie(
            DEVICE_COOKIE,
            signing.dumps(device, salt=DEVICE_SALT),
            max_age=DEVICE_SECONDS,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )

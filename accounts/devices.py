"""
Which devices and addresses have logged in as whom: guesses by strangers are counted apart from theirs.

A device is a signed cookie that names accounts by their ids. Beside each stands a proof that a new
password or a suspension makes void, so that nobody collects devices for the password to come.
"""

import secrets
from typing import TypedDict

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts import cache
from accounts.constants import DEVICE_ACCOUNTS, DEVICE_COOKIE, DEVICE_SALT, DEVICE_SECONDS
from accounts.models import User
from utils.api.throttling import address_bucket
from utils.caching.records import RecordShape

DEVICE = RecordShape(name=str, accounts=dict)


class Device(TypedDict):
    """
    What the cookie says: the device's random name, and {user id: proof}, the last login last.
    """

    name: str
    accounts: dict[str, str]


def get_known_origin(request: HttpRequest, username: str) -> str | None:
    """
    Return what of a request has logged in as `username` before, its device or else its address; None of a stranger.

    One query and one look into the cache, whether or not somebody has that name.
    """
    user = User.objects.filter(username=username.lower()).first()
    device = read_device(request)
    address: str = address_bucket(request)
    # Without a user there is no proof.
    proof = make_proof(user) if user else ""
    remembered = cache.load_known_address(user.id if user else 0, address)
    if user and device and proof and constant_time_compare(device["accounts"].get(str(user.id), ""), proof):
        return f"device:{device['name']}"
    if proof and constant_time_compare(remembered, proof):
        return address
    return None


def remember(request: HttpRequest, user: User) -> None:
    """
    Let this device and this address be known as ones that have proved to be `user`.
    """
    device = read_device(request) or Device(name=secrets.token_urlsafe(16), accounts={})
    proof, others = make_proof(user), [pair for pair in device["accounts"].items() if pair[0] != str(user.id)]
    newest = [*others, (str(user.id), proof)][-DEVICE_ACCOUNTS:]
    request.device = Device(  # type: ignore[attr-defined]  # ours, for `write_device`
        name=device["name"], accounts=dict(newest)
    )
    cache.store_known_address(user.id, address_bucket(request), proof)


def make_proof(user: User) -> str:
    """
    Return what only a login of this user with the present password can have left behind.
    """
    return salted_hmac(DEVICE_SALT, user.get_session_auth_hash(), algorithm="sha256").hexdigest()[:32]


def read_device(request: HttpRequest) -> Device | None:
    """
    Return the device that a request comes from; None where the cookie is missing, too old or not ours.
    """
    try:
        device = signing.loads(request.COOKIES.get(DEVICE_COOKIE, ""), salt=DEVICE_SALT, max_age=DEVICE_SECONDS)
    except signing.BadSignature:
        return None
    # Another release may have signed something else.
    known: Device | None = device if DEVICE.matches(device) else None
    return known


def write_device(request: HttpRequest, response: HttpResponse) -> None:
    """
    Give the device its cookie, if somebody has logged in with this request.
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

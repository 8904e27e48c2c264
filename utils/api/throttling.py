"""
Rate limits from the one table `settings.RATES`, counted by django-ratelimit.
"""

import time
from ipaddress import ip_address

from django.conf import settings
from django_ratelimit.core import EXPIRATION_FUDGE, _split_rate, get_usage

from utils.api.exceptions import TooManyRequests


def client_address(request):
    """
    Return the caller's address: REMOTE_ADDR, unless that is a trusted proxy.

    Behind trusted proxies it is the right-most address of X-Forwarded-For that is none of
    them; whatever stands further left was written by the caller and proves nothing.
    """
    address = request.META.get("REMOTE_ADDR", "")
    if address not in settings.TRUSTED_PROXIES:
        return address
    for hop in reversed(request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")):
        try:
            hop = str(ip_address(hop.strip()))
        except ValueError:
            return address
        if hop not in settings.TRUSTED_PROXIES:
            return hop
    return address


def caller(group, request):
    """
    Return the bucket of a request: the user, or the address of somebody anonymous.
    """
    user = request.user
    return f"user:{user.pk}" if user.is_authenticated else f"address:{client_address(request)}"


def counter_key_by_user(name):
    """
    Return what the key of a user's counter is made of, for counting by a script that knows the user only later.

    (prefix, head, tail, milliseconds): django-ratelimit's key is the prefix and the SHA-1 of head,
    user id and tail. None where nothing is counted, and for windows longer than a second, whose
    edges depend on the user.
    """
    count, seconds = _split_rate(settings.RATES[name][0])
    if not settings.RATELIMIT_ENABLE or seconds != 1:
        return None
    lifetime = (seconds + EXPIRATION_FUDGE) * 1000
    return settings.RATELIMIT_CACHE_PREFIX, f"{name}{count}/{seconds}suser:", str(int(time.time())), lifetime


def address(group, request):
    return f"address:{client_address(request)}"


class RateLimiter:
    """
    The limits of one route for one request.

    Rates are asked in order and the first that refuses ends it, so a refused call counts
    against that one only. Windows are fixed: across an edge twice the rate may pass.
    One round trip a rate. When the counters are down every request passes.
    """

    def __init__(self, request, name):
        self.request = request
        self.name = name
        self.tightest = None

    def check(self):
        """
        Count the request.

        :raises TooManyRequests: it is over a limit.
        """
        key = address if self.name in settings.RATES_BY_ADDRESS else caller
        for rate in settings.RATES[self.name]:
            usage = get_usage(self.request, group=self.name, key=key, rate=rate, increment=True)
            if usage is None:
                continue
            left = max(0, usage["limit"] - usage["count"])
            if self.tightest is None or usage["should_limit"] or left < self.tightest["left"]:
                self.tightest = {**usage, "left": left}
            if usage["should_limit"]:
                raise TooManyRequests(usage["time_left"])

    def headers(self):
        """
        Return X-RateLimit-* of the limit with least left; nothing where no limit was counted.
        """
        if self.tightest is None:
            return {}
        return {
            "X-RateLimit-Limit": str(self.tightest["limit"]),
            "X-RateLimit-Remaining": str(self.tightest["left"]),
            "X-RateLimit-Reset": str(int(time.time()) + max(1, self.tightest["time_left"])),
        }

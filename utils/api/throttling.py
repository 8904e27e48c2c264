"""
Rate limits from the table `settings.RATES`, counted by django-ratelimit.
"""

import re
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import nullcontext
from functools import cache, lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, cast

from django.conf import settings
from django.core.cache import caches
from django.http import HttpRequest
from django_ratelimit import ALL
from django_ratelimit.core import EXPIRATION_FUDGE, _get_window, _make_cache_key, _split_rate, get_usage
from rest_framework.request import Request

from utils.api.exceptions import TooManyRequests
from utils.caching.redis.prefetching import prefetched

Address = IPv4Address | IPv6Address
AnyRequest = HttpRequest | Request

# Some proxies append the port of the caller to its address.
WITH_PORT = re.compile(r"\[([0-9A-Fa-f:.]+)\](?::\d{1,5})?|([0-9.]+):\d{1,5}")
# A provider gives every customer a network of this size, so a limit on a single IPv6 address would limit nobody.
IPV6_PREFIX = 64


@cache
def split_rate(rate: str) -> tuple[int, int]:
    """
    Return (count, seconds) of a rate such as "5/s". django-ratelimit would parse it again for each request.
    """
    return cast("tuple[int, int]", _split_rate(rate))  # the library has no types


def parse_address(text: str) -> Address | None:
    """
    Return `text` as an IP address, None if it is not one. An IPv4 address that is written as IPv6 becomes IPv4.
    """
    text = text.strip()
    if match := WITH_PORT.fullmatch(text):
        text = match[1] or match[2]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


@lru_cache(maxsize=8)
def parse_networks(proxies: tuple[str, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(proxy, strict=False) for proxy in proxies)


def is_trusted_proxy(address: Address) -> bool:
    return any(address in network for network in parse_networks(tuple(settings.TRUSTED_PROXIES)))


def client_address(request: AnyRequest) -> str:
    """
    Return the caller's address: REMOTE_ADDR, unless that is a trusted proxy.

    Behind trusted proxies it is the right-most address in X-Forwarded-For that is not one of
    them; anything further left was written by the caller and proves nothing.
    """
    remote: str = request.META.get("REMOTE_ADDR", "")
    address = parse_address(remote)
    if address is None:
        return remote
    for text in reversed(request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")):
        if not is_trusted_proxy(address):
            break
        forwarded = parse_address(text)
        if forwarded is None:
            break
        address = forwarded
    return str(address)


def is_from_this_machine(request: AnyRequest) -> bool:
    """
    Say whether the caller is on this machine. A request that an untrusted proxy forwards is not.
    """
    remote, caller = parse_address(request.META.get("REMOTE_ADDR", "")), parse_address(client_address(request))
    if remote is None or caller is None or not (remote.is_loopback and caller.is_loopback):
        return False
    return "HTTP_X_FORWARDED_FOR" not in request.META or is_trusted_proxy(remote)


def address_bucket(request: AnyRequest) -> str:
    """
    Return the bucket of the caller's address; for an IPv6 address it is the bucket of its network.
    """
    address = client_address(request)
    if ":" in address and (parsed := parse_address(address)):
        address = str(IPv6Network((int(parsed), IPV6_PREFIX), strict=False).network_address)
    return f"address:{address}"


def get_bucket(request: AnyRequest, name: str) -> str:
    """
    Return the bucket of a request: the user, or the address if nobody is logged in or the limit counts addresses.
    """
    if name not in settings.RATES_BY_ADDRESS and request.user.is_authenticated:
        return f"user:{request.user.pk}"
    return address_bucket(request)


def counter_key_by_user(name: str) -> tuple[str, str, str, int] | None:
    """
    Return the parts of a user's counter key, for a script that counts before this process knows the user.

    They are (prefix, head, tail, milliseconds): django-ratelimit's key is the prefix and the SHA-1 of head,
    user id and tail. None if rate limits are off, and for windows longer than a second, whose
    boundaries depend on the user.
    """
    count, seconds = split_rate(settings.RATES[name][0])
    if not settings.RATELIMIT_ENABLE or seconds != 1:
        return None
    lifetime = (seconds + EXPIRATION_FUDGE) * 1000
    return settings.RATELIMIT_CACHE_PREFIX, f"{name}{count}/{seconds}suser:", str(int(time.time())), lifetime


class LocalCounter:
    """
    Counts in this process, for limits that must hold while the counter store is down.

    Keeps the `size` most recently used keys. Thread-safe.
    """

    def __init__(self, size: int = 10_000) -> None:
        self._size = size
        self._lock = threading.Lock()
        self._counts: OrderedDict[str, int] = OrderedDict()

    def count(self, key: str, amount: int = 1) -> int:
        with self._lock:
            count = self._counts.pop(key, 0) + amount
            self._counts[key] = count
            if len(self._counts) > self._size:
                self._counts.popitem(last=False)
        return count


local_counter = LocalCounter()


class Counter:
    """
    One rate of one bucket, counted in the current window.

    `left`, `is_over`, `wait` (seconds) and `resets_at` (seconds since 1970) are known once it has counted.
    """

    left: int
    is_over: bool
    wait: int
    resets_at: int

    def __init__(self, name: str, rate: str, bucket: str) -> None:
        self.name, self.bucket = name, bucket
        self.rate = self.limit, self._seconds = split_rate(rate)
        self._window = self._current_window()

    def _current_window(self) -> int:
        return cast("int", _get_window(self.bucket, self._seconds))  # the library has no types

    @property
    def lifetime(self) -> int:
        """
        Return how many seconds the store keeps the count.
        """
        return self._seconds + int(EXPIRATION_FUDGE)

    @property
    def key(self) -> str:
        """
        Return django-ratelimit's key for the count in the store.
        """
        key = _make_cache_key(self.name, self._window, self.rate, self.bucket, ALL)
        return cast("str", key)  # the library has no types

    def count(self, request: AnyRequest | None) -> bool:
        """
        Count one call. False if it could not be counted: the store is down and settings.RATES_ALWAYS lacks the name.
        """
        usage = get_usage(request, group=self.name, key=lambda *_: self.bucket, rate=self.rate, increment=True)
        if usage is not None:
            self._note(usage["count"], usage["time_left"])
            return True
        if self.name in settings.RATES_ALWAYS:
            self._note(local_counter.count(self.key), self._window - int(time.time()))
            return True
        return False

    def _note(self, count: int, time_left: int) -> None:
        self.left = max(0, self.limit - count)
        self.is_over = count > self.limit
        # The last second of a window still belongs to it.
        self.wait = max(0, time_left) + 1
        self.resets_at = int(time.time()) + self.wait

    def take_back(self) -> None:
        """
        Undo the count of a call that another limit has refused, unless the window has ended meanwhile.
        """
        if self._current_window() == self._window:
            try:
                caches[settings.RATELIMIT_USE_CACHE].decr(self.key)
            except ValueError:
                # It was counted in this process, or has expired.
                pass


def count_ahead(counters: Sequence[Counter]) -> dict[tuple[str, str], int] | None:
    """
    Count several rates in one round trip, for `prefetched`; None if each is counted by itself.
    """
    # Any: `count_ahead` belongs to RateCounterBackend alone.
    store: Any = caches[settings.RATELIMIT_USE_CACHE]
    if len(counters) < 2 or not hasattr(store, "count_ahead"):
        return None
    counts: dict[tuple[str, str], int] | None = store.count_ahead(
        {counter.key: counter.lifetime for counter in counters}
    )
    return counts


class RateLimiter:
    """
    The limits of one name in settings.RATES for one request.

    Rates are checked in order, and the first one that is exceeded ends the check. All other counts of this request are
    then taken back, so a refused call counts against that rate only. Windows are fixed: at a boundary up to twice the
    rate may pass. One round trip, whatever the number of rates. A name is counted once per request, however often it
    is checked. While the counter store is down every request passes, unless settings.RATES_ALWAYS has the name: then
    this process counts by itself.

    :param request: None outside a request.
    :param bucket: whom to count, by default the user or the address.
    """

    def __init__(self, request: AnyRequest | None, name: str, *, bucket: str | None = None) -> None:
        self.request = request
        self.name = name
        self.bucket = bucket
        http_request = getattr(request, "_request", request)
        # {name: counters}, of everything that was counted for this request.
        self.counted: dict[str, list[Counter]] = (
            {} if request is None else vars(http_request).setdefault("counted_limits", {})
        )

    def check(self) -> None:
        """
        Count the request.

        :raises TooManyRequests: it is over a limit.
        """
        if self.name in self.counted or not settings.RATELIMIT_ENABLE:
            return
        bucket = self.bucket
        if bucket is None:
            assert self.request is not None  # noqa: S101 (without a request the caller names the bucket)
            bucket = get_bucket(self.request, self.name)
        rates = [Counter(self.name, rate, bucket) for rate in settings.RATES[self.name]]
        counters = self.counted[self.name] = []
        ahead = count_ahead(rates)
        with prefetched(ahead) if ahead else nullcontext():
            for number, counter in enumerate(rates, start=1):
                if not counter.count(self.request):
                    continue
                if counter.is_over:
                    # Including the rates after it, which were counted in the same round trip.
                    for other in [*self.counters(), *(rates[number:] if ahead else ())]:
                        other.take_back()
                    counters.append(counter)
                    raise TooManyRequests(counter.wait)
                counters.append(counter)

    def counters(self) -> list[Counter]:
        return [counter for counters in self.counted.values() for counter in counters]

    def headers(self) -> dict[str, str]:
        """
        Return the X-RateLimit-* headers of the limit with the fewest calls left, {} if no limit was counted.
        """
        tightest = min(self.counters(), key=lambda counter: (not counter.is_over, counter.left), default=None)
        if tightest is None:
            return {}
        return {
            "X-RateLimit-Limit": str(tightest.limit),
            "X-RateLimit-Remaining": str(tightest.left),
            "X-RateLimit-Reset": str(tightest.resets_at),
        }

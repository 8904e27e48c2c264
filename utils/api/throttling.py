"""
Rate limits from the one table `settings.RATES`, counted by django-ratelimit.
"""

import re
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import nullcontext
from functools import lru_cache
from ipaddress import IPv6Network, ip_address, ip_network

from django.conf import settings
from django.core.cache import caches
from django_ratelimit import ALL
from django_ratelimit.core import EXPIRATION_FUDGE, _get_window, _make_cache_key, _split_rate, get_usage

from utils.api.exceptions import TooManyRequests
from utils.caching.redis.client import prefetched

# Some proxies write the caller's port behind its address.
WITH_PORT = re.compile(r"\[([0-9A-Fa-f:.]+)\](?::\d{1,5})?|([0-9.]+):\d{1,5}")
# django-ratelimit parses a rate each time it meets it, unless it is given (count, seconds).
split_rate = lru_cache(maxsize=None)(_split_rate)
# Everybody at home has this much of IPv6, so a single address of it limits nobody.
IPV6_PREFIX = 64


def parse_address(text):
    """
    Return the IP address that `text` is, an IPv4 one where it is written as IPv6; None of anything else.
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
def parse_networks(proxies):
    return tuple(ip_network(proxy, strict=False) for proxy in proxies)


def is_trusted_proxy(address):
    return any(address in network for network in parse_networks(tuple(settings.TRUSTED_PROXIES)))


def client_address(request):
    """
    Return the caller's address: REMOTE_ADDR, unless that is a trusted proxy.

    Behind trusted proxies it is the right-most address of X-Forwarded-For that is none of
    them; whatever stands further left was written by the caller and proves nothing.
    """
    remote = request.META.get("REMOTE_ADDR", "")
    address = parse_address(remote)
    if address is None:
        return remote
    for text in reversed(request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")):
        if not is_trusted_proxy(address):
            break
        hop = parse_address(text)
        if hop is None:
            break
        address = hop
    return str(address)


def is_from_this_machine(request):
    """
    Say whether the caller sits on this machine; what a proxy that nobody vouches for passes on does not count.
    """
    remote, caller = parse_address(request.META.get("REMOTE_ADDR", "")), parse_address(client_address(request))
    if remote is None or caller is None or not (remote.is_loopback and caller.is_loopback):
        return False
    return "HTTP_X_FORWARDED_FOR" not in request.META or is_trusted_proxy(remote)


def address_bucket(request):
    """
    Return the bucket of the caller's address; of an IPv6 address its network counts.
    """
    address = client_address(request)
    if ":" in address and (parsed := parse_address(address)):
        address = IPv6Network((int(parsed), IPV6_PREFIX), strict=False).network_address
    return f"address:{address}"


def bucket_of(request, name):
    """
    Return the bucket of a request: the user, or the address where the limit or nobody's login asks for it.
    """
    if name not in settings.RATES_BY_ADDRESS and request.user.is_authenticated:
        return f"user:{request.user.pk}"
    return address_bucket(request)


def counter_key_by_user(name):
    """
    Return what the key of a user's counter is made of, for counting by a script that knows the user only later.

    (prefix, head, tail, milliseconds): django-ratelimit's key is the prefix and the SHA-1 of head,
    user id and tail. None where nothing is counted, and for windows longer than a second, whose
    edges depend on the user.
    """
    count, seconds = split_rate(settings.RATES[name][0])
    if not settings.RATELIMIT_ENABLE or seconds != 1:
        return None
    lifetime = (seconds + EXPIRATION_FUDGE) * 1000
    return settings.RATELIMIT_CACHE_PREFIX, f"{name}{count}/{seconds}suser:", str(int(time.time())), lifetime


class LocalCounter:
    """
    Counts in this process, for limits that hold while the counter store is down.

    Keeps the buckets that were used last, `size` at most. Thread-safe.
    """

    def __init__(self, size=10_000):
        self._size = size
        self._lock = threading.Lock()
        self._counts = OrderedDict()

    def count(self, key, amount=1):
        with self._lock:
            count = self._counts.pop(key, 0) + amount
            self._counts[key] = count
            if len(self._counts) > self._size:
                self._counts.popitem(last=False)
        return count


local_counter = LocalCounter()


class Counter:
    """
    One rate of one bucket, counted in the window that is open now.
    """

    def __init__(self, name, rate, bucket):
        self.name, self.bucket = name, bucket
        self.rate = self.limit, self._seconds = split_rate(rate)
        self._window = self._open_window()

    def _open_window(self):
        return _get_window(self.bucket, self._seconds)

    @property
    def lifetime(self) -> int:
        """
        Return how many seconds the store keeps the count.
        """
        return self._seconds + EXPIRATION_FUDGE

    @property
    def key(self) -> str:
        """
        Return the name of the count in the store: django-ratelimit's.
        """
        return _make_cache_key(self.name, self._window, self.rate, self.bucket, ALL)

    def count(self, request):
        """
        Count one call; say whether it was counted, which needs the store or a name in settings.RATES_ALWAYS.
        """
        usage = get_usage(request, group=self.name, key=lambda *_: self.bucket, rate=self.rate, increment=True)
        if usage is not None:
            self._note(usage["count"], usage["time_left"])
            return True
        if self.name in settings.RATES_ALWAYS:
            self._note(local_counter.count(self.key), self._window - int(time.time()))
            return True
        return False

    def _note(self, count, time_left):
        self.left = max(0, self.limit - count)
        self.is_over = count > self.limit
        # The last second of a window still belongs to it.
        self.wait = max(0, time_left) + 1
        self.resets_at = int(time.time()) + self.wait

    def take_back(self):
        """
        Undo the count of a call that another limit has refused; not where the window has ended meanwhile.
        """
        if self._open_window() == self._window:
            try:
                caches[settings.RATELIMIT_USE_CACHE].decr(self.key)
            except ValueError:
                # It was counted in this process, or is gone.
                pass


def count_ahead(counters: Sequence[Counter]) -> dict[tuple[str, str], int] | None:
    """
    Count several rates in one round trip, for `prefetched`; None where each is counted by itself.
    """
    store = caches[settings.RATELIMIT_USE_CACHE]
    if len(counters) < 2 or not hasattr(store, "count_ahead"):
        return None
    return store.count_ahead({counter.key: counter.lifetime for counter in counters})


class RateLimiter:
    """
    The limits of one name in settings.RATES for one request.

    Rates are asked in order and the first that refuses ends it; what the request had counted
    before is taken back, so a refused call counts against that one only. Windows are fixed: across
    an edge twice the rate may pass. One round trip, whatever the number of rates. A name is counted once a request,
    however often it is asked. When the counters are down every request passes, except where
    settings.RATES_ALWAYS has the name: then this process counts for itself.

    :param bucket: whom to count, by default the user or the address.
    """

    def __init__(self, request, name, *, bucket=None):
        self.request = request
        self.name = name
        self.bucket = bucket
        http_request = getattr(request, "_request", request)
        # {name: [Counter]}, of everything that was counted for this request.
        self.counted = {} if request is None else vars(http_request).setdefault("counted_limits", {})

    def check(self):
        """
        Count the request.

        :raises TooManyRequests: it is over a limit.
        """
        if self.name in self.counted or not settings.RATELIMIT_ENABLE:
            return
        bucket = self.bucket or bucket_of(self.request, self.name)
        rates = [Counter(self.name, rate, bucket) for rate in settings.RATES[self.name]]
        counters = self.counted[self.name] = []
        ahead = count_ahead(rates)
        with prefetched(ahead) if ahead else nullcontext():
            for number, counter in enumerate(rates, start=1):
                if not counter.count(self.request):
                    continue
                if counter.is_over:
                    # With those after it, which were counted in the same round trip.
                    for other in [*self.counters(), *(rates[number:] if ahead else ())]:
                        other.take_back()
                    counters.append(counter)
                    raise TooManyRequests(counter.wait)
                counters.append(counter)

    def counters(self):
        return [counter for counters in self.counted.values() for counter in counters]

    def headers(self):
        """
        Return X-RateLimit-* of the limit with least left; nothing where no limit was counted.
        """
        tightest = min(self.counters(), key=lambda counter: (not counter.is_over, counter.left), default=None)
        if tightest is None:
            return {}
        return {
            "X-RateLimit-Limit": str(tightest.limit),
            "X-RateLimit-Remaining": str(tightest.left),
            "X-RateLimit-Reset": str(tightest.resets_at),
        }

"""
The short way to 304: a request that got 304 before gets it again as long as everything that was read for it is the same.

No view runs and nobody is authenticated anew. The same request and the same replies of Redis and Memcached, with the
session and the account among them, lead to the same response. Whatever differs goes the ordinary way.

See docs/adr/0019-unchanged-without-a-view.md.
"""

import marshal
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from django.conf import settings
from django.core.cache import caches
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponseNotModified
from django.http.response import HttpResponseBase
from django.urls import ResolverMatch
from django.utils import timezone

from utils.api.exceptions import TooManyRequests
from utils.api.throttling import Counter, RateLimiter
from utils.caching.recording import Recording, digest, recording
from utils.caching.redis.backend import COUNT
from utils.caching.redis.list_scripts import READ
from utils.caching.redis.prefetching import Known, prefetched
from utils.database.time_ids import format_time
from utils.observability.metrics import count_reads
from utils.observability.middleware import get_user_id

# Asks Redis once and returns {(script name, key): reply}, or None without a reply.
ReadAhead = Callable[[], Known | None]

# Of one process; each takes 3 KB.
MAX_RESPONSES = 4_096
# What differs between requests that are otherwise the same, and decides nothing.
UNIQUE = {"REMOTE_PORT", "HTTP_X_REQUEST_ID", "HTTP_TRACEPARENT", "HTTP_TRACESTATE"}


@dataclass(frozen=True, slots=True)
class RepeatableResponse:
    """
    A 304, and everything that was read for it.

    :param ahead: reads what the view's `read_ahead` has read; `known` is the digest of that.
    :param commands, replies: those of Memcached, the replies as a digest.
    :param expires_at: when the caller's token ends, None for a session.
    :param limit: (name, bucket) of the rate limit that was counted, None if none was.
    """

    headers: dict[str, str]
    match: ResolverMatch | None
    user_id: int | None
    limit: tuple[str, str] | None
    ahead: ReadAhead
    known: bytes
    commands: tuple[bytes, ...]
    replies: bytes
    expires_at: str | None

    def repeat(self, request: HttpRequest) -> HttpResponseBase | None:
        """
        Return the response if nothing has changed and the request is within its limit, else None.

        One round trip to Redis and one to Memcached. The ordinary way does not ask Redis again.
        """
        known = request.known_ahead = self.ahead()  # type: ignore[attr-defined]  # ours, for `read_ahead`
        if known is None or not self.would_read_the_same(known):
            return None
        counted = self.count(request, known)
        if counted is None:
            return None
        response = HttpResponseNotModified(headers=self.headers | counted)
        count_reads("objects", hits=b"".join(self.commands).count(b" "), misses=0)
        count_reads("lists", hits=sum(asked[0] == READ.name for asked in known), misses=0)
        request.resolver_match = self.match
        # The line in the log needs the id alone.
        request.user = SimpleNamespace(pk=self.user_id)  # type: ignore[assignment]
        return response

    def would_read_the_same(self, known: Known) -> bool:
        if digest_known(known) != self.known:
            return False
        if self.expires_at and self.expires_at <= format_time(timezone.now()):
            return False
        # Any: only the backend of Memcached has this method.
        memcached: Any = caches["objects"]
        return not self.commands or memcached.replies_the_same(self.commands, self.replies)

    def count(self, request: HttpRequest, known: Known) -> dict[str, str] | None:
        """
        Count the request and return the headers of its rate limit; None if it is over the limit.
        """
        if self.limit is None:
            return {}
        name, bucket = self.limit
        limiter = RateLimiter(request, name, bucket=bucket)
        try:
            with prefetched(known):
                limiter.check()
        except TooManyRequests:
            # The ordinary way counts it again and refuses it; to somebody who is over a limit that makes no difference.
            limiter.counted.clear()
            return None
        return limiter.headers()


class RepeatableResponses:
    """
    Those that this process remembers, by a digest of the request. Thread-safe; the least recently used goes first.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._responses: OrderedDict[bytes, RepeatableResponse] = OrderedDict()

    def take(self, signature: bytes) -> RepeatableResponse | None:
        with self._lock:
            return self._responses.pop(signature, None)

    def put(self, signature: bytes, response: RepeatableResponse) -> None:
        with self._lock:
            self._responses[signature] = response
            if len(self._responses) > MAX_RESPONSES:
                self._responses.popitem(last=False)

    def clear(self) -> None:
        with self._lock:
            self._responses.clear()


remembered = RepeatableResponses()


class UnchangedMiddleware:
    """
    Repeat a 304 if everything that was read for it is the same; remember those of the ordinary way.

    Not loaded without a Redis and a Memcached of one server each: what is read from several is not recorded.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        are_several = settings.REDIS_IS_CLUSTER or "," in settings.MEMCACHED_URL
        if not settings.REDIS_URL or not settings.MEMCACHED_URL or are_several:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if "HTTP_IF_NONE_MATCH" not in request.META or request.method != "GET":
            return self.get_response(request)
        signature = sign(request.META)
        before = remembered.take(signature)
        if before and (response := before.repeat(request)):
            remembered.put(signature, before)
            return response
        return self.get_and_record(request, signature)

    def get_and_record(self, request: HttpRequest, signature: bytes) -> HttpResponseBase:
        reads = Recording()
        token = recording.set(reads)
        try:
            response = self.get_response(request)
        finally:
            recording.reset(token)
        if response.status_code == 304 and (repeatable := to_repeatable(request, response, reads)):
            remembered.put(signature, repeatable)
        return response


def to_repeatable(request: HttpRequest, response: HttpResponseBase, reads: Recording) -> RepeatableResponse | None:
    """
    Return what to remember of a 304; None if it depends on something that was not recorded.
    """
    read_ahead: tuple[ReadAhead, bytes] | None = vars(request).get("recorded_ahead")
    limits: dict[str, list[Counter]] = vars(request).get("counted_limits", {})
    if read_ahead is None or reads.has_unrecorded or len(limits) > 1 or response.cookies:
        return None
    ahead, known = read_ahead
    return RepeatableResponse(
        headers=dict(response.items()),
        match=request.resolver_match,
        user_id=get_user_id(request),
        limit=next(((name, counters[0].bucket) for name, counters in limits.items()), None),
        ahead=ahead,
        known=known,
        commands=tuple(reads.commands),
        replies=digest(b"".join(reads.replies)),
        expires_at=reads.expires_at,
    )


def sign(environ: dict[str, Any]) -> bytes:
    """
    Return a digest of a request: its line, its headers, and where it comes from.
    """
    texts = [f"{name}:{value}" for name, value in environ.items() if type(value) is str and name not in UNIQUE]
    return digest("\n".join(texts).encode())


def read_ahead(request: HttpRequest, ahead: ReadAhead | None) -> Known | None:
    """
    Return what `ahead` reads, None without it, and record it. Nothing is read twice for a request.
    """
    if ahead is None:
        return None
    known: Known | None = vars(request).pop("known_ahead", None)
    if known is None:
        # What it asks is recorded as a whole, below.
        token = recording.set(None)
        try:
            known = ahead()
        finally:
            recording.reset(token)
    if known and recording.get():
        request.recorded_ahead = ahead, digest_known(known)  # type: ignore[attr-defined]  # ours, for `to_repeatable`
    return known


def digest_known(known: Known) -> bytes:
    """
    Return a digest of what was read ahead, without the count of the rate limit.
    """
    replies = [(asked, reply) for asked, reply in known.items() if asked[0] != COUNT.name]
    # Version 2 writes values alone; later ones also write which objects are the same.
    return digest(marshal.dumps(replies, 2))

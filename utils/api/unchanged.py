"""
The short way to 304: a request that was answered 304 before is answered so again, as long as everything that was read
for that answer is still the same.

No view runs, nobody is authenticated anew, and nothing is parsed: the same request and the same replies of Redis and
Memcached, session and account included, lead to the same answer. Whatever differs goes the ordinary way.
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
from utils.caching.redis.client import Known, prefetched
from utils.caching.redis.list_scripts import READ
from utils.database.time_ids import format_time
from utils.observability.metrics import count_reads
from utils.observability.middleware import get_user_id

# Asks Redis once and returns {(script name, key): reply}, or None without a reply.
ReadAhead = Callable[[], Known | None]

# Of one process. An answer takes 3 KB.
MAX_ANSWERS = 4_096
# What differs between two requests that are otherwise the same, and decides nothing.
UNIQUE = {"REMOTE_PORT", "HTTP_X_REQUEST_ID", "HTTP_TRACEPARENT", "HTTP_TRACESTATE"}


@dataclass(frozen=True, slots=True)
class Answer:
    """
    A 304, and everything that was read for it.

    :param ahead: reads ahead again what the view's `read_ahead` has read; `known` is its digest.
    :param commands, replies: those of Memcached, the replies as a digest.
    :param expires_at: from when on the token is no longer valid, None for a session.
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
        Return the answer if nothing has changed and the request is within its limit, else None.

        One round trip to Redis and one to Memcached. What Redis has replied is left in `request.known_ahead`.
        """
        known = request.known_ahead = self.ahead()  # type: ignore[attr-defined]  # ours, for `read_ahead`
        if known is None or not self.would_read_the_same(known):
            return None
        counted = self.count(request, known)
        if counted is None:
            return None
        response = HttpResponseNotModified(headers=self.headers)
        for name, value in counted.items():
            response[name] = value
        count_reads("objects", hits=b"".join(self.commands).count(b" "), misses=0)
        count_reads("lists", hits=sum(asked[0] == READ.name for asked in known), misses=0)
        request.resolver_match = self.match
        # For the line in the log, which needs the id alone.
        request.user = SimpleNamespace(pk=self.user_id)  # type: ignore[assignment]
        return response

    def would_read_the_same(self, known: Known) -> bool:
        if digest_known(known) != self.known:
            return False
        if self.expires_at and self.expires_at <= format_time(timezone.now()):
            return False
        # `Any`: only the backend of Memcached has this method.
        memcached: Any = caches["objects"]
        return not self.commands or memcached.replies_the_same(self.commands, self.replies)

    def count(self, request: HttpRequest, known: Known) -> dict[str, str] | None:
        """
        Count the request, and return the headers of its rate limit; None if it is over the limit.
        """
        if self.limit is None:
            return {}
        name, bucket = self.limit
        limiter = RateLimiter(request, name, bucket=bucket)
        try:
            with prefetched(known):
                limiter.check()
        except TooManyRequests:
            # The ordinary way counts and refuses it. For somebody who is over a limit one more changes nothing.
            limiter.counted.clear()
            return None
        return limiter.headers()


class Answers:
    """
    The answers that this process remembers, by a digest of the request. Thread-safe; the least recently used go first.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answers: OrderedDict[bytes, Answer] = OrderedDict()

    def find(self, signature: bytes) -> Answer | None:
        with self._lock:
            answer = self._answers.get(signature)
            if answer:
                self._answers.move_to_end(signature)
        return answer

    def add(self, signature: bytes, answer: Answer) -> None:
        with self._lock:
            self._answers[signature] = answer
            if len(self._answers) > MAX_ANSWERS:
                self._answers.popitem(last=False)

    def remove(self, signature: bytes) -> None:
        with self._lock:
            self._answers.pop(signature, None)

    def clear(self) -> None:
        with self._lock:
            self._answers.clear()


answers = Answers()


class UnchangedMiddleware:
    """
    Repeat a 304 if everything that was read for it is the same; remember those of the ordinary way.

    Not loaded without a Redis and a Memcached of one server each: what is read from several is not recorded.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        is_several = settings.REDIS_IS_CLUSTER or "," in settings.MEMCACHED_URL
        if not settings.REDIS_URL or not settings.MEMCACHED_URL or is_several:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        headers = request.META
        if "HTTP_IF_NONE_MATCH" not in headers or request.method != "GET":
            return self.get_response(request)
        signature = sign(headers)
        answer = answers.find(signature)
        if answer and (response := answer.repeat(request)):
            return response
        answers.remove(signature)
        return self.record(request, signature)

    def record(self, request: HttpRequest, signature: bytes) -> HttpResponseBase:
        """
        Answer in the ordinary way, and remember a 304 of which everything was recorded.
        """
        current = Recording()
        token = recording.set(current)
        try:
            response = self.get_response(request)
        finally:
            recording.reset(token)
        if response.status_code == 304 and not response.cookies and (answer := to_answer(request, response, current)):
            answers.add(signature, answer)
        return response


def to_answer(request: HttpRequest, response: HttpResponseBase, reads: Recording) -> Answer | None:
    """
    Return what to remember of a 304, None if something was read for it that is not recorded.
    """
    read_ahead: tuple[ReadAhead, bytes] | None = vars(request).get("recorded_ahead")
    limits: dict[str, list[Counter]] = vars(request).get("counted_limits", {})
    if read_ahead is None or reads.has_unrecorded or len(limits) > 1:
        return None
    ahead, known = read_ahead
    return Answer(
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
    Return what `ahead` reads, None without it; nothing is read twice for a request.
    """
    if ahead is None:
        return None
    current = recording.get()
    # What was just read in vain is used by the ordinary way.
    known: Known | None = vars(request).pop("known_ahead", None)
    if known is None:
        token = recording.set(None)
        try:
            known = ahead()
        finally:
            recording.reset(token)
    if current and known:
        request.recorded_ahead = ahead, digest_known(known)  # type: ignore[attr-defined]  # ours
    return known


def digest_known(known: Known) -> bytes:
    """
    Return a digest of what was read ahead, without the count of the rate limit.
    """
    replies = [(asked, reply) for asked, reply in known.items() if asked[0] != COUNT.name]
    # Version 2 writes values alone; later ones also write which objects are the same.
    return digest(marshal.dumps(replies, 2))

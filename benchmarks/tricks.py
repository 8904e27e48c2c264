"""
What each trick of the read path gains: `deploy/with-stack.sh .venv/bin/python -m benchmarks.tricks`.

Pages are asked for in this process, with the trick and with the plain library call in its place, in turn; the least
CPU of several rounds counts. A trick that brings less than three per cent of its page is not worth its lines.
"""

import gc
import io
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
os.environ["PROFILE"] = "stack"

import django

django.setup()

import redis  # noqa: E402
from django.conf import settings  # noqa: E402
from django.contrib.messages.middleware import MessageMiddleware  # noqa: E402
from django.core.handlers.wsgi import WSGIHandler  # noqa: E402
from rest_framework.renderers import JSONRenderer  # noqa: E402

from benchmarks import world  # noqa: E402
from comments.api import serializers as comments  # noqa: E402
from likes.api import serializers as likes  # noqa: E402
from newsfeeds.api.views import NewsFeedViewSet  # noqa: E402
from tweets.api.views import TweetViewSet  # noqa: E402
from utils.api import renderers, views  # noqa: E402
from utils.api.middleware import PageMessagesMiddleware  # noqa: E402
from utils.api.unchanged import RepeatableResponse, remembered  # noqa: E402
from utils.api.views import APIViewSet  # noqa: E402
from utils.caching.memcached.connections import Pool  # noqa: E402
from utils.caching.redis.client import RedisClient  # noqa: E402
from utils.database.time_ids import format_id_time  # noqa: E402

# Many short rounds: some of them are not disturbed by whatever else the machine does.
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "25"))
REQUESTS = int(os.environ.get("BENCH_REQUESTS", "50"))
WORTH_IT = 3

Patch = tuple[Any, str, Any]


@dataclass
class Trick:
    """
    One trick: its name, the page that it is for, and what stands in its place when it is switched off.
    """

    name: str
    page: str
    plain: list[Patch]
    # Least CPU milliseconds of a request, with the trick (True) and without.
    least: dict[bool, float] = field(default_factory=lambda: {True: float("inf"), False: float("inf")})

    @property
    def gain(self) -> float:
        """
        Return how many per cent of the page, as it is without the trick, the trick saves.
        """
        return (1 - self.least[True] / self.least[False]) * 100


def plain_redis() -> Callable[..., Any]:
    """
    Return what RedisClient asks Redis with, by the library's own client and pool.
    """
    client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=settings.CACHE_TIMEOUT_SECONDS)
    return lambda self, command, args: client.execute_command(command, *args)


def get_many(self: Pool, head: str, names: list[str]) -> dict[str, Any]:
    return {key[len(head) :]: value for key, value in self.get_many([f"{head}{name}" for name in names]).items()}


def render(self: renderers.JSONRenderer, *args: Any) -> bytes:
    return JSONRenderer().render(*args)


def nothing(*args: Any, **kwargs: Any) -> None:
    """
    Stands for what would have found something.
    """


def all_tricks() -> list[Trick]:
    circles = [
        (APIViewSet, "break_reference_cycles", lambda self, response: None),
        (PageMessagesMiddleware, "process_response", MessageMiddleware.process_response),
    ]
    formatting = [(module, "format_id_time", format_id_time.__wrapped__) for module in (comments, likes)]
    return [
        Trick("one Lua script instead of three", "home feed", [(NewsFeedViewSet, "read_ahead", nothing)]),
        Trick("one Lua script instead of three", "tweet", [(TweetViewSet, "read_ahead", nothing)]),
        Trick("own client of Redis", "home feed", [(RedisClient, "_ask", plain_redis())]),
        Trick("own reading of Memcached", "home feed", [(Pool, "get_json_many", get_many)]),
        Trick("own reading of Memcached", "tweet", [(Pool, "get_json_many", get_many)]),
        Trick("reference cycles broken", "home feed", circles),
        Trick("orjson", "home feed", [(renderers.JSONRenderer, "render", render)]),
        Trick("ETag before rendering", "home feed, first 304", [(views, "etag_for", nothing)]),
        Trick("304 without a view", "home feed, 304", [(RepeatableResponse, "repeat", nothing)]),
        Trick("304 without a view", "tweet, 304", [(RepeatableResponse, "repeat", nothing)]),
        Trick("times formatted once", "tweet", formatting),
    ]


@contextmanager
def switched_off(trick: Trick) -> Iterator[None]:
    with ExitStack() as stack:
        for target, name, plain in trick.plain:
            stack.enter_context(patch.object(target, name, plain))
        yield


class Pages:
    """
    The project without a web server, and the pages that are asked for.
    """

    def __init__(self) -> None:
        people = world.World()
        self.cookie = world.open_session(people.readers[0], world.OURS)
        tweet = f"/api/tweets/{people.talked_about.id}/"
        self.paths = {"home feed": "/api/newsfeeds/", "tweet": tweet}
        self.handle = WSGIHandler()

    def ask(self, page: str, etag: str = "") -> tuple[str, dict[str, str]]:
        """
        Return (status, headers) of the answer, once it was read to its end.
        """
        said: list[Any] = []
        if "first" in page:
            remembered.clear()
        environ = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": self.paths[page.partition(",")[0]],
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "80",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_ACCEPT": "application/json",
            "HTTP_COOKIE": self.cookie,
            "HTTP_IF_NONE_MATCH": etag,
            "wsgi.input": io.BytesIO(),
            "wsgi.errors": sys.stderr,
            "wsgi.url_scheme": "http",
        }
        response = self.handle(environ, lambda *answer: said.extend(answer))
        list(response)
        response.close()
        return said[0], dict(said[1])

    def measure(self, page: str) -> float:
        """
        Return the CPU milliseconds of a request, garbage collection included.

        :raises AssertionError: an answer was not what the page's name says: a fast error is no result.
        """
        etag = self.ask(page)[1]["ETag"] if page.endswith("304") else ""
        expected = "304" if etag else "200"
        started = time.process_time()
        for _ in range(REQUESTS):
            status, _ = self.ask(page, etag)
            assert status.startswith(expected), status
        return (time.process_time() - started) / REQUESTS * 1000


def main() -> None:
    world.create_database()
    pages, tricks = Pages(), all_tricks()
    # As deploy/gunicorn.conf.py does it.
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    for _ in range(ROUNDS):
        for trick in tricks:
            trick.least[True] = min(trick.least[True], pages.measure(trick.page))
            with switched_off(trick):
                trick.least[False] = min(trick.least[False], pages.measure(trick.page))
    print(f"{'trick':34} {'page':20} {'with':>8} {'without':>8} {'gain':>7}")
    for trick in tricks:
        verdict = "" if trick.gain >= WORTH_IT else "  not worth it"
        with_it, without = trick.least[True], trick.least[False]
        print(f"{trick.name:34} {trick.page:20} {with_it:5.3f} ms {without:5.3f} ms {trick.gain:5.1f} %{verdict}")


if __name__ == "__main__":
    main()

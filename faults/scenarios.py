"""
What is done to the running project, and what its clients may notice of it.
"""

import contextlib
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass

from celery import current_app
from django.core.cache import caches
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from faults.control import World, frozen, killed_server, rabbitmqctl, server_group, until
from outbox.constants import REPUBLISH_AFTER
from outbox.models import Message
from tweets.models import Tweet
from utils.caching.redis.client import client as redis

READ_SECONDS, WRITE_SECONDS = 1.0, 2.0
# A request waits so long for a row that is locked, and answers (REQUEST_WAIT_SECONDS and some).
LOCKED_SECONDS = 3.0
SETTLED_SECONDS = 60
FAULT_SECONDS = 6
UNANSWERED, UNAVAILABLE = 0, 503

Fault = Callable[[World], AbstractContextManager[None]]


@dataclass(frozen=True)
class Scenario:
    """
    A fault, and what clients may notice of it.

    :param fault: called with the world, gives a block in which something is broken.
    :param allowed: statuses that calls may be answered with meanwhile, beside those of a good day.
    :param is_away: who answers is away itself, so that latency counts only once it has been found again.
    :param fails_over: another one takes over meanwhile, so that latency counts only once that one has been found.
    :param seconds: how long the fault lasts.
    :param write_seconds: the bound of the 99th percentile of writes.
    :param settled_seconds: within how many seconds of its end everything must be right.
    :param is_brief: one of each kind, for a short run.
    """

    sentence: str
    fault: Fault
    allowed: tuple[int, ...] = ()
    is_away: bool = False
    fails_over: bool = False
    seconds: float = FAULT_SECONDS
    write_seconds: float = WRITE_SECONDS
    settled_seconds: float = SETTLED_SECONDS
    is_brief: bool = False


def all_of(*faults: Fault) -> Fault:
    @contextlib.contextmanager
    def fault(world: World) -> Iterator[None]:
        with contextlib.ExitStack() as stack:
            for one in faults:
                stack.enter_context(one(world))
            yield

    return fault


def repeated(deed: Callable[[World], None], *, times: int, pause: float = 0) -> Fault:
    @contextlib.contextmanager
    def fault(world: World) -> Iterator[None]:
        for _ in range(times):
            deed(world)
            time.sleep(pause)
        yield

    return fault


def stands_still(server: str) -> Fault:
    return lambda world: frozen(server_group(server))


def is_killed(server: str, *, keeps_data: bool = True) -> Fault:
    return lambda world: killed_server(server, keeps_data=keeps_data)


@contextlib.contextmanager
def has_no_memory(world: World) -> Iterator[None]:
    rabbitmqctl("set_vm_memory_high_watermark", "0.00001")
    try:
        yield
    finally:
        rabbitmqctl("set_vm_memory_high_watermark", "0.4")


@contextlib.contextmanager
def swallows_poison(world: World) -> Iterator[None]:
    # Killed workers may have had a message too often in hand; what it says comes again from the outbox.
    world.broker.purge("fanout.dlq")
    world.processes["fanout"].stop()
    world.start_programs("fanout", arguments=("--include", "testing.stack_poison"))
    with world.broker.connect() as there:
        current_app.send_task("testing.stack_poison.swallow", queue="fanout", connection=there)
    yield
    until(lambda: world.broker.waiting("fanout.dlq") == 1, "the poison is set aside")
    world.broker.purge("fanout.dlq")


@contextlib.contextmanager
def announced_again(world: World) -> Iterator[None]:
    with world.frozen_programs("fanout", "default"):
        for _ in range(3):
            time.sleep(1)
            Message.objects.update(due_at=timezone.now())
    yield


@contextlib.contextmanager
def tweets_are_locked(world: World) -> Iterator[None]:
    with transaction.atomic(), connection.cursor() as cursor:
        # One after the other: all at once, by no index, would be a deadlock with whoever has one of them.
        for id in list(Tweet.objects.values_list("id", flat=True)):
            cursor.execute("SELECT id FROM tweets_tweet WHERE id = %s FOR UPDATE", [id])
        yield


def cut_connections(world: World) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM information_schema.processlist WHERE id <> CONNECTION_ID()")
        for (id,) in cursor.fetchall():
            # It may have ended by itself.
            with contextlib.suppress(OperationalError):
                cursor.execute("KILL %s", [id])


def kill_children(world: World) -> None:
    for name in ("fanout", "default"):
        world.processes[name].kill_children()


SCENARIOS = [
    Scenario("nothing happens", lambda world: contextlib.nullcontext(), is_brief=True),
    Scenario("RabbitMQ is killed", is_killed("rabbitmq")),
    Scenario("RabbitMQ stands still", stands_still("rabbitmq"), is_brief=True),
    Scenario("RabbitMQ has no memory left", has_no_memory),
    # what had been published is published again
    Scenario(
        "RabbitMQ comes back with nothing",
        is_killed("rabbitmq", keeps_data=False),
        settled_seconds=REPUBLISH_AFTER + SETTLED_SECONDS,
    ),
    # between any two statements, and so also around a commit
    Scenario(
        "the web server is killed five times",
        repeated(lambda world: world.kill_programs("web"), times=5),
        # Few photos at a time are admitted to a new process, whose decoder starts with the first.
        allowed=(UNANSWERED, UNAVAILABLE),
        is_away=True,
    ),
    Scenario("the processes of the workers are killed", repeated(kill_children, times=6, pause=1), is_brief=True),
    Scenario(
        "the workers are killed twenty times",
        repeated(lambda world: world.kill_programs("fanout", "default"), times=10),
    ),
    Scenario("a task kills whoever runs it", swallows_poison),
    Scenario("every event is announced four times", announced_again),
    Scenario("Redis is killed", is_killed("redis"), is_brief=True),
    Scenario("Redis stands still", stands_still("redis"), is_brief=True),
    Scenario("Redis is flushed again and again", repeated(lambda world: redis.call("FLUSHDB"), times=12, pause=0.5)),
    Scenario("Memcached is killed", is_killed("memcached")),
    Scenario("Memcached stands still", stands_still("memcached")),
    # A deletion that no cache has confirmed is answered with 503.
    Scenario(
        "Redis and Memcached stand still together",
        all_of(stands_still("redis"), stands_still("memcached")),
        allowed=(UNAVAILABLE,),
    ),
    Scenario(
        "Memcached is flushed again and again",
        repeated(lambda world: caches["objects"].clear(), times=12, pause=0.5),
    ),
    Scenario("MariaDB is killed", is_killed("mariadb"), allowed=(UNAVAILABLE,), is_away=True, is_brief=True),
    Scenario("MariaDB stands still", stands_still("mariadb"), allowed=(UNAVAILABLE, UNANSWERED), is_away=True),
    Scenario(
        "MariaDB cuts every connection again and again",
        repeated(cut_connections, times=12, pause=0.5),
        allowed=(UNAVAILABLE,),
    ),
    Scenario("all tweets are locked", tweets_are_locked, allowed=(UNAVAILABLE,), write_seconds=LOCKED_SECONDS),
    # people unfollow, delete and follow again meanwhile
    Scenario("the workers stand still", lambda world: world.frozen_programs("fanout", "default")),
    Scenario("the relay is killed", repeated(lambda world: world.kill_programs("relay"), times=3), is_brief=True),
    Scenario("the relay stands still", lambda world: world.frozen_programs("relay")),
    Scenario("beat is killed", repeated(lambda world: world.kill_programs("beat"), times=1)),
]

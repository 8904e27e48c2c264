"""
What is done to one of several, and what clients may notice of it.

HAProxy is the one proxy of this cluster, so that killing it is what killing the only MariaDB is.
"""

import contextlib
from collections.abc import Callable, Iterator

from faults.cluster import (
    HOSTS,
    ClusterWorld,
    cluster,
    frozen_node,
    galera_writer,
    isolated_galera,
    killed_node,
    leader_of,
    memcached_node,
    move_slots,
    redis_master,
)
from faults.scenarios import UNANSWERED, UNAVAILABLE, Fault, Scenario, repeated

# As long as it takes to miss a node and to go on without it.
FAILOVER_SECONDS = 15

Which = Callable[[], str]


def dies(which: Which) -> Fault:
    return lambda world: killed_node(which())


def freezes(which: Which) -> Fault:
    return lambda world: frozen_node(which())


def named(name: str) -> Which:
    return lambda: name


def leader() -> str:
    return leader_of("fanout")


@contextlib.contextmanager
def beat_leader_dies(world: ClusterWorld) -> Iterator[None]:
    name = world.get_leading_beat()
    with world.dead_programs(name):
        yield
        world.wait_for_other_beat(name)


@contextlib.contextmanager
def beat_leader_freezes(world: ClusterWorld) -> Iterator[None]:
    name = world.get_leading_beat()
    with world.frozen_programs(name):
        yield
        world.wait_for_other_beat(name)


@contextlib.contextmanager
def disk_is_full(world: ClusterWorld) -> Iterator[None]:
    # What a node does whose disk has less than this left.
    cluster("rabbitmqctl", "set_disk_free_limit", "1000TB")
    try:
        yield
    finally:
        cluster("rabbitmqctl", "set_disk_free_limit", "50MB")


def roll(world: ClusterWorld) -> None:
    # Host by host: nginx asks one again two seconds after it has refused, and the other one is to be there until then.
    for host in HOSTS:
        world.restart_programs(*world.of_host(host))


CLUSTER_SCENARIOS = [
    Scenario("nothing happens", lambda world: contextlib.nullcontext(), is_brief=True),
    Scenario("a web host is killed", lambda world: world.dead_programs("web-1"), allowed=(UNAVAILABLE,)),
    # nginx finds a host that refuses, and not one that is silent: it has no checks of its own.
    Scenario(
        "a web host stands still",
        lambda world: world.frozen_programs("web-1"),
        allowed=(UNAVAILABLE, UNANSWERED),
        is_away=True,
    ),
    Scenario(
        "one of two hosts is killed", lambda world: world.dead_programs(*world.of_host("1")), allowed=(UNAVAILABLE,)
    ),
    Scenario("a relay is killed", lambda world: world.dead_programs("relay-1")),
    Scenario("a relay stands still", lambda world: world.frozen_programs("relay-1")),
    Scenario("the leading beat is killed", beat_leader_dies),
    Scenario("the leading beat stands still", beat_leader_freezes),
    Scenario("every process is stopped and started, one after the other", repeated(roll, times=1)),
    Scenario("a master of Redis is killed", dies(redis_master)),
    Scenario("a master of Redis stands still", freezes(redis_master)),
    Scenario("a thousand slots of Redis move", repeated(lambda world: move_slots(1_000), times=1)),
    Scenario("a Memcached is killed", dies(memcached_node)),
    Scenario("a Memcached stands still", freezes(memcached_node)),
    Scenario("the leader of a queue is killed", dies(leader)),
    Scenario("the leader of a queue stands still", freezes(leader), seconds=FAILOVER_SECONDS),
    Scenario("a node of RabbitMQ has no disk left", disk_is_full),
    Scenario(
        "the writer of Galera is killed",
        dies(galera_writer),
        allowed=(UNAVAILABLE,),
        fails_over=True,
        seconds=FAILOVER_SECONDS,
    ),
    Scenario(
        "the writer of Galera stands still",
        freezes(galera_writer),
        allowed=(UNAVAILABLE, UNANSWERED),
        fails_over=True,
        seconds=FAILOVER_SECONDS,
    ),
    Scenario(
        "the writer of Galera is cut off from the others",
        lambda world: isolated_galera(galera_writer()),
        allowed=(UNAVAILABLE,),
        fails_over=True,
        seconds=FAILOVER_SECONDS,
    ),
    Scenario("HAProxy is killed", dies(named("haproxy")), allowed=(UNAVAILABLE,), is_away=True),
    Scenario("HAProxy stands still", freezes(named("haproxy")), allowed=(UNAVAILABLE, UNANSWERED), is_away=True),
    Scenario("the clock of a host is five minutes ahead", lambda world: world.clock_off("1", "+5m"), is_away=True),
    Scenario("the clock of a host is five minutes behind", lambda world: world.clock_off("1", "-5m"), is_away=True),
]

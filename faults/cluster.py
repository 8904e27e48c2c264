"""
Two hosts and several servers of each kind (deploy/cluster.sh), and whatever can be done to one of them.
"""

import contextlib
import getpass
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import MySQLdb
from django.conf import settings
from django.db import connection, connections
from redis.cluster import ClusterNode, RedisCluster

from faults.control import PROGRAMS, ROOT, World, frozen, read_group, run, until
from testing.stack_processes import READY, TEST_HOST, answers, free_port, production_command
from utils.beat.constants import LEASE_SECONDS
from utils.beat.models import BeatLease

HOSTS = ("1", "2")
# Debian's libfaketime; deploy/faults.sh installs it.
FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), Path("libfaketime.so.1"))


class ClusterWorld(World):
    """
    Two hosts with web, workers, relay and beat each, behind nginx. Their programs are called web-1, web-2, and so on.
    """

    programs = (*(f"{program}-{host}" for host in HOSTS for program in PROGRAMS), "nginx")

    def __init__(self) -> None:
        super().__init__()
        self.ports = {host: free_port() for host in HOSTS}
        self.clocks = dict.fromkeys(HOSTS, "")

    def start(self) -> None:
        self._write_nginx_conf()
        super().start()

    def _write_nginx_conf(self) -> None:
        text = (ROOT / "deploy" / "cluster-nginx.conf.in").read_text()
        filled = {"FIRST_PORT": self.ports["1"], "SECOND_PORT": self.ports["2"], "LISTEN": f"127.0.0.1:{self.port}"}
        for name, value in filled.items():
            text = text.replace(f"@{name}@", str(value))
        (self._nginx_folder / "nginx.conf").write_text(text)

    @property
    def _nginx_folder(self) -> Path:
        folder = Path(os.environ["DATA_DIR"]) / "nginx"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def get_command(self, name: str) -> list[str]:
        if name == "nginx":
            folder = str(self._nginx_folder)
            return ["/usr/sbin/nginx", "-p", folder, "-c", f"{folder}/nginx.conf", "-e", "stderr"]
        return list(production_command(name.partition("-")[0]))

    def get_knobs(self, name: str) -> dict[str, str]:
        host = name.partition("-")[2]
        if not host:
            return {}
        # Each host has another node first.
        nodes = self.broker.url.split(";")
        first = HOSTS.index(host)
        return (
            super().get_knobs(name)
            | {
                "HOST_NAME": f"host-{host}",
                "PORT": str(self.ports[host]),
                "BROKER_URL": ";".join([*nodes[first:], *nodes[:first]]),
            }
            | self._clock_knobs(host)
        )

    def _clock_knobs(self, host: str) -> dict[str, str]:
        if not self.clocks[host]:
            return {}
        return {"LD_PRELOAD": str(FAKETIME), "FAKETIME": self.clocks[host], "FAKETIME_DONT_FAKE_MONOTONIC": "1"}

    def works(self, name: str) -> bool:
        program, _, host = name.partition("-")
        if program in ("web", "nginx"):
            return bool(answers(f"http://127.0.0.1:{self.ports[host] if host else self.port}/livez"))
        return READY.get(program, "") in self.processes[name].output

    def of_host(self, host: str) -> list[str]:
        return [f"{program}-{host}" for program in PROGRAMS]

    @contextlib.contextmanager
    def clock_off(self, host: str, offset: str) -> Iterator[None]:
        """
        Let the clock of a host be wrong by an offset, such as +5m, for the length of a block.
        """
        self._set_clock(host, offset)
        yield
        self._set_clock(host, "")

    def _set_clock(self, host: str, offset: str) -> None:
        self.clocks[host] = offset
        self.restart_programs(*self.of_host(host))

    def restart_programs(self, *names: str) -> None:
        """
        Stop programs, one after the other, as a deployment does, and start each again before the next.
        """
        for name in names:
            self.processes[name].stop()
            self.start_programs(name)

    def get_leading_beat(self) -> str:
        """
        Return the name of the program that leads.
        """
        connections.close_all()
        until(lambda: BeatLease.objects.exists(), "a beat leads")
        return f"beat-{BeatLease.objects.get().holder.partition(':')[0].removeprefix('host-')}"

    def wait_for_other_beat(self, name: str) -> None:
        """
        Wait until another one leads than this.

        :raises AssertionError: the lease has ended and nobody has taken it.
        """
        until(lambda: self.get_leading_beat() != name, f"another leads than {name}", seconds=LEASE_SECONDS + 10)


# -------------------------------------------------------------- nodes


def node_folder(name: str) -> Path:
    return Path(os.environ["DATA_DIR"]) / "cluster" / name


def node_group(name: str) -> int:
    return read_group(node_folder(name))


def cluster(*arguments: str) -> str:
    """
    Tell the cluster something, and return what it says.
    """
    # Written by the cluster itself; an address that is given would be somebody else's.
    env = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
    return run(["deploy/cluster.sh", *arguments], env)


def part_of(node: str) -> str:
    return node.partition("-")[0].replace("haproxy", "galera")


@contextlib.contextmanager
def killed_node(name: str) -> Iterator[None]:
    """
    End a node without a warning, and bring it back behind the block. Returns when the part is whole again.
    """
    os.killpg(node_group(name), signal.SIGKILL)
    try:
        yield
    finally:
        cluster("up", part_of(name))


@contextlib.contextmanager
def frozen_node(name: str) -> Iterator[None]:
    """
    Let a node stand still for the length of a block. Returns when the part is whole again.
    """
    with frozen(node_group(name)):
        yield
    cluster("up", part_of(name))


def redis_master() -> str:
    """
    Return the node that has the first slot.
    """
    with contextlib.closing(redis_cluster()) as redis:
        return f"redis-{redis.nodes_manager.get_node_from_slot(0).port}"


def redis_cluster() -> RedisCluster:
    credentials, _, hosts = settings.REDIS_URL.partition("://")[2].rpartition("@")
    nodes = [ClusterNode(*address.split(":")) for address in hosts.split(",")]
    return RedisCluster(startup_nodes=nodes, password=credentials.removeprefix(":"))


def move_slots(count: int) -> None:
    """
    Move slots from one master of Redis to another one, with what is in them.
    """
    with contextlib.closing(redis_cluster()) as redis:
        source, target, *_ = sorted(redis.get_primaries(), key=lambda node: int(node.port))
        ids = {address: node["node_id"] for address, node in redis.cluster_nodes().items()}
        password = settings.REDIS_URL.partition("://:")[2].rpartition("@")[0]
        options = {"from": ids[source.name], "to": ids[target.name], "slots": str(count)}
        words = [word for name, value in options.items() for word in (f"--cluster-{name}", value)]
        command = ["redis-cli", "--cluster", "reshard", source.name, *words, "--cluster-yes"]
        run(command, os.environ | {"REDISCLI_AUTH": password})


def memcached_node() -> str:
    return f"memcached-{settings.MEMCACHED_URL.partition(',')[0].rpartition(':')[2]}"


def leader_of(queue: str) -> str:
    """
    Return the node of RabbitMQ that leads a queue.
    """
    lines = cluster("rabbitmqctl", "list_queues", "-p", TEST_HOST, "--no-table-headers", "name", "leader")
    return "rabbitmq-" + dict(re.findall(r"^(\S+)\s+twitter-(\d+)@", lines, re.MULTILINE))[queue]


def galera_writer() -> str:
    """
    Return the node to which HAProxy sends everybody.
    """
    connections.close_all()
    with connection.cursor() as cursor:
        cursor.execute("SELECT @@wsrep_node_name")
        return str(cursor.fetchone()[0])


@contextlib.contextmanager
def isolated_galera(name: str) -> Iterator[None]:
    """
    Cut a node of Galera off from the others, but not from HAProxy, for the length of a block.
    """
    isolate(name, 1)
    try:
        yield
    finally:
        isolate(name, 0)
        cluster("up", "galera")


def isolate(name: str, value: int) -> None:
    socket = str(node_folder(name) / "socket")
    with contextlib.closing(MySQLdb.connect(unix_socket=socket, user=getpass.getuser())) as node:
        node.cursor().execute(f"SET GLOBAL wsrep_provider_options = 'gmcast.isolate={value}'")

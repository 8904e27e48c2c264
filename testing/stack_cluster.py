"""
A small Redis Cluster and two Memcached servers that a test may kill and freeze.
"""

import os
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

import redis
from django.conf import settings
from django.test import override_settings

from testing.stack_caches import forget_troubles

NODE_TIMEOUT_MILLISECONDS = 1_500
START_SECONDS = 20
SLOTS = 16_384


def free_port():
    """
    Return a free port; the port 10,000 above it, which a node uses for the cluster bus, is free too.
    """
    while True:
        with socket.create_server(("127.0.0.1", 0)) as first:
            port = first.getsockname()[1] % 20_000 + 20_000
        try:
            with socket.create_server(("127.0.0.1", port)), socket.create_server(("127.0.0.1", port + 10_000)):
                return port
        except OSError:
            continue


class Server:
    """
    A server process on a port of its own.
    """

    def __init__(self, command, port):
        self.port = port
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def freeze(self):
        """
        Stop the process, and return once all its threads have stopped: one of them might still respond.
        """
        self.process.send_signal(signal.SIGSTOP)
        wait_for(lambda: set(map(thread_state, self.threads())) == {"T"}, f"the server at {self.port} stands still")

    def threads(self):
        return Path(f"/proc/{self.process.pid}/task").glob("*/stat")

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def kill(self):
        self.process.kill()
        self.process.wait()


def thread_state(stat):
    # The name of the process comes before it, in brackets, and may contain anything.
    return stat.read_text().rpartition(")")[2].split()[0]


class RedisNode(Server):
    """
    One node of a Redis Cluster.
    """

    def __init__(self, folder):
        port = free_port()
        options = {
            "port": port,
            "bind": "127.0.0.1",
            "dir": folder,
            "save": "",
            "cluster-enabled": "yes",
            "cluster-config-file": f"nodes-{port}.conf",
            "cluster-node-timeout": NODE_TIMEOUT_MILLISECONDS,
            "cluster-require-full-coverage": "no",
            "repl-diskless-sync-delay": 0,
        }
        words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
        super().__init__(["redis-server", *words], port)
        self.ask = redis.Redis(port=port, socket_timeout=5).execute_command

    def info(self, field):
        """
        Return a field of INFO or of CLUSTER INFO; None if it does not exist yet.
        """
        try:
            lines = self.ask("CLUSTER INFO") | self.ask("INFO", "replication")
        except redis.RedisError:
            return None
        return lines.get(field)


def wait_for(condition, what):
    deadline = time.monotonic() + START_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not in {START_SECONDS} s: {what}")
        time.sleep(0.05)


class RedisCluster:
    """
    Three masters, the first of which has a replica.
    """

    def __init__(self, folder):
        self.masters = [RedisNode(folder) for _ in range(3)]
        self.replica = RedisNode(folder)
        self.nodes = [*self.masters, self.replica]

    def form(self):
        """
        Introduce the nodes to each other and assign the slots.
        """
        for node in self.nodes:
            wait_for(lambda node=node: node.info("role"), f"node {node.port} answers")
        share = SLOTS // 3 + 1
        for number, node in enumerate(self.masters):
            node.ask("CLUSTER ADDSLOTSRANGE", number * share, min((number + 1) * share, SLOTS) - 1)
            node.ask("CLUSTER SET-CONFIG-EPOCH", number + 1)
        for node in self.nodes[1:]:
            self.masters[0].ask("CLUSTER MEET", "127.0.0.1", node.port)
        for node in self.nodes:
            wait_for(lambda node=node: node.info("cluster_known_nodes") == "4", "everybody knows everybody")
        self.replica.ask("CLUSTER REPLICATE", self.get_id(self.masters[0]))
        wait_for(lambda: self.replica.info("master_link_status") == "up", "the replica has its copy")
        for node in self.nodes:
            wait_for(lambda node=node: node.info("cluster_state") == "ok", "every slot is served")
        wait_for(self.replica_is_known, "everybody knows whose replica it is")

    def replica_is_known(self):
        return all(b"slave" in str(node.ask("CLUSTER NODES")).encode() for node in self.nodes)

    def get_id(self, node):
        node_id = node.ask("CLUSTER MYID")
        return node_id.decode() if isinstance(node_id, bytes) else node_id

    @property
    def url(self):
        return "redis+cluster://" + ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)

    def move_slot(self, slot, source, target):
        """
        Move a slot, and yield three times: before its keys are moved, after that, and when the move has ended.
        """
        target.ask("CLUSTER SETSLOT", slot, "IMPORTING", self.get_id(source))
        source.ask("CLUSTER SETSLOT", slot, "MIGRATING", self.get_id(target))
        yield "migrating"
        for key in source.ask("CLUSTER GETKEYSINSLOT", slot, 1_000):
            source.ask("MIGRATE", "127.0.0.1", target.port, key, 0, 5_000)
        yield "keys moved"
        for node in (target, source):
            node.ask("CLUSTER SETSLOT", slot, "NODE", self.get_id(target))
        yield "moved"

    def stop(self):
        for node in self.nodes:
            node.kill()


@contextmanager
def redis_cluster():
    """
    Let this process use a Redis Cluster of its own.
    """
    with tempfile.TemporaryDirectory(prefix="redis-cluster") as folder, ExitStack() as stack:
        cluster = RedisCluster(folder)
        stack.callback(cluster.stop)
        cluster.form()
        caches = {
            name: {"BACKEND": f"utils.caching.redis.cluster_backend.Cluster{backend}", "LOCATION": ""}
            for name, backend in (("default", "RedisBackend"), ("rates", "RateCounterBackend"))
        }
        with using(caches, REDIS_URL=cluster.url):
            yield cluster


@contextmanager
def several_memcached(count=2):
    """
    Let this process use a number of Memcached servers of its own.
    """
    with ExitStack() as stack:
        servers = []
        for _ in range(count):
            port = free_port()
            command = ["memcached", "-l", "127.0.0.1", "-p", str(port), "-U", "0", "-m", "16"]
            server = Server([*command, "-u", "root"] if os.geteuid() == 0 else command, port)
            stack.callback(server.kill)
            servers.append(server)
        for server in servers:
            wait_for(lambda server=server: is_open(server.port), f"Memcached on {server.port}")
        url = ",".join(f"127.0.0.1:{server.port}" for server in servers)
        objects = {
            "BACKEND": "utils.caching.memcached.backend.MemcachedBackend",
            "LOCATION": url,
            "OPTIONS": {"timeout": 0.3, "pool_size": 4},
        }
        with using({"objects": objects}, MEMCACHED_URL=url):
            yield servers


def is_open(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def using(changed, **values):
    """
    Let this process use other caches.
    """
    try:
        with override_settings(CACHES={**settings.CACHES, **changed}, **values):
            forget_troubles()
            yield
    finally:
        forget_troubles()

"""
A RabbitMQ of three nodes of a test's own, to be killed.
"""

import os
import socket
import subprocess

from django.conf import settings

from testing.stack_processes import TEST_HOST

SCRIPT = settings.BASE_DIR / "deploy" / "cluster.sh"
NODES = 3
# Below those that the system gives to clients, also with the distances of deploy/stack/rabbitmq-cluster.sh.
PORTS = range(10_000, 11_700, NODES)
OTHER_PORTS = (20_000, 20_001, 20_002, 21_000)


class BrokerCluster:
    """
    Three nodes with their data in a folder; they are started by the script that `make cluster-up` runs.
    """

    def __init__(self, folder):
        self._is_whole = False
        first = free_ports()
        self.ports = range(first, first + NODES)
        self._env = {**os.environ, "DATA_DIR": str(folder), "RABBITMQ_CLUSTER_PORT": str(first)}
        self._addresses = os.path.join(folder, "cluster.env")

    def up(self):
        """
        Start the nodes that do not run, and return once all of them work together.
        """
        if not self._is_whole:
            self.run("up", "rabbitmq")
            self._is_whole = True

    def down(self):
        self.run("down", "rabbitmq")

    @property
    def url(self):
        """
        The addresses of all nodes, as BROKER_URL wants them.
        """
        with open(self._addresses) as lines:
            knobs = dict(line.rstrip().split("=", 1) for line in lines if "=" in line)
        return knobs["BROKER_URL"]

    def kill(self, port):
        self._is_whole = False
        self.run("kill", f"rabbitmq-{port}")

    def kill_leader(self, queue):
        """
        Kill the node that leads a queue.
        """
        self.kill(self.members(queue)[0])

    def members(self, queue):
        """
        Return the ports of the nodes that keep a queue, its leader's first.
        """
        rows = self.run("rabbitmqctl", "-p", TEST_HOST, "list_queues", "name", "leader", "members").splitlines()
        [(_, leader, members)] = [row.split("\t") for row in rows if row.split("\t")[0] == queue]
        names = members.strip("[]").split(", ")
        return [get_port(leader), *(get_port(name) for name in names if name != leader)]

    def run(self, verb, *arguments):
        """
        Run the script and return what it printed.
        """
        done = subprocess.run([SCRIPT, verb, *arguments], env=self._env, capture_output=True, text=True, timeout=240)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def get_port(node):
    """
    Return the port of a node that Erlang calls twitter-PORT@localhost.
    """
    return int(node.partition("@")[0].rpartition("-")[2])


def free_ports():
    """
    Return a port that is free together with the others that three nodes take.
    """
    start = os.getpid() % len(PORTS)
    for port in [*PORTS[start:], *PORTS[:start]]:
        if all(is_free(port + distance) for distance in (*range(NODES), *OTHER_PORTS)):
            return port
    raise AssertionError("no three ports are free")


def is_free(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0

"""
A real HBase of the tests' own, to be killed, frozen and restarted without harm to others.
"""

import os
import signal
import socket
import subprocess
from itertools import pairwise
from pathlib import Path

from django.conf import settings

SCRIPTS = Path(settings.BASE_DIR) / "deploy" / "hbase"
PORTS = ("HBASE_THRIFT_PORT", "HBASE_ZK_PORT", "HBASE_MASTER_PORT", "HBASE_REGIONSERVER_PORT")


def free_ports(count, *, above=20_000):
    """
    Return ports that nobody listens on, below those that the system gives to clients (32768 and up).
    """
    found, port = [], above + os.getpid() % 8_000
    while len(found) < count:
        port += 1
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            found.append(port)
    return found


class Server:
    """
    One server with its own data and ports; the jars are the project's.
    """

    def __init__(self, data_dir, **environment):
        ports = dict(zip(PORTS, map(str, free_ports(4))))
        self.port = int(ports["HBASE_THRIFT_PORT"])
        self.home = Path(data_dir) / "stack" / "hbase"
        self._environment = {
            **os.environ,
            "DATA_DIR": str(data_dir),
            "HBASE_DIST_DIR": str(settings.DATA_DIR / "stack" / "hbase"),
            **ports,
            **environment,
        }

    def run(self, verb, *args, check=True):
        """
        Run `hbase.sh` and return what it printed and its exit code.
        """
        done = subprocess.run(
            [SCRIPTS / "hbase.sh", verb, *args], env=self._environment, capture_output=True, text=True, timeout=180
        )
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    @property
    def pid_file(self):
        return self.home / "hbase.pid"

    @property
    def pid(self):
        return int(self.pid_file.read_text())

    def start(self):
        self.run("start")

    def stop(self):
        self.run("stop")

    def kill(self):
        self.run("kill")

    def freeze(self):
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self):
        os.kill(self.pid, signal.SIGCONT)


class Cluster:
    """
    Two region servers and two Thrift with a master and ZooKeeper beside them, each a process.
    """

    def __init__(self, data_dir):
        # The script places its other ports at a distance from this one, up to 13,100 above.
        # The second Thrift server has the next one.
        self.port = next(port for port, after in pairwise(free_ports(20, above=10_000)) if after == port + 1)
        self._environment = {
            **os.environ,
            "DATA_DIR": str(data_dir),
            "HBASE_DIST_DIR": str(settings.DATA_DIR / "stack" / "hbase"),
            "HBASE_CLUSTER_THRIFT_PORT": str(self.port),
            "HBASE_HEAP": "256m",
        }

    def run(self, verb, *args):
        """
        Run `cluster.sh` and return what it printed.
        """
        done = subprocess.run(
            [SCRIPTS / "cluster.sh", verb, *args], env=self._environment, capture_output=True, text=True, timeout=240
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done

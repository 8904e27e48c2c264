"""
Real workers, relays and web servers beside a test, on the test's own database, caches and queues.

They are started by the command lines of deploy/supervisord.conf, so that tests run what production runs.
"""

import configparser
import contextlib
import fcntl
import os
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from django.conf import settings
from django.db import connection
from kombu import Connection, Queue
from kombu.exceptions import ChannelError

from testing.testcases import CommittedTestCase

QUEUES = ("default", "fanout")
# The line that a program prints once it works.
READY = {"default": "ready.", "fanout": "ready.", "relay": "relay: started"}
TEST_HOST = "test_twitter"
# How long the children of a process may outlive it.
LAST_CHILD_SECONDS = 5


class Process:
    """
    A process of the project in a process group of its own.
    """

    left_behind = ()

    def __init__(self, command, env):
        self.log = tempfile.NamedTemporaryFile(prefix="process", suffix=".log")  # noqa: SIM115
        self._popen = subprocess.Popen(
            command,
            cwd=settings.BASE_DIR,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    @property
    def pid(self):
        """
        The process id, which is also that of its group.
        """
        return self._popen.pid

    @property
    def is_running(self):
        # Looks without reaping: as long as nobody has, the number cannot become a stranger's.
        seen = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return self._popen.returncode is None and os.waitid(os.P_PID, self._popen.pid, seen) is None

    @property
    def output(self):
        return Path(self.log.name).read_text(errors="replace")

    @property
    def children(self):
        """
        The process ids of the others in its group.
        """
        found = subprocess.run(["pgrep", "-g", str(self._popen.pid)], capture_output=True, text=True)
        return [int(pid) for pid in found.stdout.split() if int(pid) != self._popen.pid]

    def kill(self):
        """
        Kill the process and its children.
        """
        if self._popen.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._popen.pid, signal.SIGKILL)
            self._popen.wait()

    def kill_children(self):
        """
        Kill its children but not the process itself, as the kernel may do when memory is short.
        """
        for child in self.children:
            os.kill(child, signal.SIGKILL)

    def ask_to_stop(self):
        self._popen.terminate()

    def stop(self):
        """
        Stop the process (SIGTERM) and return its exit code.
        """
        self.ask_to_stop()
        return self.wait(seconds=40)

    def interrupt(self):
        """
        Stop the process as Ctrl-C does (SIGINT) and return its exit code.
        """
        self._popen.send_signal(signal.SIGINT)
        return self.wait(seconds=40)

    def wait(self, seconds=120):
        """
        Wait until the process has ended and return its exit code; `left_behind` are then
        the children that are still running.
        """
        deadline = time.monotonic() + seconds
        while self.is_running and time.monotonic() < deadline:
            time.sleep(0.02)
        ended = not self.is_running
        # What ends because its pipe has ended does so a moment later.
        deadline = time.monotonic() + LAST_CHILD_SECONDS
        while ended and self.children and time.monotonic() < deadline:
            time.sleep(0.02)
        self.left_behind = self.children
        self.kill()
        if not ended:
            raise AssertionError(f"did not end:\n{self.output}")
        return self._popen.returncode


def production_command(name):
    """
    Return the command line with which the supervisor starts a program.
    """
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(settings.BASE_DIR / "deploy" / "supervisord.conf")
    line = parser[f"program:{name}"]["command"]
    return shlex.split(line.replace("%(ENV_VENV)s", sys.prefix).replace("%%", "%"))


class Broker:
    """
    The broker's virtual host for tests.
    """

    def __init__(self, url=None):
        urls = (url or settings.BROKER_URL).split(";")
        self.nodes = [urlsplit(url)._replace(path=f"/{TEST_HOST}") for url in urls]
        self.url = ";".join(node.geturl() for node in self.nodes)

    def through(self, proxy):
        """
        Return the address that leads through a proxy, and of several nodes to the first.
        """
        node = self.nodes[0]
        return node._replace(netloc=f"{node.netloc.rpartition('@')[0]}@127.0.0.1:{proxy.port}").geturl()

    def connect(self):
        return Connection(self.url, connect_timeout=3)

    def declared(self, name):
        """
        Return the broker's description of a queue, None if it does not exist.
        """
        with self.connect() as broker, contextlib.suppress(ChannelError):
            return Queue(name)(broker.default_channel).queue_declare(passive=True)

    def has(self, name):
        return self.declared(name) is not None

    def waiting(self, name):
        queue = self.declared(name)
        return queue.message_count if queue else 0

    def consumers(self, name):
        queue = self.declared(name)
        return queue.consumer_count if queue else 0

    def purge(self, name):
        with self.connect() as broker:
            return Queue(name)(broker.default_channel).purge()

    def wipe(self):
        """
        Delete every queue with its messages.
        """
        with self.connect() as broker:
            for name in QUEUES:
                Queue(name)(broker.default_channel).delete()
                Queue(f"{name}.dlq")(broker.default_channel).delete()


class RealStackTestCase(CommittedTestCase):
    """
    A test with processes of its own, which are stopped at its end.
    """

    pytestmark = pytest.mark.stack

    def setUp(self):
        # Only one test on this machine may use the queues at a time.
        lock = Path(tempfile.gettempdir()) / f"{TEST_HOST}-{urlsplit(settings.BROKER_URL).port}.lock"
        fcntl.flock(self.enterContext(lock.open("w")), fcntl.LOCK_EX)
        self.broker = Broker()
        self.broker.wipe()

    def start(self, *names, broker_url=None, arguments=(), **env):
        """
        Start programs of deploy/supervisord.conf, wait until they work, and return them.
        """
        url = broker_url or self.broker.url
        processes = {
            name: self.start_command([*production_command(name), *arguments], BROKER_URL=url, **env) for name in names
        }
        for name, process in processes.items():
            self.until(lambda: READY[name] in process.output or not process.is_running, f"{name} is ready", seconds=60)  # noqa: B023
            self.assertTrue(process.is_running, process.output)
        return list(processes.values())

    def start_command(self, command, **env):
        process = Process(command, {**environment_of_test(), **env})
        self.addCleanup(process.kill)
        return process


def environment_of_test():
    """
    Return the environment in which another process uses the database and the caches of this test.
    """
    database = connection.settings_dict
    address = f"{database['HOST']}:{database['PORT']}" if database["PORT"] else database["HOST"]
    who = f"{quote(database['USER'])}:{quote(database['PASSWORD'])}"
    return {
        **os.environ,
        "PROFILE": settings.PROFILE,
        "PYTHONUNBUFFERED": "1",
        "DATABASE_URL": f"mysql://{who}@{address}/{database['NAME']}",
        "REDIS_URL": settings.REDIS_URL,
        "MEMCACHED_URL": settings.MEMCACHED_URL,
        "HBASE_URL": settings.HBASE_URL if settings.HBASE["HOST"] else "",
        "TEST_HBASE_PREFIX": settings.HBASE["TABLE_PREFIX"],
    }


def dies_before(function):
    """
    Return the environment of a process that is killed, children and all, right before it would call a function.

    :param function: its dotted name in the module that calls it.
    """
    return {"DJANGO_SETTINGS_MODULE": "testing.stack_deaths", "DIES_BEFORE": function}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(url):
    """
    Say whether a web server responds at `url`, with any status.
    """
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False

"""
MariaDB servers of a test's own, started by the scripts in deploy/, to be stopped, frozen and killed.
"""

import getpass
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

import environ
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connection, connections

START_SECONDS = 120


class Server:
    """
    A server that a script has started, known by the file with its pid.
    """

    def __init__(self, folder):
        self.folder = folder

    def signal(self, number):
        os.kill(int((self.folder / "pid").read_text()), number)

    def freeze(self):
        self.signal(signal.SIGSTOP)

    def thaw(self):
        self.signal(signal.SIGCONT)

    def kill(self):
        self.signal(signal.SIGKILL)

    def execute(self, sql):
        """
        Run SQL as the administrator, and return what it prints.
        """
        command = [
            "mariadb",
            "--no-defaults",
            f"--socket={self.folder / 'socket'}",
            "-N",
            f"--user={getpass.getuser()}",
        ]
        return subprocess.run(command, input=sql, text=True, capture_output=True, check=True).stdout


class Servers:
    """
    What `deploy/<script>` starts, in a folder of its own and on ports of its own.

    :param ports: {knob: how many free ports in a row it is the first of}.
    """

    def __init__(self, script, ports):
        self.script = settings.BASE_DIR / "deploy" / script
        self.folder = Path(tempfile.mkdtemp(prefix="mariadb"))
        self.env = {"PATH": os.environ["PATH"], "DATA_DIR": str(self.folder)}
        self.env |= {knob: str(free_ports(count)) for knob, count in ports.items()}

    def run(self, *arguments):
        done = subprocess.run(
            [self.script, *arguments],
            env=self.env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=START_SECONDS,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def urls(self, name):
        """
        Return the lines of the file that the script has written: {knob: address}.
        """
        lines = (self.folder / name).read_text().splitlines()
        return dict(line.split("=", 1) for line in lines if not line.startswith("#"))

    def stop(self):
        self.run("down")
        shutil.rmtree(self.folder)


def free_ports(count):
    """
    Return the first of this many free ports in a row.
    """
    while True:
        with socket.create_server(("127.0.0.1", 0)) as first:
            port = first.getsockname()[1] % 10_000 + 20_000
        if not any(is_open(port + number) for number in range(count)):
            return port


def is_open(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def connection_to(url):
    """
    Return the settings of a connection to `url`, in all else like the test's own database.
    """
    return {**connection.settings_dict, **environ.Env.db_url_config(url)}


def copy_database(url):
    """
    Copy the test's database, which has been migrated already, to a new server.
    """
    target = connection_to(url)
    dump = client("mariadb-dump", connection.settings_dict, "--single-transaction", "--skip-add-locks")
    load = client("mariadb", target)
    text = subprocess.run(**dump, capture_output=True, check=True).stdout
    subprocess.run(**load, input=text, check=True)


def client(program, database, *options):
    who = [f"--host={database['HOST']}", f"--port={database['PORT'] or 3306}", f"--user={database['USER']}"]
    return {
        "args": [program, "--no-defaults", *who, *options, database["NAME"]],
        "env": {**os.environ, "MYSQL_PWD": database["PASSWORD"]},
    }


@contextmanager
def database_at(url):
    """
    Let this process use the database at `url` instead of the test's own.
    """
    own, configured = connections[DEFAULT_DB_ALIAS], connections.databases[DEFAULT_DB_ALIAS]
    connections.databases[DEFAULT_DB_ALIAS] = connection_to(url)
    connections[DEFAULT_DB_ALIAS] = connections.create_connection(DEFAULT_DB_ALIAS)
    try:
        yield
    finally:
        connections[DEFAULT_DB_ALIAS].close()
        connections.databases[DEFAULT_DB_ALIAS] = configured
        connections[DEFAULT_DB_ALIAS] = own

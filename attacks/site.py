"""
The site under attack: the programs of deploy/supervisord.conf on a database, caches and queues of their own.
"""

import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import MySQLdb
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import connections

from accounts.models import User
from accounts.services import AccessTokenService
from attacks.client import Client
from moderation.constants import MODERATORS
from testing.stack_processes import READY, Broker, Process, answers, free_port, production_command

PASSWORD = "correct horse battery"
START_SECONDS = 60


class Site:
    """
    Two web servers on one stack: `port` has rate limits, as deployed; `open_port` has none.

    Checks of the limits, and checks that must pass with them, use the first.
    """

    def __init__(self) -> None:
        self.processes: dict[str, Process] = {}
        self.broker = Broker()
        self.password_hash = make_password(PASSWORD)
        self.names = (f"person{number}" for number in range(1, 10**6))

    def start(self) -> None:
        make_database()
        call_command("migrate", verbosity=0)
        self.broker.wipe()
        self.port = self._start_web("web", RATE_LIMITS="on")
        self.open_port = self._start_web("open web", RATE_LIMITS="off")

    def _start_web(self, name: str, **knobs: str) -> int:
        port: int = free_port()
        self._run(name, production_command("web"), HOST="127.0.0.1", PORT=str(port), **knobs)
        self.until(lambda: answers(f"http://127.0.0.1:{port}/livez"), name)
        return port

    def start_workers(self) -> None:
        """
        Start the relay and the workers, unless they are running.
        """
        for name in READY:
            if name not in self.processes:
                self._run(name, production_command(name))
        for name, words in READY.items():
            self.until(lambda: words in self.processes[name].output, name)  # noqa: B023

    def _run(self, name: str, command: list[str], **knobs: str) -> None:
        self.processes[name] = Process(command, {**os.environ, "BROKER_URL": self.broker.url, **knobs})

    def stop(self) -> None:
        for process in self.processes.values():
            process.kill()
        connections.close_all()

    def until(self, condition: Callable[[], object], what: str) -> None:
        """
        Wait until a condition is true, a minute at most.
        """
        deadline = time.monotonic() + START_SECONDS
        while not condition():
            process = self.processes.get(what)
            ended = process is not None and not process.is_running
            assert not ended and time.monotonic() < deadline, f"{what}:\n{process and process.output}"
            time.sleep(0.05)

    # -------------------------------------------------------------- people

    def person(self, *, is_unlimited: bool = False, **fields: Any) -> Client:
        """
        Create an account and return a client with a token of it; `user` is its row.

        :param is_unlimited: use the server without rate limits.
        """
        name = next(self.names)
        user = User.objects.create_user(name, f"{name}@example.com", None, **fields)
        User.objects.filter(id=user.id).update(password=self.password_hash)
        user.password = self.password_hash
        client = Client(self.open_port if is_unlimited else self.port, token=AccessTokenService.create_token(user=user))
        client.user, client.id, client.name = user, user.id, name
        return client

    def nobody(self, *, is_unlimited: bool = False, address: str | None = None) -> Client:
        return Client(self.open_port if is_unlimited else self.port, address=address)

    def log_in_browser(self, person: Client) -> Client:
        """
        Return a client with a session of this person, opened by the login of the API.
        """
        client = Client(person.port)
        response = client.post("/api/accounts/login/", {"username": person.name, "password": PASSWORD})
        assert response.status == 200, response
        client.user, client.id, client.name = person.user, person.id, person.name
        return client

    def moderator(self) -> Client:
        """
        Return a client with a session of somebody in the group of moderators.
        """
        person = self.person(is_unlimited=True, is_staff=True)
        person.user.groups.add(Group.objects.get(name=MODERATORS))
        return self.log_in_browser(person)

    # -------------------------------------------------------------- the processes, seen from outside

    def web_pids(self) -> list[int]:
        """
        Return the process ids of both web servers and of their children.
        """
        return [pid for name in ("web", "open web") for pid in self.processes[name].children]

    def megabytes(self, name: str = "VmRSS") -> dict[int, float]:
        """
        Return {pid: megabytes} of each web process.
        """
        return {pid: get_memory(pid, name) for pid in self.web_pids()}

    def reset_peaks(self) -> None:
        """
        Reset the peak memory (VmHWM) of each web process.
        """
        for pid in self.web_pids():
            Path(f"/proc/{pid}/clear_refs").write_text("5")


def get_memory(pid: int, name: str = "VmRSS") -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{name}:"))


def get_cpu_seconds(pids: Iterable[int]) -> float:
    """
    Return the CPU seconds that all threads of these processes have used so far; the kernel counts nanoseconds.
    """
    files = [file for pid in pids for file in Path(f"/proc/{pid}/task").glob("*/schedstat")]
    return sum(int(file.read_text().split()[0]) for file in files) / 1e9


def make_database() -> None:
    """
    Drop the database of the attacks and create it again.
    """
    address = settings.DATABASES["default"]
    name = address["NAME"]
    assert name.startswith("test_"), f"{name} may be somebody's"
    server = MySQLdb.connect(
        host=address["HOST"], port=int(address["PORT"] or 3306), user=address["USER"], password=address["PASSWORD"]
    )
    with server.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {name}")
        cursor.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci")
    server.close()

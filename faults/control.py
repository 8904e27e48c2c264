"""
The project and its servers, and whatever can be done to them: kill, freeze, thaw, restart.

The servers are those of deploy/stack.sh under a DATA_DIR of the harness's own. They are found by the pid files there,
so that nothing else on the machine is ever touched.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from django.core.management import call_command
from django.db import connections

from accounts.models import User
from accounts.services import AccessTokenService
from attacks.client import Client
from attacks.site import make_database
from faults.load import Person
from testing.stack_cluster import thread_state
from testing.stack_processes import READY, Broker, Process, answers, free_port, production_command

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = ("web", "default", "fanout", "relay", "beat")
START_SECONDS = 60
# A node of a cluster may have to catch up.
RUN_SECONDS = 150


class World:
    """
    Web, workers, relay and beat as they are deployed, on servers that are there for being hurt.
    """

    programs: Sequence[str] = PROGRAMS

    def __init__(self) -> None:
        self.port = free_port()
        self.processes: dict[str, Process] = {}
        self.broker = Broker()
        self.people_count = 0

    def start(self) -> None:
        make_database()
        call_command("migrate", verbosity=0)
        self.broker.wipe()
        self.start_programs(*self.programs)

    def stop(self) -> None:
        for process in self.processes.values():
            process.kill()
        connections.close_all()

    def make_people(self, count: int) -> list[Person]:
        """
        Make new accounts, so that each scenario has people of its own.
        """
        # The server may have been another one since the last query.
        connections.close_all()
        return [self._make_person() for _ in range(count)]

    def _make_person(self) -> Person:
        self.people_count += 1
        name = f"person{self.people_count}"
        user = User.objects.create_user(name, f"{name}@example.com", None)
        token = AccessTokenService.create_token(user=user)
        return Person(Client(self.port, token=token), user.id, user.profile.id)

    # -------------------------------------------------------------- programs of the project

    def start_programs(self, *names: str, arguments: Sequence[str] = ()) -> None:
        """
        Start programs of the supervisor's, and return once they work.

        :param arguments: further ones of their command lines."""
        for name in names:
            env = {**os.environ, **self.get_knobs(name)}
            self.processes[name] = Process([*self.get_command(name), *arguments], env)
        for name in names:
            until(lambda: self.works(name), f"{name} works")  # noqa: B023

    def get_command(self, name: str) -> list[str]:
        return list(production_command(name))

    def get_knobs(self, name: str) -> dict[str, str]:
        return {"BROKER_URL": self.broker.url, "HOST": "127.0.0.1", "PORT": str(self.port), "RATE_LIMITS": "off"}

    def works(self, name: str) -> bool:
        if name == "web":
            return bool(answers(f"http://127.0.0.1:{self.port}/livez"))
        return READY.get(name, "") in self.processes[name].output

    def kill_programs(self, *names: str) -> None:
        """
        End programs with their children in the middle of whatever they do, and start them again.
        """
        for name in names:
            self.processes[name].kill()
        self.start_programs(*names)

    @contextlib.contextmanager
    def dead_programs(self, *names: str) -> Iterator[None]:
        """
        Let programs be dead for the length of a block.
        """
        for name in names:
            self.processes[name].kill()
        try:
            yield
        finally:
            self.start_programs(*names)

    @contextlib.contextmanager
    def frozen_programs(self, *names: str) -> Iterator[None]:
        """
        Let programs and their children stand still for the length of a block.
        """
        with contextlib.ExitStack() as stack:
            for name in names:
                stack.enter_context(frozen(self.processes[name].pid))
            yield


@contextlib.contextmanager
def frozen(group: int) -> Iterator[None]:
    """
    Let the processes of a group stand still for the length of a block.
    """
    os.killpg(group, signal.SIGSTOP)
    try:
        # One of many threads might still answer.
        until(lambda: thread_states(group) <= {"T", "Z"}, f"group {group} stands still")
        yield
    finally:
        os.killpg(group, signal.SIGCONT)


def thread_states(group: int) -> set[str]:
    """
    Return the letters for what the threads of a group do.
    """
    states = set()
    for pid in subprocess.check_output(["pgrep", "-g", str(group)], text=True).split():
        for stat in Path(f"/proc/{pid}/task").glob("*/stat"):
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                states.add(thread_state(stat))
    return states


# -------------------------------------------------------------- servers


def server_folder(name: str) -> Path:
    return Path(os.environ["DATA_DIR"]) / "stack" / name


def server_group(name: str) -> int:
    return read_group(server_folder(name))


def read_group(folder: Path) -> int:
    """
    Return the process group of what runs on this folder, which is also the pid of its first process.
    """
    group = int((folder / "pid").read_text())
    assert os.getpgid(group) == group, f"{folder.name} has no group of its own"
    return group


@contextlib.contextmanager
def killed_server(name: str, *, keeps_data: bool = True) -> Iterator[None]:
    """
    End a server without a warning and start it again behind the block, with what it has on its disk or with nothing.
    """
    os.killpg(server_group(name), signal.SIGKILL)
    try:
        yield
    finally:
        if not keeps_data:
            shutil.rmtree(server_folder(name) / "data")
        start_servers()


def start_servers() -> None:
    """
    Start the servers that are not running.
    """
    # A server whose address is given would be somebody else's.
    env = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
    run(["deploy/stack.sh", "up"], env)


def rabbitmqctl(*arguments: str) -> None:
    """
    Tell our own RabbitMQ something; it is found as deploy/stack/rabbitmq.sh says.
    """
    port = int(os.environ["RABBITMQ_PORT"])
    where = {
        "HOME": str(server_folder("rabbitmq")),
        "RABBITMQ_NODENAME": f"twitter-{port}@localhost",
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "ERL_EPMD_PORT": str(port + 21_000),
    }
    run(["/usr/lib/rabbitmq/bin/rabbitmqctl", "-q", *arguments], os.environ | where)


def run(command: list[str], env: dict[str, str]) -> str:
    """
    Run a command to its end and return what it says.

    :raises AssertionError: it failed.
    """
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=RUN_SECONDS)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def until(condition: Callable[[], bool], what: str, *, seconds: float = START_SECONDS) -> None:
    """
    Wait for the world outside, a minute at most.

    :raises AssertionError: it did not happen.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"in vain: {what}"
        time.sleep(0.1)

"""
The rehearsal of a rolling upgrade: old code on the new schema, old and new side by side, and back (deploy/rolling-upgrade.sh).

A host is a supervisor with web, workers, relay and beat, as it is deployed. People act through one host or through both;
after each step everything that either of them shows must be what was acknowledged.
"""

import contextlib
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import environ

from testing.stack_environment import production_environment

environ.Env.read_env(Path(os.environ["DATA_DIR"]) / "stack.env")
os.environ |= production_environment(database="test_upgrade")

import django  # noqa: E402

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connections  # noqa: E402

from attacks.site import make_database  # noqa: E402
from faults.checker import Checker, feed_fsck  # noqa: E402
from faults.control import ROOT, World, until  # noqa: E402
from faults.load import Load, Person  # noqa: E402
from testing.stack_processes import Process, answers, free_port  # noqa: E402
from utils.caching.emptying import empty_caches  # noqa: E402

PEOPLE = 4
SECONDS_A_STEP = 6
ADDRESSES = ("DATABASE_URL", "REDIS_URL", "MEMCACHED_URL", "BROKER_URL")
# A first start makes a virtual environment.
START_SECONDS = 300


class Host:
    """
    What `deploy/stack-run.sh` of a checkout starts, on a port and in a folder of its own.
    """

    def __init__(self, root: Path, folder: Path, broker_url: str) -> None:
        self.root, self.folder, self.port = root, folder, free_port()
        folder.mkdir()
        knobs = {**os.environ, "BROKER_URL": broker_url}
        (folder / "stack.env").write_text("".join(f"{name}={knobs[name]}\n" for name in ADDRESSES))
        self.env = knobs | {
            "DATA_DIR": str(folder),
            "PORT": str(self.port),
            "HOST": "127.0.0.1",
            "SECRET_KEY": str(settings.SECRET_KEY),
            "RATE_LIMITS": "off",
            "WEB_WORKERS": "1",
        }

    def start(self) -> None:
        self.process = Process([str(self.root / "deploy" / "stack-run.sh")], self.env)
        url = f"http://127.0.0.1:{self.port}/livez"
        until(lambda: bool(answers(url)) or not self.process.is_running, f"{self.root} answers", seconds=START_SECONDS)
        assert self.process.is_running, self.process.output

    def stop(self) -> None:
        self.process.stop()


class Upgrade:
    """
    The steps; `people` are all who have acted so far.
    """

    def __init__(self, old_root: Path, folder: Path) -> None:
        self.world = World()
        # Photos are in one place, as they would be in one bucket.
        self.old = Host(old_root, folder / "old", self.world.broker.url)
        self.new = Host(ROOT, folder / "new", self.world.broker.url)
        (folder / "media").mkdir()
        for host in (self.old, self.new):
            (host.folder / "media").symlink_to(folder / "media")
        self.people: list[Person] = []

    def run(self) -> list[str]:
        make_database()
        call_command("migrate", verbosity=0)
        empty_caches()
        self.world.broker.wipe()
        self.old.start()
        complaints = self.act("Old code on the new schema", self.old)
        self.new.start()
        complaints += self.act("Old and new side by side", self.old, self.new)
        self.new.stop()
        complaints += self.act("Back to the old code", self.old)
        self.new.start()
        self.old.stop()
        complaints += self.act("New code alone", self.new)
        complaints += self.look("All of it", self.people, self.new)
        self.new.stop()
        return complaints + feed_fsck()

    def act(self, step: str, *hosts: Host) -> list[str]:
        """
        Let new people act through these hosts in turn, and look at everything of theirs through each of them.
        """
        print(step, flush=True)
        people = self.world.make_people(PEOPLE)
        self.people += people
        for number, person in enumerate(people):
            person.client.port = hosts[number % len(hosts)].port
        with Load(people) as load:
            load.runs_for(SECONDS_A_STEP)
        found = [f"{step}: {call.act} was answered with {call.status}" for call in load.calls if not call.is_answered]
        for host in hosts:
            found += self.look(step, people, host)
        return found

    def look(self, step: str, people: Sequence[Person], host: Host) -> list[str]:
        """
        Look through a host until all is well, a minute at most, and return what is wrong then.
        """
        for person in people:
            person.client.port = host.port
        found: list[str] = []

        def is_well() -> bool:
            found[:] = Checker(people).look()
            return not found

        with contextlib.suppress(AssertionError):
            until(is_well, "everything is delivered")
        return [f"{step}: {complaint}" for complaint in found]

    def end(self) -> None:
        for host in (self.old, self.new):
            if hasattr(host, "process"):
                host.process.kill()
        connections.close_all()


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="upgrade") as folder:
        upgrade = Upgrade(Path(sys.argv[1]), Path(folder))
        try:
            complaints = upgrade.run()
        finally:
            upgrade.end()
    print("\n".join(complaints[:20]) or "Nothing is lost, nothing failed.")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())

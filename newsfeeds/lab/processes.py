"""
One process per strategy and repeat, on a database and caches of its own; finished results are kept for the next run.
"""

import json
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings

from newsfeeds.lab.costs import Result
from newsfeeds.lab.trace import Trace

# On the stack: a Redis database that nothing else here uses, and a name for everything else that is shared.
REDIS_DATABASE = "11"
NAME = "lab"
# What is shown of a process that failed.
SHOWN_ERROR = 2_000


class PlayFailed(Exception):
    """
    A process that played the trace has ended without a result.
    """


@dataclass(frozen=True, slots=True)
class Laboratory:
    """
    The folder of one trace, with the results that are there.

    :param pages: how many pages each play holds against the definition.
    :param pull_threshold: FEED_PULL_THRESHOLD of the processes that play.
    """

    folder: Path
    trace: Trace
    pages: int
    pull_threshold: int

    @classmethod
    def of(cls, trace: Trace, *, pages: int, pull_threshold: int, commit: str) -> "Laboratory":
        """
        Return the laboratory of this trace, profile and commit; results of another commit are another folder's.

        Changes that are not committed are not told apart: empty the folder `lab` of DATA_DIR after one.
        """
        name = f"{settings.PROFILE}-{trace.digest[:12]}-{pages}-{pull_threshold}-{commit}"
        return cls(Path(settings.DATA_DIR, NAME, name), trace, pages, pull_threshold)

    def prepare(self) -> None:
        """
        Write down the trace and the graph for the processes that play it.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "trace.json").write_text(self.trace.to_json())
        (self.folder / "edges.txt").write_text("".join(f"{a} {b}\n" for a, b in self.trace.edges))

    def path(self, strategy: str, repeat: int) -> Path:
        return self.folder / f"{strategy}-{repeat}.json"

    def run(self, strategies: Sequence[str], *, repeats: int) -> Iterator[Result]:
        """
        Yield the result of every strategy in turn and so again for each repeat, so that drift hits all alike.

        What an interrupted run has finished is read, not played again.

        :raises PlayFailed: a process has ended without a result.
        """
        self.prepare()
        for repeat in range(1, repeats + 1):
            for strategy in strategies:
                path = self.path(strategy, repeat)
                if not path.exists():
                    self.play(strategy, repeat)
                yield Result.from_values(json.loads(path.read_text()))

    def play(self, strategy: str, repeat: int) -> None:
        """
        Play the trace in a process and on data of its own, which are removed afterwards.
        """
        data = self.folder / "data"
        shutil.rmtree(data, ignore_errors=True)
        data.mkdir(mode=0o700)
        manage = Path(settings.BASE_DIR, "manage.py")
        arguments = [str(repeat), str(self.folder), f"--pages={self.pages}"]
        try:
            process = subprocess.run(  # noqa: S603 (our own command)
                [sys.executable, str(manage), "lab_play", *arguments],
                env=environment(strategy, data, self.pull_threshold),
                capture_output=True,
                text=True,
                check=False,
            )
        finally:
            shutil.rmtree(data, ignore_errors=True)
        if process.returncode or not self.path(strategy, repeat).exists():
            raise PlayFailed(f"{strategy}, repeat {repeat}: {process.stderr.strip()[-SHOWN_ERROR:]}")

    def save(self, result: Result) -> None:
        """
        Write a result, in full or not at all.
        """
        path = self.path(result.strategy, result.repeat)
        draft = path.with_suffix(".draft")
        draft.write_text(json.dumps(result.to_values()))
        draft.replace(path)

    def clear(self) -> None:
        """
        Forget the results: the next run begins anew.
        """
        shutil.rmtree(self.folder, ignore_errors=True)


def environment(strategy: str, data: Path, pull_threshold: int) -> Mapping[str, str]:
    """
    Return the environment of a process that plays: the caller's, but for the strategy and for where data are.
    """
    values = {**os.environ, "FEED_STRATEGY": strategy, "DATA_DIR": str(data), "PROFILE": settings.PROFILE}
    values |= {"FEED_PULL_THRESHOLD": str(pull_threshold)}
    values |= {"LOG_LEVEL": "WARNING", "STORE": "mysql", "HBASE_URL": "", "BROKER_URL": "memory://localhost/"}
    if settings.EMBEDDED:
        for name in ("DATABASE_URL", "REDIS_URL", "MEMCACHED_URL"):
            values.pop(name, None)
        return values
    database = urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{NAME}"))
    return {
        **values,
        "DATABASE_URL": database,
        "REDIS_URL": settings.REDIS_URL,
        "MEMCACHED_URL": settings.MEMCACHED_URL,
        "TEST_REDIS_DATABASE": REDIS_DATABASE,
        # The ids of one play are those of another: a prefix for each, and nobody's Memcached has to be emptied.
        "TEST_CACHE_PREFIX": f"{NAME}-{secrets.token_hex(4)}",
    }

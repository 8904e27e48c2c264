"""
A pytest plugin that writes down every statement of a run, and which shards each transaction would touch.

    SHARDS_DIR=folder pytest -p testing.shards.recorder

Each process writes a file of its own into the folder, for `python -m testing.shards` to read. A statement belongs to
the innermost function of the project that is not in utils/; those of the tests themselves are counted apart.
"""

import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from sqlglot.errors import SqlglotError

from testing.shards.statements import Plan, classify, normalise
from testing.tests.sources import APPS, ROOF, ROOT

if TYPE_CHECKING:
    from types import FrameType

# Where the way from a request or a task begins, innermost first.
ENTRANCES = {
    "/management/commands/": "command",
    "/tasks.py": "task",
    "/admin": "admin",
    "/api/": "API",
    "/middleware.py": "API",
    "/backends.py": "API",
    "/sessions.py": "API",
}
COMMIT = ["git", "rev-parse", "--short", "HEAD"]
PARAMETER = re.compile(r"p\d+")
OURS = tuple(f"{ROOT}/{app}/" for app in (ROOF, *APPS))


class Transaction:
    """
    What one transaction has written so far: tables, and the keys that route the rows.
    """

    def __init__(self, atomic: object, verb: str) -> None:
        self.atomic, self.verb = atomic, verb
        self.tables: set[str] = set()
        self.keys: set[tuple[str, str]] = set()
        self.is_scattered = False


class Recorder:
    """
    Everything that this process has executed.
    """

    def __init__(self) -> None:
        self.statements: dict[tuple[str, str], dict[str, Any]] = {}
        self.transactions: Counter[tuple[str, str, str]] = Counter()
        self.unread: Counter[str] = Counter()
        self.tests = 0
        self._open: dict[int, Transaction] = {}
        # {(space, value): where it is}, learned from inserted rows that have several keys.
        self._homes: dict[tuple[str, str], tuple[str, str]] = {}

    def listen(self, connection: BaseDatabaseWrapper, **_: Any) -> None:
        if self not in connection.execute_wrappers:
            connection.execute_wrappers.append(self)

    def __call__(self, execute: Callable, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        result = execute(sql, params, many, context)
        self._record(str(sql), params, many, context)
        return result

    def _record(self, sql: str, params: Any, many: bool, context: dict[str, Any]) -> None:
        connection = context["connection"]
        try:
            plan = classify(sql, "mysql" if connection.vendor == "mysql" else connection.vendor)
        except SqlglotError:
            self.unread[normalise(sql)] += 1
            return
        if plan is None:
            return
        caller, verb, entrance = find_caller()
        short = normalise(sql)
        entry = self.statements.setdefault(
            (short, caller),
            {"reach": plan.reach.value, "by": plan.by, "lookup": plan.needs_lookup, "count": 0, "entrances": []},
        )
        entry["count"] += 1
        if entrance not in entry["entrances"]:
            entry["entrances"].append(entrance)
        if plan.writes and caller:
            keys = [keys_of(plan, row or ()) for row in (params if many else [params])]
            if plan.lacks_id and (new_id := context["cursor"].lastrowid):
                # A sequence gives the id before the row is sent (https://vitess.io/docs/reference/features/vitess-sequences/).
                keys[0][0]["user"] = str(new_id)
            self._write(plan, [row for rows in keys for row in rows], connection, verb)

    def _write(self, plan: Plan, rows: list[dict[str, str]], connection: BaseDatabaseWrapper, verb: str) -> None:
        for row in rows:
            if "user" in row:
                self._homes |= dict.fromkeys(row.items(), ("user", row["user"]))
        # Those of the test case are around everything that happens in a test.
        atomics = [atomic for atomic in connection.atomic_blocks if not getattr(atomic, "_from_testcase", False)]
        transaction = self._open.get(id(connection))
        if not atomics or transaction is None or transaction.atomic is not atomics[0]:
            self._close(connection)
            transaction = self._open[id(connection)] = Transaction(atomics[0] if atomics else None, verb)
        transaction.tables.add(str(plan.writes))
        transaction.keys |= {next(iter(row.items())) for row in rows if row}
        transaction.is_scattered |= plan.reach.value in ("all shards", "a join across shards")

    def _close(self, connection: BaseDatabaseWrapper) -> None:
        if (transaction := self._open.pop(id(connection), None)) is not None:
            self._count(transaction)

    def _count(self, transaction: Transaction) -> None:
        shards = {self._homes.get(key, key) for key in transaction.keys}
        extent = (
            "all" if transaction.is_scattered else "one" if len(shards) < 2 else "two" if len(shards) == 2 else "more"
        )
        self.transactions[transaction.verb, ", ".join(sorted(transaction.tables)), extent] += 1

    def save(self, path: Path) -> None:
        for transaction in self._open.values():
            self._count(transaction)
        self._open.clear()
        content = {
            "commit": subprocess.run(COMMIT, capture_output=True, text=True, cwd=ROOT).stdout.strip(),
            "tests": self.tests,
            "profile": os.environ.get("PROFILE", "embedded"),
            "statements": [{"sql": sql, "caller": caller, **entry} for (sql, caller), entry in self.statements.items()],
            "transactions": [[*key, count] for key, count in self.transactions.items()],
            "unread": self.unread,
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content))


def keys_of(plan: Plan, params: Sequence[Any]) -> list[dict[str, str]]:
    return [{space: value_of(key, params) for space, key in row} for row in plan.keys]


def value_of(key: str, params: Sequence[Any]) -> str:
    return str(params[int(key[1:])]) if PARAMETER.fullmatch(key) else key


def find_caller() -> tuple[str, str, str]:
    """
    Return (function that asked, the verb of a service around it, kind of entrance), all empty if it was a test.
    """
    caller = verb = ""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        path = frame.f_code.co_filename
        if path.startswith(OURS):
            if "/tests/" in path:
                break
            name = f"{path.removeprefix(f'{ROOT}/')} {frame.f_code.co_name}"
            if not name.startswith(("utils/database/", "utils/api/")):
                caller = caller or name
                verb = name if "/services" in path or not verb else verb
            for part, entrance in ENTRANCES.items():
                if part in path:
                    return caller, verb, entrance
        elif "/django/contrib/admin/" in path:
            return caller or "django.contrib.admin", verb or "django.contrib.admin", "admin"
        frame = frame.f_back
    return caller, verb, "other" if caller else ""


RECORDER = Recorder()


def pytest_configure(config: pytest.Config) -> None:
    """
    Listen to each connection from its beginning.
    """
    connection_created.connect(RECORDER.listen, dispatch_uid="shards")


def pytest_runtest_logfinish(nodeid: str) -> None:
    """
    Count the tests, for the report.
    """
    RECORDER.tests += 1


def pytest_sessionfinish(session: pytest.Session) -> None:
    """
    Write what was recorded.
    """
    folder = Path(os.environ["SHARDS_DIR"])
    RECORDER.save(folder / f"{os.environ.get('PYTEST_XDIST_WORKER', 'gw')}-{os.getpid()}.json")

"""
How long a request may wait for the database: two and a half seconds for locks in total, however many statements need
one, and five for a server that does not respond.

Tasks and commands have no such budget: a task that does not get its lock fails and runs again.
"""

import threading
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any

from django.conf import settings
from django.core.signals import request_finished, request_started
from django.db import connection as default_connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from utils.caching.recording import note_unrecorded

# The web worker writes here when a request had arrived (deploy/web_channel.py), by time.monotonic().
ARRIVED_AT = "web.arrived_at"


class Waited(threading.local):
    """
    The seconds that this thread's request has waited, in the queue of the web server and for the database.

    None outside a request.
    """

    seconds: float | None = None


waited = Waited()


def connect() -> None:
    """
    Start to count and limit the waiting of requests.
    """
    request_started.connect(start_counting, dispatch_uid="utils.database.waiting.start")
    request_finished.connect(stop_counting, dispatch_uid="utils.database.waiting.stop")
    connection_created.connect(watch, dispatch_uid="utils.database.waiting.watch")


def start_counting(environ: dict[str, Any] | None = None, **kwargs: Any) -> None:
    arrived_at = (environ or {}).get(ARRIVED_AT)
    waited.seconds = time.monotonic() - arrived_at if arrived_at else 0
    limit_silence(default_connection)


def stop_counting(**kwargs: Any) -> None:
    waited.seconds = None


def watch(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """
    Time the statements of a new connection; in a request, also make the server abort those that take too long.
    """
    # What a new connection has: twitter/settings/databases.py.
    connection.lock_wait = default_lock_wait(connection)  # type: ignore[attr-defined]  # ours
    if within_budget not in connection.execute_wrappers:
        connection.execute_wrappers.append(within_budget)
    if waited.seconds is not None and connection.vendor == "mysql":
        seconds = settings.REQUEST_STATEMENT_SECONDS
        execute_raw(connection, f"SET max_statement_time={seconds}, lock_wait_timeout={settings.LOCK_WAIT_SECONDS}")


def limit_silence(connection: BaseDatabaseWrapper) -> None:
    """
    Make the next connection of this thread give up on a server that does not respond.

    The client library reads the limit only while it connects.
    """
    if connection.connection is None and connection.vendor == "mysql":
        limits = dict.fromkeys(("read_timeout", "write_timeout"), settings.REQUEST_SILENCE_SECONDS)
        # All threads share the dictionaries.
        options = {**connection.settings_dict["OPTIONS"], **limits}
        connection.settings_dict = {**connection.settings_dict, "OPTIONS": options}


def within_budget(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """
    Execute a statement, with the rest of the request's budget for locks. One of Django's execute wrappers.
    """
    note_unrecorded()
    connection = context["connection"]
    seconds = lock_wait(connection)
    if seconds != connection.lock_wait:
        limit_lock_wait(connection, seconds)
    if waited.seconds is None:
        return execute(sql, params, many, context)
    started = time.monotonic()
    try:
        return execute(sql, params, many, context)
    finally:
        waited.seconds += time.monotonic() - started


def lock_wait(connection: BaseDatabaseWrapper) -> int:
    """
    Return how many seconds the next statement may wait for a lock.
    """
    if waited.seconds is None:
        return default_lock_wait(connection)
    return min(settings.LOCK_WAIT_SECONDS, max(0, int(settings.REQUEST_WAIT_SECONDS - waited.seconds)))


def default_lock_wait(connection: BaseDatabaseWrapper) -> int:
    if connection.vendor == "sqlite":
        return int(connection.settings_dict["OPTIONS"]["timeout"])
    return settings.LOCK_WAIT_SECONDS


def limit_lock_wait(connection: BaseDatabaseWrapper, seconds: int) -> None:
    if connection.vendor == "sqlite":
        execute_raw(connection, f"PRAGMA busy_timeout = {seconds * 1000}")
    else:
        execute_raw(connection, f"SET innodb_lock_wait_timeout={seconds}")
    connection.lock_wait = seconds  # type: ignore[attr-defined]  # ours


def execute_raw(connection: BaseDatabaseWrapper, sql: str) -> None:
    """
    Execute a statement past Django's wrappers, so that it is neither timed nor counted.

    :raises OperationalError: the database does not respond.
    """
    with connection.wrap_database_errors, closing(connection.connection.cursor()) as cursor:
        cursor.execute(sql)

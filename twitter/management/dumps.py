"""
Dumps of the database and the way back from one: by MariaDB's own programs, and of SQLite by its own copy.
"""

import os
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path
from typing import Any, BinaryIO

from django.db import connection
from django.db.backends.mysql.client import DatabaseClient

# One snapshot of all tables, and nobody waits. No locks in the file: Galera knows none of tables.
DUMP_OPTIONS = ("--single-transaction", "--quick", "--skip-add-locks", "--hex-blob")
# What mariadb-dump writes last.
LAST_LINE = b"-- Dump completed"
COLLATION = "CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci"
# A server notices a little later that a client is gone.
GONE_SECONDS = 3


class BackupFailed(Exception):
    """
    A dump was not written, or not loaded; the message says why and what is there now.
    """


def dump(file: Path) -> None:
    """
    Write all rows, as they are at one moment, to a file that only its owner may read. It gets its name when it is whole.

    :raises BackupFailed: it is there already, or could not be written.
    """
    if file.exists():
        raise BackupFailed(f"{file} is there already.")
    part = file.with_name(f"{file.name}.part")
    try:
        part.unlink(missing_ok=True)
        part.touch(mode=0o600)
        (dump_sqlite if connection.vendor == "sqlite" else dump_mariadb)(part)
        part.rename(file)
    except (OSError, sqlite3.Error) as error:
        raise BackupFailed(f"{file} could not be written: {error}") from error
    finally:
        part.unlink(missing_ok=True)


def restore(file: Path) -> None:
    """
    Drop the database and load a file of `dump`. Repeats safely.

    :raises BackupFailed: the file is damaged or somebody uses the database, and nothing was done; or loading it failed.
    """
    try:
        (restore_sqlite if connection.vendor == "sqlite" else restore_mariadb)(file)
    except (OSError, sqlite3.Error) as error:
        raise BackupFailed(f"{file} could not be read: {error}") from error


# -------------------------------------------------------------- SQLite


def dump_sqlite(file: Path) -> None:
    connection.ensure_connection()
    with closing(sqlite3.connect(file)) as copy:
        connection.connection.backup(copy)


def restore_sqlite(file: Path) -> None:
    with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as copy:
        # An empty file is a database too.
        is_ours = copy.execute("SELECT 1 FROM sqlite_master WHERE name = 'django_migrations'").fetchone()
        if not is_ours or copy.execute("PRAGMA quick_check").fetchone() != ("ok",):
            raise BackupFailed(f"{file} is not a whole dump.")
        connection.ensure_connection()
        copy.backup(connection.connection)


# -------------------------------------------------------------- MariaDB


def dump_mariadb(file: Path) -> None:
    with file.open("wb") as output:
        run("mariadb-dump", connection.settings_dict["NAME"], *DUMP_OPTIONS, stdout=output)


def restore_mariadb(file: Path) -> None:
    name = connection.settings_dict["NAME"]
    with file.open("rb") as dump:
        check_is_whole(dump)
        connection.close()
        check_nobody_uses(name)
        run_sql(f"DROP DATABASE IF EXISTS `{name}`; CREATE DATABASE `{name}` {COLLATION}")
        run("mariadb", name, stdin=dump)


def check_is_whole(dump: BinaryIO) -> None:
    """
    Look at the end of a dump, before anything is dropped for it.

    :raises BackupFailed: it is not what `mariadb-dump` writes last.
    """
    dump.seek(max(0, dump.seek(0, os.SEEK_END) - 200))
    if LAST_LINE not in dump.read():
        raise BackupFailed(f"{dump.name} is not a whole dump.")
    dump.seek(0)


def check_nobody_uses(name: str) -> None:
    """
    :raises BackupFailed: somebody is connected to the database with our account.
    """
    deadline = time.monotonic() + GONE_SECONDS
    while count := int(run_sql(f"SELECT COUNT(*) FROM information_schema.processlist WHERE db = '{name}'")):  # noqa: S608 (our own name)
        if time.monotonic() > deadline:
            raise BackupFailed(f"{count} connections use the database. Stop all processes first.")
        time.sleep(0.1)


def run_sql(sql: str) -> bytes:
    """
    Run statements outside all databases and return what they print.

    :raises BackupFailed: the server refused one of them.
    """
    return run("mariadb", "", f"--execute={sql}", "--skip-column-names", stdout=subprocess.PIPE)


def run(program: str, database: str, *options: str, **files: Any) -> bytes:
    """
    Run one of MariaDB's programs to its end and return what it has printed to a pipe.

    :param database: none where it is empty.
    :param files: what `subprocess.run` takes for the standard files.
    :raises BackupFailed: it failed; the message is its own.
    """
    settings = connection.settings_dict | {"NAME": database}
    [_, *arguments], password = DatabaseClient.settings_to_cmd_args_env(settings, options)
    # An option file of somebody's could name another server or account.
    command, env = [program, "--no-defaults", *arguments], {**os.environ, **(password or {})}
    done = subprocess.run(command, env=env, stderr=subprocess.PIPE, check=False, **files)  # noqa: S603 (a fixed program)
    if done.returncode:
        raise BackupFailed(done.stderr.decode(errors="replace").strip())
    output: bytes = done.stdout
    return output

"""
The tables of periodic tasks: who sends them, and when each was last sent.
"""

from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.functions import Now
from django.db.models.sql.compiler import SQLCompiler


class DatabaseNow(Now):
    """
    The time by the database's clock, in UTC as Django stores it.

    Django's own `Now` is in the time zone of the connection, which on MariaDB is the server's.
    """

    def as_mysql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any) -> tuple[str, Any]:
        return self.as_sql(compiler, connection, template="UTC_TIMESTAMP(6)", **extra)


class BeatLease(models.Model):
    """
    The one row means: `holder` sends periodic tasks, until `expires_at` by the database's clock.
    """

    # Always the same: there is one lease.
    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    holder = models.CharField(max_length=128, help_text="Host, process and a random word.")
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.holder} until {self.expires_at}"


class PeriodicTask(models.Model):
    """
    A row means: the task that the schedule calls `name` was last sent, or first scheduled, at `sent_at`.
    """

    name = models.CharField(max_length=128, primary_key=True)
    sent_at = models.DateTimeField(help_text="By the database's clock.")

    def __str__(self) -> str:
        return f"{self.name} at {self.sent_at}"

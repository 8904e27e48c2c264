"""
What this process knows of the phases, and how it lets the others know what it knows.
"""

import logging
import os
import socket
import threading
import time
from typing import NamedTuple

from django.conf import settings
from django.db import Error
from django.utils import timezone

from gatekeeper.constants import ACKNOWLEDGE_SECONDS, TABLES, Phase
from gatekeeper.models import PhaseAcknowledgement, StorePhase
from utils.transactions import after_commit

logger = logging.getLogger(__name__)


class PhaseRecord(NamedTuple):
    """
    How one table stands.
    """

    phase: Phase
    percentage: int
    generation: int


class Memo(NamedTuple):
    """
    How all tables stood at a moment of the monotonic clock.
    """

    records: dict
    read_at: float

    def is_fresh(self):
        return time.monotonic() - self.read_at < settings.PHASE_SECONDS


class PhaseReader:
    """
    The memory of one process: what it read is good for PHASE_SECONDS, then it reads anew before it goes on.

    So a process that says nothing needs no waiting for: whatever it does next, it does by the newest
    phases. One that is at work acknowledges each change, and repeats it to show that it lives.
    """

    def __init__(self):
        self.process = f"{socket.gethostname()[:80]}:{os.getpid()}:{int(time.time())}"
        self._reading = threading.Lock()
        self.forget()

    def forget(self):
        self._memo = None
        self._acknowledged = {}
        self._acknowledged_at = None

    def load(self):
        """
        Return {table: PhaseRecord}: nothing to pay while the memo is fresh, else one query.
        """
        memo = self._memo
        if memo is None or not memo.is_fresh():
            memo = self._read()
            # Never inside a transaction of the caller's, who might roll it back or hold the row for long.
            after_commit(self._acknowledge)
        return memo.records

    def _read(self):
        # One thread at a time: another that read earlier and stored later would put an older phase
        # in the place of one that is acknowledged already.
        with self._reading:
            if self._memo is None or not self._memo.is_fresh():
                # From before the query: what it reads may be outdated the moment after.
                read_at = time.monotonic()
                self._memo = Memo(get_phases(), read_at)
            return self._memo

    def _acknowledge(self):
        """
        Say which generations this process goes by, if that is news or it has said nothing for a while.

        A database that cannot be written to just now is no reason not to read from it.
        """
        memo = self._memo
        if memo is None or not self._has_news(memo):
            return
        generations = {table: record.generation for table, record in memo.records.items()}
        try:
            PhaseAcknowledgement.objects.write(self.process, generations, timezone.now())
        except Error as error:
            logger.warning("the phases %s could not be acknowledged: %r", generations, error)
            return
        self._acknowledged, self._acknowledged_at = generations, time.monotonic()

    def leave(self):
        """
        Take back what this process has said: it is about to end, and nobody needs to wait for it.
        """
        self.forget()
        try:
            PhaseAcknowledgement.objects.filter(process=self.process).delete()
        except Error as error:
            logger.warning("this process could not take its leave: %r", error)

    def _has_news(self, memo):
        if self._acknowledged_at is None or time.monotonic() - self._acknowledged_at > ACKNOWLEDGE_SECONDS:
            return True
        return any(self._acknowledged.get(table) != record.generation for table, record in memo.records.items())


def get_phases():
    """
    Return {table: PhaseRecord} of all tables, those without a row in their initial phase. One query.
    """
    rows = {row.table: row for row in StorePhase.objects.all()}
    return {table: record_of(rows.get(table) or StorePhase.initial(table)) for table in TABLES}


def record_of(row):
    return PhaseRecord(Phase(row.phase), row.read_percentage, row.generation)


ALL_IN_MYSQL = {table: PhaseRecord(Phase.MYSQL, 0, 0) for table in TABLES}
_readers = {}


def reader():
    """
    Return this process's reader: what a parent knew before a fork is the parent's.
    """
    return _readers.get(os.getpid()) or _readers.setdefault(os.getpid(), PhaseReader())


def load_phases():
    """
    Return {table: PhaseRecord} as this process knows them, at most PHASE_SECONDS old. One query at most.

    Without HBASE_URL all of them are in MySQL, and nobody is asked.
    """
    return reader().load() if settings.HBASE["HOST"] else ALL_IN_MYSQL


def leave_phases():
    """
    Let nobody wait for this process any more; should it still need a phase, it reads and acknowledges it anew.
    """
    reader().leave()


def forget_phases():
    """
    Let this process read the phases anew before it next needs one.
    """
    reader().forget()

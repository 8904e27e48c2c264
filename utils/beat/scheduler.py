"""
The scheduler of celery beat, of which any number may run: one leads and sends, the others stand by.
"""

import logging
import os
import secrets
from typing import Any

from celery.beat import ScheduleEntry, Scheduler
from django.conf import settings
from django.db import Error, close_old_connections
from kombu.connection import Connection

from utils.beat.constants import RETRY_SECONDS, STANDBY_SECONDS
from utils.beat.services import BeatService
from utils.observability.metrics import BEAT_LEADS, note_alive

logger = logging.getLogger(__name__)


class LeasedScheduler(Scheduler):
    """
    Celery's own scheduler, which sends only while it has the lease, and stores in the database when it last sent what.

    A leader that was killed is replaced when its lease ends, a leader that stops is replaced at once. Without the
    database nothing is sent. A task may be sent twice if a leader dies before it has recorded the first time; every
    periodic task is safe to run twice.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # Containers may be alike in host name and process id; two schedulers of a test are.
        self.holder = f"{settings.HOST_NAME}:{os.getpid()}:{secrets.token_hex(4)}"
        self.is_leading = False
        super().__init__(*args, **kwargs)

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """
        Do one round and return the number of seconds until the next one; never raises.
        """
        note_alive("beat")
        try:
            if not self._leads():
                return STANDBY_SECONDS
            return float(super().tick(*args, **kwargs))
        except Exception as error:
            logger.warning("a round of beat failed; the next one is in %s s: %r", RETRY_SECONDS, error, exc_info=True)
            # Another scheduler may reach the server that this one cannot reach. It reads when each task was last sent.
            close_old_connections()
            self.close()
            return RETRY_SECONDS

    def apply_entry(self, entry: ScheduleEntry, producer: Any = None) -> None:
        """
        Send a task that is due, unless another scheduler leads by now: this one may have waited for the broker.

        :raises SchedulingError: the broker did not accept it. Celery's own scheduler would skip it this time.
        """
        if self._leads():
            self.apply_async(entry, producer=producer, advance=False)
            BeatService.mark_sent(name=entry.name)
            logger.info("beat sent %s", entry.name)

    def close(self) -> None:
        """
        Give up the lease at once. The next round may take it again.
        """
        try:
            BeatService.release_lease(holder=self.holder)
        except Error as error:
            logger.warning("beat could not give up its lease, which will expire: %r", error)
        self._follow()
        super().close()

    def _ensure_connected(self) -> Connection:
        """
        Connect to the broker or fail soon. Celery's own scheduler tries for an hour, and the lease would end meanwhile.
        """
        connection: Connection = self.connection
        connection.ensure_connection(max_retries=1)
        return connection

    def _leads(self) -> bool:
        """
        Return whether this scheduler has the lease; a new leader goes on where the last one stopped.
        """
        if not BeatService.take_lease(holder=self.holder):
            self._follow()
        elif not self.is_leading:
            self._read_when_sent()
            logger.info("beat leads: %s", self.holder)
            self.is_leading = True
        BEAT_LEADS.set(self.is_leading)
        return self.is_leading

    def _follow(self) -> None:
        self.is_leading = False
        BEAT_LEADS.set(0)

    def _read_when_sent(self) -> None:
        """
        Set when each task was last sent, by the clock of this host: only the time since then matters.
        """
        for name, age in BeatService.get_ages(names=self.schedule).items():
            if name in self.schedule:
                entry = self.schedule[name]
                entry.last_run_at = entry.default_now() - age
        # Celery's `tick` makes it again from these times.
        self._heap = None

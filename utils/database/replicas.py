"""
Reads that may be some seconds old, from replicas of the database: DATABASE_REPLICA_URLS.

Only reads that may be outdated are sent to a replica, each by a call of `read_from_replica`. How people still see
their own writes: docs/adr/0017-reads-from-replicas.md.
"""

import logging
import random
import threading
import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, NamedTuple, TypeVar

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, Error, connection, connections

from utils.caching.redis.client import RedisUnavailable, client
from utils.caching.redis.cluster import tagged
from utils.database.waiting import waited
from utils.observability.metrics import count_replica_read

logger = logging.getLogger(__name__)

# How often a process checks the lag of a replica, and how long it waits after an error.
CHECK_SECONDS = 1.0
PAUSE_SECONDS = 5.0
# The check waits this long, so that a replica that is only slightly behind can catch up.
CHECK_WAIT_SECONDS = 0.05

Result = TypeVar("Result")

# The alias that this thread reads from; None is the primary.
reading_from: ContextVar[str | None] = ContextVar("reading_from", default=None)


class Sought(NamedTuple):
    """
    A position of the primary's log, and the time.monotonic() when it was read.
    """

    position: str
    asked_at: float


class Replica:
    """
    One replica, as this process knows it.

    The lag that a replica reports is not used, because the replica does not know what it has not received yet. Instead
    a position is read from the primary; once the replica has reached it, it has everything that was committed before.
    """

    def __init__(self, alias: str) -> None:
        self.alias = alias
        # The replica has everything that was committed before this time.monotonic().
        self.complete_until = float("-inf")
        self.next_check_at = 0.0
        self._sought: Sought | None = None

    @property
    def is_fresh(self) -> bool:
        return time.monotonic() - self.complete_until < settings.REPLICA_MAX_LAG_SECONDS

    def look(self) -> None:
        """
        Check how far the replica is: one query to the primary, one to the replica.
        """
        self.next_check_at = time.monotonic() + CHECK_SECONDS
        try:
            if self._sought is None:
                # Read the time first: a transaction that commits during the query may not be part of the position.
                self._sought = Sought(asked_at=time.monotonic(), position=primary_position())
            if has_reached(self.alias, self._sought.position):
                self.complete_until, self._sought = self._sought.asked_at, None
        except Error as error:
            self.give_up(error)

    def give_up(self, error: Error) -> None:
        """
        Do not use the replica for some seconds, after an error.
        """
        self.complete_until, self._sought = float("-inf"), None
        self.next_check_at = time.monotonic() + PAUSE_SECONDS
        connections[self.alias].close()
        logger.warning("%s is not used for %s s: %r", self.alias, PAUSE_SECONDS, error)


class Replicas:
    """
    All replicas, for the threads of one process.
    """

    def __init__(self, aliases: list[str]) -> None:
        self.all = [Replica(alias) for alias in aliases]
        self._looking = threading.Lock()

    def find_fresh(self) -> Replica | None:
        """
        Return a replica that is not too far behind, None if there is none. Two queries for each replica once a second.
        """
        due = [replica for replica in self.all if replica.next_check_at <= time.monotonic()]
        # While another thread checks the replicas, the result of the last check is used.
        if due and self._looking.acquire(blocking=False):
            try:
                for replica in due:
                    replica.look()
            finally:
                self._looking.release()
        fresh = [replica for replica in self.all if replica.is_fresh]
        return random.choice(fresh) if fresh else None


replicas = Replicas(settings.DATABASE_REPLICAS)


def primary_position() -> str:
    """
    Return the position that the primary's binary log has reached.

    :raises Error: the primary does not respond, or keeps no binary log.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT @@gtid_binlog_pos")
        position: str = cursor.fetchone()[0]
    if not position:
        raise Error("the primary keeps no binary log")
    return position


def has_reached(alias: str, position: str) -> bool:
    """
    Say whether a replica has executed everything up to a position.

    :raises Error: it does not respond.
    """
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT MASTER_GTID_WAIT(%s, %s)", [position, CHECK_WAIT_SECONDS])
        return bool(cursor.fetchone()[0] == 0)


def read_from_replica(question: Callable[[], Result], *, viewer_id: int | None) -> Result:
    """
    Return `question()`, whose queries go to a replica if one is fresh enough and the viewer has not written lately.

    The result is at most REPLICA_MAX_LAG_SECONDS old and includes all of the viewer's own writes. The
    primary is asked in a transaction, in tasks, in commands, and if there is no replica. If a replica
    fails, `question` is called a second time, so it must only read. It must return rows, not a QuerySet
    that is not evaluated yet, and must not fill a cache.

    :param viewer_id: who will see the result; None if nobody is logged in.
    """
    if not replicas.all:
        return question()
    replica = choose_replica(viewer_id)
    count_replica_read("primary" if replica is None else replica.alias)
    if replica is None:
        return question()
    token = reading_from.set(replica.alias)
    try:
        return question()
    except Error as error:
        replica.give_up(error)
    finally:
        reading_from.reset(token)
    return question()


def choose_replica(viewer_id: int | None) -> Replica | None:
    # Outside a request there is no limit on waiting.
    if waited.seconds is None or connection.in_atomic_block:
        return None
    replica = replicas.find_fresh()
    # The order matters: a replica that was fresh a moment ago has all writes whose marks have expired since.
    return None if replica and viewer_id is not None and has_written(viewer_id) else replica


def own_writes_key(user_id: int) -> str:
    return tagged("wrote", user_id) if client.is_cluster else f"wrote:{user_id}"


def note_write(user_id: int) -> None:
    """
    Send this user's reads to the primary for OWN_WRITES_SECONDS. Call it after the commit and before the response.
    """
    try:
        client.call("SET", own_writes_key(user_id), 1, "EX", settings.OWN_WRITES_SECONDS)
    except RedisUnavailable as error:
        # While Redis is unavailable, `has_written` sends all reads to the primary.
        logger.info("a write of user %s is not noted: %s", user_id, error)


def has_written(user_id: int) -> bool:
    """
    Say whether the user may have written lately; True without Redis.
    """
    try:
        return bool(client.call("EXISTS", own_writes_key(user_id)))
    except RedisUnavailable:
        return True


class ReplicaRouter:
    """
    Django's database router: the primary, except inside `read_from_replica`.
    """

    # `Any`: models and hints as Django passes them.
    def db_for_read(self, model: Any, **hints: Any) -> str:
        # Always a name: otherwise Django would read the related objects of a replica's row from that replica.
        return reading_from.get() or DEFAULT_DB_ALIAS

    def db_for_write(self, model: Any, **hints: Any) -> str:
        # For SELECT … FOR UPDATE as well.
        return DEFAULT_DB_ALIAS

    def allow_relation(self, first: Any, second: Any, **hints: Any) -> bool:
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db == DEFAULT_DB_ALIAS

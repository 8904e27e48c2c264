"""
Transactions that are run again after a deadlock, and shared locks.
"""

import logging
import random
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import wraps
from typing import Any, ParamSpec, TypeVar, TypeVarTuple

from django.core.exceptions import EmptyResultSet
from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import Model, QuerySet

from utils.database.time_ids import next_id
from utils.errors import StoreUnavailable

logger = logging.getLogger(__name__)

ATTEMPTS = 5
# MariaDB's error numbers after which nothing was written and a second attempt is likely to succeed. Galera also reports
# a conflict between two nodes as a deadlock, at any statement and at COMMIT. A node of Galera that has left its cluster
# is often back within a moment. A lock that timed out (1205) is not among them: the caller has waited long enough.
DEADLOCK, NOT_IN_CLUSTER = 1213, 1047

Row = TypeVar("Row", bound=Model)
Result = TypeVar("Result")
Parameters = ParamSpec("Parameters")
Arguments = TypeVarTuple("Arguments")


class RunAgain(Exception):
    """
    The transaction should be run again from its start. `retried_transaction` does that.
    """


class IdTaken(RunAgain):
    """
    Another process has drawn the same microsecond. The transaction is run again with a later one.
    """


def create_with_time_id(model: type[Row], **fields: Any) -> Row:
    """
    Insert a row of `model` whose primary key is its time, and return it.

    Never an update: an id that is taken raises instead of overwriting somebody else's row.

    :raises IdTaken: the id is taken; a `retried_transaction` around the call runs again.
    :raises IntegrityError: another unique key is violated.
    """
    try:
        return model._default_manager.create(id=next_id(), **fields)
    except IntegrityError as error:
        if is_primary_key_collision(error):
            raise IdTaken from error
        raise


def single_statement() -> AbstractContextManager:
    """
    Guard one statement that may fail, so that an outer transaction can go on after the error.

    Inside a transaction this is a savepoint. Outside of one it does nothing, because the statement is a
    transaction of its own, and BEGIN and COMMIT would be two more round trips.
    """
    return transaction.atomic() if connection.in_atomic_block else nullcontext()


def is_primary_key_collision(error: IntegrityError) -> bool:
    """
    Say whether an IntegrityError is about the primary key and no other unique key.
    """
    text = str(error)
    return "PRIMARY'" in text or text.endswith(".id")


def retried_transaction(work: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """
    Decorate a verb to run in one transaction, and to run again from its start if it raises RunAgain.

    The outermost such transaction is also run again, after a short random pause, if the
    database chose it as the victim of a deadlock. An inner transaction is not, because the deadlock
    has rolled back the outer one too. The same happens if the server has left its cluster; the
    next attempt then has a new connection, perhaps to another server. A lock that times out
    is not tried again: a request is answered with 503, and a task fails and is repeated later
    (utils/database/waiting.py).
    """

    @wraps(work)
    def run(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        outermost = not connection.in_atomic_block
        attempt = 0
        while True:
            attempt += 1
            try:
                with transaction.atomic():
                    return work(*args, **kwargs)
            except RunAgain:
                if attempt == ATTEMPTS:
                    raise
            except OperationalError as error:
                if not outermost or attempt == ATTEMPTS or not helps_to_run_again(error):
                    raise
                if error.args[0] == NOT_IN_CLUSTER:
                    connection.close()
                time.sleep(random.uniform(0.01, 0.05) * attempt)

    return run


def after_commit(action: Callable[[*Arguments], object], *args: *Arguments) -> None:
    """
    Call `action` after the transaction has committed. An unavailable cache or HBase is only logged.

    For best effort only: what must not be lost is also an outbox event.
    """

    def attempt() -> None:
        try:
            action(*args)
        except StoreUnavailable as error:
            logger.info("%s after commit: %s", action, error)

    transaction.on_commit(attempt, robust=True)


def helps_to_run_again(error: Exception) -> bool:
    """
    Say whether running the transaction again at once can help.
    """
    return bool(error.args) and error.args[0] in (DEADLOCK, NOT_IN_CLUSTER)


def lock_in_share_mode(queryset: QuerySet) -> list[Any]:
    """
    Return the rows (tuples) of a `.values_list()` queryset, locked against change until commit.

    Several transactions may have this lock at the same time, and a writer waits for all of them. SQLite needs
    no lock, because its transactions here are IMMEDIATE: there is only one writer at a time.
    """
    if connection.vendor != "mysql":
        return list(queryset)
    try:
        sql, params = queryset.query.sql_with_params()
    except EmptyResultSet:
        # Filtered by an empty collection.
        return []
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} LOCK IN SHARE MODE", params)
        rows = list(cursor.fetchall())
    if queryset._iterable_class.__name__ == "FlatValuesListIterable":
        return [row[0] for row in rows]
    return rows

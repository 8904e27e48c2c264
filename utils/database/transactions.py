"""
Transactions that run again when the database asks for it, and locks that share.
"""

import logging
import random
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import wraps
from typing import Any, ParamSpec, TypeVar, TypeVarTuple

from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import Model, QuerySet

from utils.database.time_ids import next_id
from utils.errors import StoreUnavailable

logger = logging.getLogger(__name__)

ATTEMPTS = 5
# MariaDB's numbers of what has left nothing behind and may well succeed at once: a deadlock, which is also what Galera
# calls a conflict between nodes, at any statement and at COMMIT; and a node of Galera that is not in its cluster, often
# for a moment only. A lock that timed out (1205) is not among them: who waited for it has waited enough.
DEADLOCK, NOT_IN_CLUSTER = 1213, 1047

Row = TypeVar("Row", bound=Model)
Result = TypeVar("Result")
Parameters = ParamSpec("Parameters")
Arguments = TypeVarTuple("Arguments")


class RunAgain(Exception):
    """
    Running the transaction again from its start will help: `retried_transaction` does.
    """


class IdTaken(RunAgain):
    """
    Another process drew the same microsecond; the transaction runs again with a later one.
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
    Guard one statement that may fail, so that an outer transaction survives it.

    Inside a transaction it is a savepoint. Outside of one it is nothing: the statement is a
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
    Decorate a verb to run in one transaction, again from its start when something raised RunAgain.

    The outermost such transaction also runs again, after a short random pause, when the
    database chose it as the victim of a deadlock: inside an outer transaction that would be
    wrong, because a deadlock has rolled back the outer one too. A server that has left its
    cluster is the same, but that the next attempt has a new connection, perhaps to another one.
    A lock that does not come is an error at once; a request then answers 503, a task gives way
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
    Try `action` once the transaction has committed; a cache or HBase that is away is no error.

    For best effort only: whatever must happen is an outbox event as well.
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

    Many readers may hold the lock at once, a writer waits for all of them. SQLite needs none:
    its transactions here are IMMEDIATE, one writer at a time.
    """
    if connection.vendor != "mysql":
        return list(queryset)
    sql, params = queryset.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} LOCK IN SHARE MODE", params)
        rows = list(cursor.fetchall())
    if queryset._iterable_class.__name__ == "FlatValuesListIterable":
        return [row[0] for row in rows]
    return rows

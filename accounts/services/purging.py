"""
What is removed after an account was closed: rows of the apps above, by parts.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from django.db.models import Model, QuerySet

from accounts.constants import PURGE_SIZE
from accounts.services.accounts import AccountService
from outbox.events import Event
from outbox.services import OutboxService
from utils.errors import Missing

Row = TypeVar("Row", bound=Model)


class PurgeService:
    """
    The one way in which each app removes what belonged to a closed account.
    """

    @classmethod
    def purge_some(cls, *, user_id: int, rows: QuerySet[Row], remove: Callable[[Row], Any], continued: Event) -> None:
        """
        Remove the oldest PURGE_SIZE of `rows`, one by one; record the event `continued` if there may be more.

        Repeats safely. Does nothing if the account is not closed.

        :param remove: removes one row; a row that is gone already (`Missing`) is passed over.
        """
        if not AccountService.is_closed(user_id=user_id):
            return
        some = list(rows.order_by("id")[:PURGE_SIZE])
        for row in some:
            with suppress(Missing):
                remove(row)
        if len(some) == PURGE_SIZE:
            OutboxService.record(event=continued)

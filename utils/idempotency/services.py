"""
Carrying out a request once, however often it is sent.
"""

import hashlib
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db import IntegrityError
from django.utils import timezone

from utils.database.transactions import single_statement
from utils.errors import Conflict, ServiceError
from utils.idempotency.constants import LEASE, REMEMBERED
from utils.idempotency.models import IdempotentRequest, State

Result = TypeVar("Result")


class KeyReused(ServiceError):
    """
    The key was used for a request with another body.
    """

    status_code = 422
    code = "idempotency_key_reused"
    message = "This Idempotency-Key was used before with another request body."


class StillInFlight(Conflict):
    """
    The first request with this key has not been answered yet.
    """

    code = "idempotency_key_in_flight"
    message = "A request with this Idempotency-Key is still being carried out."

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.retry_after_seconds = max(1, int(seconds))


class LeaseLost(Conflict):
    """
    The work took so long that another request has claimed the key; the work is rolled back.
    """

    code = "idempotency_lease_lost"
    message = "This took too long and was undone; the same request is being carried out again."


@dataclass(slots=True)
class Holder:
    """
    The claim under which a request is being carried out, and whether its transaction has completed it.
    """

    claim: IdempotentRequest
    completed: bool = False


current_holder: ContextVar[Holder | None] = ContextVar("current_holder", default=None)


class IdempotencyService:
    """
    Everything the rest of the project may ask of idempotency keys.
    """

    @classmethod
    def claim(cls, *, user_id: int, route: str, key: str, body_hash: str) -> IdempotentRequest:
        """
        Claim a key before the work begins, and return its row: done already, or claimed by this call.

        The claim is committed by itself, so that a second caller finds it at once instead of
        waiting for the first one's transaction. Costs one insert, without a transaction around it.

        :raises KeyReused: the key was used with another body.
        :raises StillInFlight: another request with this key is being carried out.
        """
        now = timezone.now()
        name = {"user_id": user_id, "route": route, "key_hash": hashlib.sha256(key.encode()).hexdigest()}
        claim = {"body_hash": body_hash, "state": State.CLAIMED, "lease_until": now + LEASE, "created_at": now}
        try:
            with single_statement():
                return IdempotentRequest.objects.create(**name, **claim)
        except IntegrityError:
            row = IdempotentRequest.objects.filter(**name).first()
        if row is None:
            # It existed a moment ago: it was released or purged.
            raise StillInFlight(1)
        if row.created_at > now - REMEMBERED:
            if row.body_hash != body_hash:
                raise KeyReused
            if row.state == State.DONE:
                return row
            if row.lease_until > now:
                raise StillInFlight((row.lease_until - now).total_seconds())
        return cls._take_over(row, {**claim, "object_id": None})

    @classmethod
    def _take_over(cls, row: IdempotentRequest, claim: dict[str, Any]) -> IdempotentRequest:
        """
        Claim a row whose holder is gone. If several try, the conditional update succeeds for one of them.
        """
        if not IdempotentRequest.objects.filter(id=row.id, lease_until=row.lease_until).update(**claim):
            raise StillInFlight(1)
        for field, value in claim.items():
            setattr(row, field, value)
        return row

    @classmethod
    def carry_out(cls, *, claim: IdempotentRequest, work: Callable[[], Result]) -> Result:
        """
        Do `work()` under a claim and return what it returns; its transaction calls `complete`.

        :raises LeaseLost: somebody else has claimed the key meanwhile; nothing was done.
        """
        holder = Holder(claim)
        token = current_holder.set(holder)
        try:
            result = work()
        finally:
            current_holder.reset(token)
        if not holder.completed:
            raise RuntimeError(f"{claim.route} never calls IdempotencyService.complete")
        return result

    @classmethod
    def complete(cls, *, object_id: int) -> None:
        """
        Record what the running request creates, inside the transaction that creates it; nothing without a key.

        After a crash there is both or nothing. The transaction may run again from its start (a
        deadlock, an id that was taken): the record is rolled back with the rest.

        :raises LeaseLost: the work took so long that somebody else has claimed the key.
        """
        holder = current_holder.get()
        if holder is None:
            return
        claim = holder.claim
        claimed = IdempotentRequest.objects.filter(id=claim.id, state=State.CLAIMED, lease_until=claim.lease_until)
        if not claimed.update(state=State.DONE, object_id=object_id):
            raise LeaseLost
        holder.completed = True

    @classmethod
    def release(cls, *, claim: IdempotentRequest) -> None:
        """
        Forget a claim whose request was refused: the same key may come with a better body. Repeats safely.
        """
        IdempotentRequest.objects.filter(id=claim.id, state=State.CLAIMED, lease_until=claim.lease_until).delete()

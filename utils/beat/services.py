"""
Taking and giving up the lease, and remembering when a task was last sent.
"""

from collections.abc import Iterable
from datetime import timedelta

from django.db.models import Q

from utils.beat.constants import LEASE_SECONDS
from utils.beat.models import BeatLease, DatabaseNow, PeriodicTask


class BeatService:
    """
    What schedulers share. All times are those of the database's clock, because the clocks of hosts may differ.
    """

    @classmethod
    def take_lease(cls, *, holder: str) -> bool:
        """
        Take the lease or renew it, and return whether `holder` has it, for `LEASE_SECONDS` from now.

        One query for the holder, two for everybody else. If several try at the same moment, one of them gets it.
        """
        until = DatabaseNow() + timedelta(seconds=LEASE_SECONDS)
        takeable = Q(holder=holder) | Q(expires_at__lte=DatabaseNow())
        if BeatLease.objects.filter(takeable).update(holder=holder, expires_at=until):
            return True
        _, is_created = BeatLease.objects.get_or_create(id=1, defaults={"holder": holder, "expires_at": until})
        return is_created

    @classmethod
    def release_lease(cls, *, holder: str) -> None:
        """
        End the lease if `holder` has it, so that another scheduler can take it.
        """
        BeatLease.objects.filter(holder=holder).delete()

    @classmethod
    def get_ages(cls, *, names: Iterable[str]) -> dict[str, timedelta]:
        """
        Return how long ago each task was last sent; a new task counts as sent now. Two queries.
        """
        tasks = [PeriodicTask(name=name, sent_at=DatabaseNow()) for name in names]
        PeriodicTask.objects.bulk_create(tasks, ignore_conflicts=True)
        return {task.name: task.now - task.sent_at for task in PeriodicTask.objects.annotate(now=DatabaseNow())}

    @classmethod
    def mark_sent(cls, *, name: str) -> None:
        """
        Record that a task that `get_ages` has returned was sent just now.
        """
        PeriodicTask.objects.filter(name=name).update(sent_at=DatabaseNow())

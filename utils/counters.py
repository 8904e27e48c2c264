"""
Numbers that a row keeps of the rows that belong to it, held against those rows.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from django.db import transaction
from django.db.models import Count, Model, QuerySet

from utils.transactions import retried_transaction


class Drift(NamedTuple):
    """
    A number that was wrong: the row's table and primary key, the column, what it said, how many rows there are.
    """

    table: str
    id: int
    counter: str
    was: int
    counted: int


@dataclass(frozen=True)
class Counter:
    """
    A column of `parent` that says how many of `rows` belong to it.

    :param key: what of the parent the rows point to.
    :param pointer: the column of the rows that does.
    :param also: what else a repair changes, such as a revision.
    """

    parent: type[Model]
    name: str
    rows: QuerySet
    pointer: str
    key: str = "id"
    also: dict = field(default_factory=dict)

    def __str__(self):
        return f"{self.parent._meta.db_table}.{self.name}"

    def get_chunk(self, *, after, size):
        """
        Return (primary key, key, number) of up to `size` parents behind the primary key `after`; one query.
        """
        parents = self.parent.objects.filter(pk__gt=after).order_by("pk")
        return list(parents.values_list("pk", self.key, self.name)[:size])

    def find_suspects(self, chunk):
        """
        Return the primary keys of those whose number differs from the rows; one query.

        Nothing is locked, so that under traffic somebody may be suspected whose number is right.
        """
        rows = self.rows.filter(**{f"{self.pointer}__in": [key for _, key, _ in chunk]})
        counted = dict(rows.order_by().values_list(self.pointer).annotate(Count("pk")))
        return [pk for pk, key, number in chunk if number != counted.get(key, 0)]

    def get_drift(self, *, pk):
        """
        Return the Drift of one parent, None where there is none; certain, because writers wait meanwhile.
        """
        with transaction.atomic():
            return self._count(pk)

    @retried_transaction
    def repair(self, *, pk):
        """
        Set the number of one parent from its rows, and return the Drift that was, None where there was none.

        Whoever adds or removes a row locks the parent first, as this does; so nothing changes
        between counting and writing. Repeats safely.
        """
        drift = self._count(pk)
        if drift:
            self.parent.objects.filter(pk=pk).update(**{self.name: drift.counted}, **self.also)
        return drift

    def _count(self, pk):
        parent = self.parent.objects.select_for_update().filter(pk=pk).values_list(self.key, self.name).first()
        if parent is None:
            return None
        key, number = parent
        counted = self.rows.filter(**{self.pointer: key}).count()
        return None if number == counted else Drift(self.parent._meta.db_table, pk, self.name, number, counted)

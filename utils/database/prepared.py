"""
Queries whose SQL Django composes once.

Composing the SQL of a filter with a join takes a third of a millisecond, five times as long as sending it and reading
the row. That is nothing for most requests, and was a fifth of the web server's time for a like, a comment or a follow
(docs/performance.md). The code still writes ordinary QuerySets, with their usual meaning.
"""

from collections.abc import Callable, Sequence
from functools import cache, cached_property
from types import SimpleNamespace
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import Model, QuerySet
from django.db.models.sql import UpdateQuery

Row = TypeVar("Row", bound=Model)

# Replaces the id while the SQL is composed. No row has this id, and no query has this constant.
PLACEHOLDER = 2**62 - 57


class PreparedQuery(Generic[Row]):
    """
    A QuerySet in which nothing but one id varies.

    :param compose: takes the id and returns the QuerySet.
    """

    def __init__(self, compose: Callable[[int], QuerySet[Row]]) -> None:
        self._compose = compose

    @cached_property
    def _composed(self) -> tuple[type[Row], str, tuple[Any, ...]]:
        rows = self._compose(PLACEHOLDER)
        return rows.model, *rows.query.sql_with_params()

    def first(self, pk: int) -> Row | None:
        """
        Return the first row, None if there is none; one query.
        """
        model, sql, parameters = self._composed
        return next(iter(model._default_manager.raw(sql, fill_in(parameters, pk))), None)


class PreparedUpdate:
    """
    An update of a QuerySet in which nothing but one id varies.

    :param compose: takes the id and returns the QuerySet.
    :param changes: what `QuerySet.update` takes.
    """

    def __init__(self, compose: Callable[[int], QuerySet], **changes: Any) -> None:
        self._compose, self._changes = compose, changes

    @cached_property
    def _composed(self) -> tuple[str, tuple[Any, ...]]:
        # `Any`: the stubs know only the type of the query before.
        query: Any = self._compose(PLACEHOLDER).query.chain(UpdateQuery)
        query.add_update_values(self._changes)
        sql, parameters = query.get_compiler(DEFAULT_DB_ALIAS).as_sql()
        return sql, tuple(parameters)

    def run(self, pk: int) -> int:
        """
        Change the rows, and return how many there are; one query.
        """
        sql, parameters = self._composed
        with connection.cursor() as cursor:
            cursor.execute(sql, fill_in(parameters, pk))
            changed: int = cursor.rowcount
        return changed


def fill_in(parameters: Sequence[Any], pk: int) -> list[Any]:
    return [pk if parameter == PLACEHOLDER else parameter for parameter in parameters]


class VisibleQuerySet(QuerySet[Row]):
    """
    A QuerySet whose `visible_to(viewer)` depends only on whether the viewer is staff.
    """

    def find_visible(self, *, id: int, viewer: Any) -> Row | None:
        """
        Return the row with this id if `viewer` may see it, else None; one query.
        """
        return visible_query(self.model, bool(viewer.is_staff)).first(id)


@cache
def visible_query(model: type[Row], to_staff: bool) -> PreparedQuery[Row]:
    viewer = SimpleNamespace(is_staff=to_staff)
    # `Any`: the manager's own methods.
    rows: Any = model._default_manager
    return PreparedQuery(lambda pk: rows.visible_to(viewer).filter(pk=pk))

"""
The measurement of chapter 14: a reader fills a cached list while a writer pushes onto it, in every order.
"""

from collections.abc import Iterable
from itertools import combinations

from testing.learn.pages import Figure

REPLACE, IF_THERE, ONCE, LEASE = "replace", "if there", "once", "lease"


class CachedList:
    """
    Three tweets in a database and no list in the cache; then a fourth is posted while somebody reads.

    :param rules: none: both sides RPUSH. REPLACE: the reader replaces what is there. IF_THERE: the writer pushes
        onto no list that is not there. ONCE: no id is pushed twice. LEASE: the reader stores with a lease only.
    """

    def __init__(self, *rules: str) -> None:
        self.rules = rules
        self.rows = [1, 2, 3]
        self.cached: list[int] | None = None
        self.lease: object = None

    def read(self) -> Iterable[None]:
        if self.cached is not None:
            return
        self.lease = lease = object()
        yield
        found = list(self.rows)
        yield
        if LEASE in self.rules and self.lease is not lease:
            return
        self.cached = found if REPLACE in self.rules else [*(self.cached or []), *found]

    def write(self) -> Iterable[None]:
        self.rows.append(4)
        yield
        if self.cached is None:
            self.lease = None
            self.cached = None if IF_THERE in self.rules else [4]
        elif ONCE not in self.rules or 4 not in self.cached:
            self.cached.append(4)

    @property
    def is_right(self) -> bool:
        """
        Tell whether the next reader gets what the database holds: no list is right, it will be built.
        """
        return self.cached is None or self.cached == self.rows


def count_wrong(*rules: str) -> int:
    """
    Return how many of the ten orders of the reader's three steps and the writer's two leave a wrong list.
    """
    wrong = 0
    for places in combinations(range(5), 3):
        cache = CachedList(*rules)
        reader, writer = iter(cache.read()), iter(cache.write())
        for step in range(5):
            next(reader if step in places else writer, None)
        wrong += not cache.is_right
    return wrong


def caches() -> Figure:
    return Figure(
        "of 10",
        [
            ("both sides RPUSH", "双方都用 RPUSH", count_wrong()),
            ("the reader replaces the list", "读者整体替换列表", count_wrong(REPLACE)),
            (
                "and the writer: only if there (RPUSHX)",
                "再加：列表存在才推入（RPUSHX）",
                count_wrong(REPLACE, IF_THERE),
            ),
            (
                "and no id twice, as in a sorted set",
                "再加：id 不重复，如有序集合",
                count_wrong(REPLACE, IF_THERE, ONCE),
            ),
            ("and a lease (here)", "再加：租约（本项目）", count_wrong(REPLACE, IF_THERE, ONCE, LEASE)),
        ],
    )

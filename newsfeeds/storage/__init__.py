"""
Where feeds live: MySQL, HBase, or both while they move from one to the other. Nobody above knows which.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from newsfeeds.constants import HBASE, MYSQL
from newsfeeds.storage.base import FeedKey, NewsFeedStore
from newsfeeds.storage.dual import DualNewsFeedStore
from newsfeeds.storage.hbase import HBaseNewsFeedStore
from newsfeeds.storage.mysql import MySQLNewsFeedStore
from stores.constants import FEEDS, Phase
from stores.services import PhaseService

__all__ = [
    "DualNewsFeedStore",
    "FeedKey",
    "HBaseNewsFeedStore",
    "MySQLNewsFeedStore",
    "NewsFeedStore",
    "store_to_read",
    "store_to_write",
    "stores_in_use",
]

STORES: dict[Phase, NewsFeedStore] = {
    Phase.MYSQL: MySQLNewsFeedStore(),
    Phase.DUAL_WRITE: DualNewsFeedStore(),
    Phase.READ_HBASE: DualNewsFeedStore(),
    Phase.HBASE_ONLY: HBaseNewsFeedStore(),
}

# Which of them hold every row, so that their rows can be held against what should be there.
IN_USE: dict[Phase, dict[str, MySQLNewsFeedStore | HBaseNewsFeedStore]] = {
    Phase.MYSQL: {MYSQL: MySQLNewsFeedStore()},
    # HBase may still be in the middle of its back-fill; `compare_store` knows.
    Phase.DUAL_WRITE: {MYSQL: MySQLNewsFeedStore()},
    Phase.READ_HBASE: {MYSQL: MySQLNewsFeedStore(), HBASE: HBaseNewsFeedStore()},
    Phase.HBASE_ONLY: {HBASE: HBaseNewsFeedStore()},
}


def store_to_read(user_id: int) -> NewsFeedStore:
    """
    Return the store that answers when it is about this user. Where there is an HBase, a query in two seconds.
    """
    if not PhaseService.reads_hbase(table=FEEDS, subject_id=user_id):
        return STORES[Phase.MYSQL]
    return STORES[PhaseService.load(table=FEEDS)]


@contextmanager
def store_to_write() -> Iterator[NewsFeedStore]:
    """
    Give the store that takes the rows which the block writes, inside a `retried_transaction`.

    Where there is an HBase, a query in two seconds (stores/services/phases.py, `write_lease`).
    """
    with PhaseService.write_lease(table=FEEDS) as phase:
        yield STORES[phase]


def stores_in_use() -> dict[str, MySQLNewsFeedStore | HBaseNewsFeedStore]:
    """
    Return {name: store} of those that must hold every row at present. Costs what `store_to_read` costs.
    """
    return IN_USE[PhaseService.load(table=FEEDS)]

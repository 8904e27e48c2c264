"""
Where feeds are stored: MySQL, HBase, or both during a migration. The code above does not know which.
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

# The stores that are complete in each phase, so that their rows can be compared with the definition of a feed.
IN_USE: dict[Phase, dict[str, MySQLNewsFeedStore | HBaseNewsFeedStore]] = {
    Phase.MYSQL: {MYSQL: MySQLNewsFeedStore()},
    # HBase may still be in the middle of its back-fill; `compare_store` knows.
    Phase.DUAL_WRITE: {MYSQL: MySQLNewsFeedStore()},
    Phase.READ_HBASE: {MYSQL: MySQLNewsFeedStore(), HBASE: HBaseNewsFeedStore()},
    Phase.HBASE_ONLY: {HBASE: HBaseNewsFeedStore()},
}


def store_to_read(user_id: int) -> NewsFeedStore:
    """
    Return the store to read this user's feed from. With HBase, one query every two seconds.
    """
    if not PhaseService.reads_hbase(table=FEEDS, subject_id=user_id):
        return STORES[Phase.MYSQL]
    return STORES[PhaseService.load(table=FEEDS)]


@contextmanager
def store_to_write() -> Iterator[NewsFeedStore]:
    """
    Yield the store to which the block writes its rows. Use it inside a `retried_transaction`.

    With HBase, one query every two seconds (stores/services/phases.py, `write_lease`).
    """
    with PhaseService.write_lease(table=FEEDS) as phase:
        yield STORES[phase]


def stores_in_use() -> dict[str, MySQLNewsFeedStore | HBaseNewsFeedStore]:
    """
    Return {name: store} of the stores that are complete at present. Costs what `store_to_read` costs.
    """
    return IN_USE[PhaseService.load(table=FEEDS)]

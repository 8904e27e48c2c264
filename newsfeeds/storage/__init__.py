"""
Where feeds live: MySQL, HBase, or both while they move from one to the other. Nobody above knows which.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from newsfeeds.storage.base import NewsFeedStore
from newsfeeds.storage.dual import DualNewsFeedStore
from newsfeeds.storage.hbase import HBaseNewsFeedStore
from newsfeeds.storage.mysql import MySQLNewsFeedStore
from stores.constants import FEEDS, Phase
from stores.services import PhaseService

__all__ = ["DualNewsFeedStore", "HBaseNewsFeedStore", "MySQLNewsFeedStore", "store_to_read", "store_to_write"]

STORES: dict[Phase, NewsFeedStore] = {
    Phase.MYSQL: MySQLNewsFeedStore(),
    Phase.DUAL_WRITE: DualNewsFeedStore(),
    Phase.READ_HBASE: DualNewsFeedStore(),
    Phase.HBASE_ONLY: HBaseNewsFeedStore(),
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

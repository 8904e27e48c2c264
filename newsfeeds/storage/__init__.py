"""
Where feeds live: MySQL, HBase, or both while they move from one to the other. Nobody above knows which.
"""

from gatekeeper.constants import FEEDS, Phase
from gatekeeper.services import PhaseService
from newsfeeds.storage.dual import DualNewsFeedStore
from newsfeeds.storage.hbase import HBaseNewsFeedStore
from newsfeeds.storage.mysql import MySQLNewsFeedStore

__all__ = ["DualNewsFeedStore", "HBaseNewsFeedStore", "MySQLNewsFeedStore", "store_to_read", "store_to_write"]

STORES = {
    Phase.MYSQL: MySQLNewsFeedStore(),
    Phase.DUAL_WRITE: DualNewsFeedStore(),
    Phase.READ_HBASE: DualNewsFeedStore(),
    Phase.HBASE_ONLY: HBaseNewsFeedStore(),
}


def store_to_read(user_id):
    """
    Return the store that answers when it is about this user; no query but, where there is an HBase, one in two seconds.
    """
    if not PhaseService.reads_hbase(FEEDS, user_id):
        return STORES[Phase.MYSQL]
    return STORES[PhaseService.load(FEEDS)]


def store_to_write():
    """
    Return the store that takes rows, and hold the phase that says so until the caller's transaction ends.

    One query where there is an HBase, none otherwise.
    """
    return STORES[PhaseService.hold(FEEDS)]

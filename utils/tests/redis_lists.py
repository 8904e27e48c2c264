"""
A table in memory, and what Redis stores of it: for tests of the lists.
"""

from utils.caching.redis.client import client
from utils.caching.redis.lists import NOTHING

OWNER = 7


class Table:
    """
    The ids that a database would hold for one owner.
    """

    def __init__(self, ids=()):
        self.ids = set(ids)
        self.asked = []

    def fetch(self, before, after, limit):
        self.asked.append((before, after, limit))
        inside = [id for id in self.ids if (before is None or id < before) and (after is None or id > after)]
        return sorted(inside, reverse=True)[:limit]


def stored(lists, owner=OWNER):
    """
    Return what Redis holds: None where there is no list, [] where it knows that there is nothing.
    """
    raw = [value.decode() for value in client.call("LRANGE", lists.key(owner), 0, -1)]
    if not raw:
        return None
    return [] if raw == [NOTHING] else [int(value) for value in raw]


def load(lists, table, before=None, after=None, limit=20):
    return [id for id, _ in lists.load(OWNER, before=before, after=after, limit=limit, fetch=table.fetch)]

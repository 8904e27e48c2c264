"""
What Redis stores of a cached list.
"""

from utils.caching.redis.client import client
from utils.caching.redis.lists import NOTHING


def ids_in(cached, owner_id):
    """
    Return what Redis holds, None where it holds nothing.
    """
    ids = [int(id) for id in client.call("LRANGE", cached.key(owner_id), 0, -1)]
    if ids == [int(NOTHING)]:
        return []
    return ids or None

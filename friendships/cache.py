"""
What Memcached holds of friendships: the ids of the users that a user follows.
"""

from collections.abc import Collection
from typing import Any, Literal

from friendships.constants import MAX_CACHED_FOLLOWINGS
from friendships.storage import store_to_read
from utils.caching.memcached.objects import invalidate, read_one
from utils.caching.records import are_ids


def followings_key(user_id: int) -> str:
    return f"followings:{user_id}"


def load_followed_among(user_id: int, candidate_ids: Collection[int]) -> set[int]:
    """
    Return which of `candidate_ids` the user follows: one round trip if cached.

    If the user follows too many to cache, the cache holds only "many", and the store is asked.
    """
    ids = read_one(followings_key(user_id), lambda: cacheable_followings(user_id), are_cached_followings)
    if ids == "many":
        return store_to_read(user_id).get_followed_among(user_id, candidate_ids)
    return set(ids).intersection(candidate_ids)


def are_cached_followings(value: Any) -> bool:
    return value == "many" or are_ids(value)


def cacheable_followings(user_id: int) -> list[int] | Literal["many"]:
    ids = store_to_read(user_id).get_following_ids(user_id, limit=MAX_CACHED_FOLLOWINGS + 1)
    return ids if len(ids) <= MAX_CACHED_FOLLOWINGS else "many"


def invalidate_followings(*user_ids: int) -> bool:
    """
    Invalidate the cached followings of these users; say whether the cache confirmed it. One round trip.
    """
    return invalidate(*map(followings_key, user_ids))

"""
What Memcached holds of friendships: the set of ids that a user follows.
"""

from typing import Any

from friendships.constants import CACHED_FOLLOWINGS
from friendships.storage import store_to_read
from utils.memcached.objects import invalidate, read_one
from utils.records import are_ids


def followings_key(user_id):
    return f"followings:{user_id}"


def load_followed_among(user_id, candidate_ids):
    """
    Return the set of those of `candidate_ids` whom the user follows: one round trip when warm.

    Of somebody who follows very many, the cache only knows that; the database is then asked.
    """
    ids = read_one(followings_key(user_id), lambda: cacheable_followings(user_id), are_cached_followings)
    if ids == "many":
        return store_to_read(user_id).get_followed_among(user_id, candidate_ids)
    return set(ids).intersection(candidate_ids)


def are_cached_followings(value: Any) -> bool:
    return value == "many" or are_ids(value)


def cacheable_followings(user_id):
    ids = store_to_read(user_id).get_following_ids(user_id, limit=CACHED_FOLLOWINGS + 1)
    return ids if len(ids) <= CACHED_FOLLOWINGS else "many"


def invalidate_followings(*user_ids: int) -> bool:
    """
    Make everybody read the followings of these users anew; say whether the cache confirmed it. One round trip.
    """
    return invalidate(*map(followings_key, user_ids))

"""
Reading objects through the cache, with one get_many for everything that a page needs.

Each app's `cache.py` says what its keys are and how to load what is missing (a `Lookup`);
`read_through` serves several of them in one round trip.

A reader may have read the database just before an invalidation and write the cache just after it. Its old
value must not be stored. So an invalidation does not delete the key but leaves a tombstone for a few seconds,
and readers fill the cache with `add`, which does not replace a tombstone. A reader who finds a tombstone reads
the database. A stale value that is stored nevertheless expires after `OBJECT_CACHE_SECONDS`.

A value of another release, or a damaged one, counts as a miss, and a tombstone replaces it as if
it had been invalidated.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.core.cache import caches

from utils.observability.metrics import count_reads

TOMBSTONE = "-"
TOMBSTONE_SECONDS = 3


def is_value(value: Any) -> bool:
    """
    Say whether the value of a key is anything but a tombstone.
    """
    return value is not None and value != TOMBSTONE


@dataclass(slots=True)
class Lookup:
    """
    The objects that a page needs. Ids and values are `Any`: each app has its own, and `is_valid` checks them.

    :param keys: {id: cache key}.
    :param alias: which of settings.CACHES holds them.
    :param is_valid: says of a cached value, whatever its type, whether it can be used.
    :param load: called with the list of ids that the cache lacks; returns {id: JSON-ready value}.
    :param found: {id: value} after `read_through`; an id that does not exist is not in it.
    """

    keys: dict[Any, str]
    load: Callable[[list[Any]], dict[Any, Any]]
    is_valid: Callable[[Any], bool] = is_value
    seconds: int | None = None
    alias: str = "objects"
    found: dict[Any, Any] = field(default_factory=dict)


def read_through(*lookups: Lookup) -> None:
    """
    Fill `found` of every lookup: one get_many, then at most one `load` for each lookup with missing values.
    """
    alias = lookups[0].alias
    wanted = [key for lookup in lookups for key in lookup.keys.values()]
    cached = caches[alias].get_many(wanted)
    count_reads(alias, hits=len(cached), misses=len(wanted) - len(cached))
    for lookup in lookups:
        lookup.found = find_valid(lookup, cached)
        if len(lookup.found) < len(lookup.keys):
            loaded = lookup.load([id for id in lookup.keys if id not in lookup.found])
            lookup.found.update(loaded)
            fresh = {lookup.keys[id]: value for id, value in loaded.items() if lookup.keys[id] not in cached}
            fill(fresh, lookup.seconds or settings.OBJECT_CACHE_SECONDS, alias=lookup.alias)


def find_valid(lookup: Lookup, cached: dict[str, Any]) -> dict[Any, Any]:
    """
    Return {id: value} of the cached values that a lookup can use, and replace the others by tombstones.
    """
    found: dict[Any, Any] = {}
    unusable: list[str] = []
    is_valid = lookup.is_valid
    for id, key in lookup.keys.items():
        value = cached.get(key, TOMBSTONE)
        if is_valid(value):
            found[id] = value
        elif value != TOMBSTONE:
            unusable.append(key)
    if unusable:
        invalidate(*unusable, alias=lookup.alias)
    return found


def fill(values: Mapping[str, Any], seconds: int, *, alias: str = "objects") -> None:
    """
    Add the keys that are missing. One round trip if the cache has `add_many`.
    """
    cache = caches[alias]
    if hasattr(cache, "add_many"):
        cache.add_many(values, seconds)
    else:
        for key, value in values.items():
            cache.add(key, value, seconds)


def read_one(
    key: str, load: Callable[[], Any], is_valid: Callable[[Any], bool] = is_value, *, alias: str = "objects"
) -> Any:
    """
    Return the value of one key, or what `load()` returns; None is not cached. One round trip when warm.

    :param is_valid: as of a Lookup.
    """
    lookup = Lookup({0: key}, lambda ids: {0: value} if (value := load()) is not None else {}, is_valid, alias=alias)
    read_through(lookup)
    return lookup.found.get(0)


def invalidate(*keys: str, seconds: int = TOMBSTONE_SECONDS, alias: str = "objects") -> bool:
    """
    Make every reader of `keys` read the database; return whether the cache confirmed it for all of them.
    """
    return not keys or not caches[alias].set_many(dict.fromkeys(keys, TOMBSTONE), seconds)

"""
Lists of ids in Redis: the newest ids of a feed or of an author, newest first.

A list has the newest ids of the database, in order and without repeats, `MAX_CACHED_IDS` at most. A shorter list is
complete; beyond the end of a full one, pages come from the database. Only the newest ids are ever cached, because
nobody could tell what is missing from any other part (the "sliding window" rule of GoToSocial's timelines).

Filling and pushing at the same time neither lose nor repeat an id. A reader who misses takes a lease (a token
that expires within seconds) in the same call, reads the database, and may store the list only while the
token is valid. A push to a list that does not exist ends its lease. This is the lease of Nishtala et al.,
Scaling Memcache at Facebook (NSDI 2013), in Lua.

Each verb is one round trip. On a Redis Cluster a list and its lease share a hash tag, a script runs once for each
tag, and the states of a page, which are in other slots, need a second round trip.
"""

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from django.conf import settings

from utils.caching.records import parse_ids
from utils.caching.redis.client import RedisUnavailable, Script, client
from utils.caching.redis.cluster import tagged
from utils.caching.redis.list_scripts import PUSH, READ, READ_ALL, REMOVE, STORE
from utils.observability.metrics import count_reads

HIT, MISS, BEYOND = "hit", "miss", "beyond"
LEASE_MILLISECONDS = 5_000
# A fan-out batch of 1,000 followers and its author's lists.
CHANGED_AT_ONCE = 1_100
# Each may have `MAX_CACHED_IDS` ids.
LISTS_AT_ONCE = 20
# The only element of an empty list: Redis cannot store lists without elements.
NOTHING = "0"

# (before, after, limit) -> ids from the database, newest first.
Fetch = Callable[[int | None, int | None, int], Sequence[int]]


@dataclass(slots=True)
class ListPage:
    """
    What a read found: `ids` newest first and, beside each, the value of its state key or None.

    :param lease: on a miss, the token with which `store` may fill the list, or None.
    """

    status: str
    ids: list[int] = field(default_factory=list)
    states: list[bytes | None] = field(default_factory=list)
    lease: bytes | None = None


class IdList:
    """
    All lists of one kind, such as `user_newsfeeds:{owner_id}`.

    :param state_prefix: when set, a read also fetches the key `<prefix><id>` for each id of the page.
    """

    def __init__(self, name: str, *, state_prefix: str = "") -> None:
        self.name = name
        self.state_prefix = state_prefix

    def key(self, owner_id: int) -> str:
        return tagged(self.name, owner_id) if client.is_cluster else f"{self.name}:{owner_id}"

    def read(self, owner_id: int, *, before: int | None, after: int | None, limit: int) -> ListPage:
        """
        Return up to `limit` ids with after < id < before, newest first.

        Without Redis the page is a miss without a lease.
        """
        try:
            reply = client.run(READ, [self.key(owner_id)], self.read_arguments(before, after, limit))
        except RedisUnavailable:
            count_reads("lists", hits=0, misses=1)
            return ListPage(MISS)
        status = reply[0].decode()
        count_reads("lists", hits=status == HIT, misses=status != HIT)
        if status == HIT:
            ids = parse_ids(reply[1])
            if ids is None:
                self._forget(owner_id)
                return ListPage(MISS)
            return ListPage(HIT, ids, self._load_states(ids, reply[2]))
        return ListPage(status, lease=reply[1] if status == MISS else None)

    def _load_states(self, ids: Sequence[int], values: list[bytes | None]) -> list[bytes | None]:
        if client.is_cluster and ids and self.state_prefix:
            try:
                values = client.get_many([tagged(self.state_prefix.removesuffix(":"), id) for id in ids])
            except RedisUnavailable:
                values = []
        return values or [None] * len(ids)

    def _forget(self, owner_id: int) -> None:
        try:
            self.drop([owner_id])
        except RedisUnavailable:
            # The next reader finds it again.
            pass

    def read_arguments(self, before: int | None, after: int | None, limit: int) -> list[str | int]:
        """
        Return the arguments of READ; the fifth is the token of the lease that a miss may take.
        """
        bounds = [before or 0, after or 0, limit, settings.MAX_CACHED_IDS]
        return [*bounds, os.urandom(8).hex(), LEASE_MILLISECONDS, "" if client.is_cluster else self.state_prefix]

    def load(
        self,
        owner_id: int,
        *,
        before: int | None,
        after: int | None,
        limit: int,
        fetch: Fetch,
        fetch_beyond: Fetch | None = None,
    ) -> list[tuple[int, bytes | None]]:
        """
        Return up to `limit` pairs (id, value of its state key or None) with after < id < before, newest first.

        One round trip if the list is cached. On a miss the list is built from the newest ids of
        the database. A page beyond its end comes from the database alone.

        :param fetch: fetch(before, after, limit) -> ids from the database, newest first.
        :param fetch_beyond: the same for a page beyond the end of a cached list, where ids may be seconds old.
        """
        page = self.read(owner_id, before=before, after=after, limit=limit)
        if page.status == HIT:
            return list(zip(page.ids, page.states))
        if page.status == BEYOND and fetch_beyond:
            return [(id, None) for id in fetch_beyond(before, after, limit)]
        if page.lease:
            newest = fetch(None, None, settings.MAX_CACHED_IDS)
            self.store(owner_id, newest, page.lease)
            ids = [id for id in newest if (before is None or id < before) and (after is None or id > after)][:limit]
            if len(ids) == limit or len(newest) < settings.MAX_CACHED_IDS:
                return [(id, None) for id in ids]
        return [(id, None) for id in fetch(before, after, limit)]

    def read_all(self, owner_ids: Sequence[int]) -> dict[int, list[int] | None]:
        """
        Return {owner id: all ids of their list} for the lists that exist. Changes nothing.

        None stands for a value that is not a list of ids. One round trip for each `LISTS_AT_ONCE` owners; {} without
        Redis.

        :raises RedisUnavailable: Redis did not reply.
        """
        found: dict[int, list[int] | None] = {}
        for start in range(0, len(owner_ids) if settings.REDIS_URL else 0, LISTS_AT_ONCE):
            piece = owner_ids[start : start + LISTS_AT_ONCE]
            for owner_id, texts in zip(
                piece, client.run_for_keys(READ_ALL, [self.key(owner_id) for owner_id in piece], [], [])
            ):
                if texts:
                    found[owner_id] = [] if texts == [NOTHING.encode()] else parse_ids(texts)
        return found

    def store(self, owner_id: int, ids: Sequence[int], lease: str | bytes) -> None:
        """
        Fill the list from the database's newest `MAX_CACHED_IDS` ids, unless `lease` has ended.
        """
        values: Sequence[int | str] = ids[: settings.MAX_CACHED_IDS] or [NOTHING]
        try:
            client.run(STORE, [self.key(owner_id)], [lease, settings.LIST_CACHE_SECONDS, *values])
        except RedisUnavailable:
            pass

    def push(self, owner_ids: Iterable[int], id: int) -> None:
        """
        Insert `id` in its place in those lists that exist. Repeats safely.

        :raises RedisUnavailable: the lists may lack it; the caller must try again later.
        """
        push_entries(self.entries(owner_ids, id))

    def remove(self, owner_ids: Iterable[int], id: int) -> None:
        """
        Remove `id` from those lists that exist. Repeats safely.

        :raises RedisUnavailable: the lists may still hold it.
        """
        remove_entries(self.entries(owner_ids, id))

    def drop(self, owner_ids: Iterable[int]) -> None:
        """
        Delete whole lists, and the leases of readers that are filling them; the next read rebuilds them.

        :raises RedisUnavailable: the lists may still be there.
        """
        drop_keys(self.keys(owner_ids))

    def keys(self, owner_ids: Iterable[int]) -> list[str]:
        """
        Return the keys of these owners' lists and leases, so that `drop_keys` can delete several kinds at once.
        """
        return [key for owner_id in owner_ids for key in (self.key(owner_id), f"{self.key(owner_id)}:lease")]

    def entries(self, owner_ids: Iterable[int], id: int) -> list[tuple[str, int]]:
        """
        Return what `push_entries` and `remove_entries` take: `id` for the list of each of these owners.
        """
        key = self.key if client.is_cluster else f"{self.name}:{{}}".format
        return [(key(owner_id), id) for owner_id in owner_ids]


def drop_keys(keys: Sequence[str]) -> None:
    """
    Delete these keys, lists and leases. One round trip; none without Redis.

    :raises RedisUnavailable: they may still exist.
    """
    if keys and settings.REDIS_URL:
        client.delete_many(keys)


def push_entries(entries: Sequence[tuple[str, int]]) -> None:
    """
    Insert ids in their places in existing lists of any kind: pairs (key, id). Repeats safely.

    :raises RedisUnavailable: the lists may lack them; the caller must try again later.
    """
    _change(PUSH, entries)


def remove_entries(entries: Sequence[tuple[str, int]]) -> None:
    """
    Remove ids from existing lists of any kind: pairs (key, id). Repeats safely.

    :raises RedisUnavailable: the lists may still hold them.
    """
    _change(REMOVE, entries)


def _change(script: Script, entries: Sequence[tuple[str, int]]) -> None:
    # In pieces, so that no script blocks Redis for long.
    for start in range(0, len(entries) if settings.REDIS_URL else 0, CHANGED_AT_ONCE):
        piece = entries[start : start + CHANGED_AT_ONCE]
        client.run_for_keys(script, [key for key, _ in piece], [settings.MAX_CACHED_IDS], [id for _, id in piece])

"""
Many lists of ids read as one: the newest ids of all that a reader's list of sources names, merged by Redis itself.

A list of sources says whose lists are merged into one reader's pages, and from which id on each of them counts. It is
filled under a lease, like the lists themselves (lists.py), and dropped by every verb that changes what it is made from.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.conf import settings

from utils.caching.records import parse_ids
from utils.caching.redis.client import RedisUnavailable, client
from utils.caching.redis.list_scripts import MERGE, STORE
from utils.caching.redis.lists import HIT, MISS, NOTHING, Fetch, IdList
from utils.observability.metrics import count_reads

ABSENT = "absent"
# How many lists one request builds. If more are missing, the next requests build the others.
FILLED_AT_ONCE = 20
# Stored instead of the sources if there are too many to merge.
TOO_MANY = "many"

# (owner of a list, the oldest of its ids that counts).
Source = tuple[int, int]


class MergedLists:
    """
    The lists of one kind merged for each reader, whose sources are in a list such as `feed_followees:{reader_id}`.

    On a Redis Cluster the lists of one reader are in several slots, and no script can read them together. There, and
    without Redis, every page comes from the database.

    :param lists: what is merged; its `state_prefix` is read for each id of a page.
    :param seconds: for how long a list of sources is cached; 0 for not at all.
    """

    def __init__(self, name: str, lists: IdList, *, seconds: int) -> None:
        self.name = name
        self.lists = lists
        self.seconds = seconds

    def keys(self, reader_ids: Iterable[int]) -> list[str]:
        """
        Return the keys of these readers' lists of sources, and of their leases; none on a cluster.
        """
        keys = [] if client.is_cluster else [f"{self.name}:{reader_id}" for reader_id in reader_ids]
        return [key for own in keys for key in (own, f"{own}:lease")]

    def load(
        self,
        reader_id: int,
        *,
        before: int | None,
        after: int | None,
        limit: int,
        max_sources: int,
        get_sources: Callable[[int, int], Sequence[Source]],
        get_newest: Callable[[Sequence[int], int], dict[int, list[int]]],
        fetch: Fetch,
    ) -> list[tuple[int, bytes | None]]:
        """
        Return up to `limit` pairs (id, value of its state key or None) with after < id < before, newest first.

        One round trip if the sources and their lists are cached. Otherwise the missing ones are built, the lists of
        FILLED_AT_ONCE owners at most, and the page comes from the database.

        :param max_sources: if there are more, they are not merged, and every page comes from the database.
        :param get_sources: get_sources(reader id, limit) -> up to `limit` sources from the database.
        :param get_newest: get_newest(owner ids, count) -> {owner id: their newest ids} from the database.
        :param fetch: fetch(before, after, limit) -> ids of the merged lists from the database, newest first.
        """
        answer = self._read(reader_id, before, after, limit)
        if answer[0] == MISS and answer[1]:
            sources = get_sources(reader_id, max_sources + 1)
            values = [number for source in sources for number in source] if len(sources) <= max_sources else [TOO_MANY]
            values = values or [NOTHING]
            self._store(reader_id, values, answer[1])
            answer = self._read(reader_id, before, after, limit)
        count_reads("lists", hits=answer[0] == HIT, misses=answer[0] != HIT)
        if answer[0] == HIT and (ids := parse_ids(answer[1])) is not None:
            return list(zip(ids, answer[2]))
        if answer[0] == ABSENT and answer[1]:
            owner_ids = [int(owner_id) for owner_id in answer[1]]
            for owner_id, newest in get_newest(owner_ids, settings.MAX_CACHED_IDS).items():
                self.lists.store(owner_id, newest, answer[-1])
        return [(id, None) for id in fetch(before, after, limit)]

    # `Any`: a script's reply. It begins with a status and ends with the token of the leases that it took.
    def _read(self, reader_id: int, before: int | None, after: int | None, limit: int) -> list[Any]:
        arguments = self.lists.read_arguments(before, after, limit)
        if client.is_cluster:
            return [MISS, None]
        try:
            status, *rest = client.run(
                MERGE, [f"{self.name}:{reader_id}"], [*arguments, f"{self.lists.name}:", FILLED_AT_ONCE]
            )
        except RedisUnavailable:
            return [MISS, None]
        return [status.decode(), *rest, arguments[4]]

    def _store(self, reader_id: int, values: Sequence[int | str], lease: bytes) -> None:
        if not self.seconds:
            return
        try:
            client.run(STORE, [f"{self.name}:{reader_id}"], [lease, self.seconds, *values])
        except RedisUnavailable:
            pass

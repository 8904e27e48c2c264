"""
The caches of tweets.

Memcached  `tweet:{id}:{version}`   the tweet's record; it never changes, so it cannot be stale
Redis      `tweet_state:{id}`       revision, version, author, counters, deleted: one short string
Redis      `user_tweets:{user_id}`  the newest ids of an author

A record from Memcached is used only together with a state from Redis. A deletion marks the tweet in
both, so a deleted tweet stays hidden even if one of them was away.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, Self, cast

import orjson
from django.conf import settings

from accounts.read_ahead import READ_CALLER, Caller, read_with_caller
from tweets.constants import STATE_SECONDS, TWEET_CACHE_SECONDS, PhotoStatus
from tweets.models import Tweet, TweetPhoto
from tweets.records import TweetRecord
from utils.caching.memcached.objects import Lookup, fill, invalidate
from utils.caching.records import RecordShape, are_id_rows
from utils.caching.redis.client import RedisUnavailable, Script, client
from utils.caching.redis.cluster import tagged
from utils.caching.redis.list_scripts import READ
from utils.caching.redis.lists import IdList
from utils.caching.redis.prefetching import Known
from utils.database.time_ids import MAX_ID, format_time

STATE_PREFIX = "tweet_state:"
# How many earlier versions are invalidated too, because several changes may come at the same moment.
OLD_VERSIONS = 3
TWEET = RecordShape(id=int, user_id=int, created_at=str, content=str, photos=list)

user_tweets = IdList("user_tweets", state_prefix=STATE_PREFIX)

# A state older than the one in Redis changes nothing, so readers and writers may come in any order.
# A value that is not a state counts as older than any.
PUT_STATES = Script(
    "put_states",
    """
local function revision(state)
    local ok, list = pcall(cjson.decode, state)
    if not ok or type(list) ~= 'table' or #list ~= 6 then return -1 end
    for _, number in ipairs(list) do
        if type(number) ~= 'number' then return -1 end
    end
    return list[1]
end
for index, key in ipairs(KEYS) do
    local new = ARGV[index + 1]
    if revision(redis.pcall('GET', key)) < revision(new) then redis.call('SET', key, new, 'EX', ARGV[1]) end
end
return 1
""",
)

# The caller, and what the page of a tweet or of an author's tweets reads: the same for everybody.
READ_TWEET = Script(
    "read_tweet",
    "return {read_caller({KEYS[1]}, ARGV), redis.call('MGET', KEYS[2])}",
    includes=[READ_CALLER],
)
READ_TIMELINE = Script(
    "read_timeline",
    "return {read_caller({KEYS[1]}, ARGV), read_list({KEYS[2]}, {unpack(ARGV, 7)})}",
    includes=[READ_CALLER, READ],
)


class TweetState(NamedTuple):
    """
    The part of a tweet that changes, stored in Redis as one short JSON list.
    """

    revision: int
    version: int
    user_id: int
    comments_count: int
    likes_count: int
    is_deleted: int

    @classmethod
    def from_tweet(cls, tweet: Tweet) -> Self:
        return cls(
            tweet.revision,
            tweet.version,
            tweet.user_id,
            tweet.comments_count,
            tweet.likes_count,
            int(tweet.deleted_at is not None),
        )

    def __str__(self) -> str:
        return json.dumps(self, separators=(",", ":"))


def parse_states(raw: Sequence[bytes | None]) -> list[TweetState | None]:
    """
    Return the states of Redis' values, None for each value that is missing or not a state. One parse per page.
    """
    present = [value for value in raw if value is not None]
    try:
        known = orjson.loads(b"[" + b",".join(present) + b"]")
    except orjson.JSONDecodeError:
        known = []
    if len(known) == len(present) and are_id_rows(known, len(TweetState._fields)):
        states = map(TweetState._make, known)
        return [None if value is None else next(states) for value in raw]
    # One of them is damaged or was written by another release. It becomes None and is read from the database.
    return [parse_states([value])[0] for value in raw] if len(raw) > 1 else [None] * len(raw)


def state_key(tweet_id: int) -> str:
    return tagged(STATE_PREFIX.removesuffix(":"), tweet_id) if client.is_cluster else f"{STATE_PREFIX}{tweet_id}"


def tweet_key(tweet_id: int, version: int) -> str:
    return f"tweet:{tweet_id}:{version}"


def to_record(tweet: Tweet, photos: list[list[str]]) -> TweetRecord:
    """
    Return the record of a tweet with these photos, pairs [key, status].
    """
    return {
        "id": tweet.id,
        "user_id": tweet.user_id,
        "created_at": format_time(tweet.created_at),
        "content": tweet.content,
        "photos": photos,
    }


def is_tweet(value: Any) -> bool:
    """
    Return whether a cached value is the record of a tweet.
    """
    if not TWEET.matches(value) or not 0 < value["user_id"] <= MAX_ID:
        return False
    photos = value["photos"]
    return not photos or all(type(photo) is list and [*map(type, photo)] == [str, str] for photo in photos)


def get_photos(tweet_ids: Collection[int]) -> dict[int, list[list[str]]]:
    """
    Return {tweet id: [[key, status]]} in the order of their positions, without rejected photos; one query.
    """
    photos: dict[int, list[list[str]]] = {}
    shown = TweetPhoto.objects.filter(tweet_id__in=tweet_ids).exclude(status=PhotoStatus.REJECTED)
    for photo in shown.order_by("tweet_id", "position").only("tweet_id", "key", "status"):
        # `cast`: the filter leaves out photos without a tweet.
        photos.setdefault(cast("int", photo.tweet_id), []).append([photo.key, photo.status])
    return photos


def get_tweets(
    states: dict[int, TweetState], records: dict[int, TweetRecord], tweet_ids: Collection[int]
) -> dict[int, TweetRecord]:
    """
    Read tweets with their states and photos from the database: two queries.

    Returns {id: record} of the tweets that are not deleted. The states are written to Redis.

    :param states, records: what was found is added to these, too.
    """
    loaded: dict[int, TweetRecord] = {}
    photos = get_photos(tweet_ids)
    for tweet in Tweet.objects.filter(id__in=tweet_ids):
        states[tweet.id] = TweetState.from_tweet(tweet)
        if tweet.deleted_at is None:
            loaded[tweet.id] = to_record(tweet, photos.get(tweet.id, []))
    records.update(loaded)
    put_states({id: states[id] for id in tweet_ids if id in states})
    return loaded


def fill_tweet(tweet: Tweet, record: TweetRecord) -> None:
    """
    Cache the record of a tweet, unless the tweet was deleted meanwhile. One round trip.
    """
    fill({tweet_key(tweet.id, tweet.version): record}, TWEET_CACHE_SECONDS)


class TweetBatch:
    """
    Reads the tweets of one page through the caches.

    :param states: {id: TweetState or None}, as Redis returned them.
    """

    def __init__(self, states: Mapping[int, TweetState | None]) -> None:
        self.states = {id: state for id, state in states.items() if state}
        self.fresh: dict[int, TweetRecord] = {}
        unknown = [id for id, state in states.items() if state is None]
        load = partial(get_tweets, self.states, self.fresh)
        if unknown:
            loaded = load(unknown)
            fill({tweet_key(id, self.states[id].version): record for id, record in loaded.items()}, TWEET_CACHE_SECONDS)
        keys = {
            id: tweet_key(id, state.version)
            for id, state in self.states.items()
            if not state.is_deleted and id not in self.fresh
        }
        self.lookup = Lookup(keys, load, is_tweet, TWEET_CACHE_SECONDS)

    @property
    def records(self) -> dict[int, TweetRecord]:
        """
        Return {id: record} of the tweets that are not deleted, after `lookup` was read.
        """
        return self.lookup.found | self.fresh


def load_states(tweet_ids: Sequence[int]) -> dict[int, TweetState | None]:
    """
    Return {id: TweetState or None} from Redis in one round trip; all are None if Redis is away.
    """
    if not tweet_ids:
        return {}
    try:
        raw = client.get_many([state_key(id) for id in tweet_ids])
    except RedisUnavailable:
        raw = [None] * len(tweet_ids)
    return dict(zip(tweet_ids, parse_states(raw)))


def read_tweet_ahead(caller: Caller, rate: str, *, tweet_id: int) -> Known | None:
    """
    Return the replies to what the page of a tweet will ask Redis: {(script name, key): reply}. One round trip.

    None without Redis and on a cluster.
    """
    answer = read_with_caller(READ_TWEET, caller, rate, keys=[state_key(tweet_id)])
    return answer and answer[0] | {("MGET", state_key(tweet_id)): answer[1][0]}


def read_timeline_ahead(caller: Caller, rate: str, *, user_id: int, limit: int) -> Known | None:
    """
    The same for the first page of a user's tweets.
    """
    arguments = user_tweets.read_arguments(None, None, limit)
    answer = read_with_caller(READ_TIMELINE, caller, rate, keys=[user_tweets.key(user_id)], arguments=arguments)
    return answer and answer[0] | {(READ.name, user_tweets.key(user_id)): answer[1][0]}


def put_states(states: Mapping[int, TweetState]) -> bool:
    """
    Write the states of tweets to Redis and return whether it confirmed. One round trip.

    A state older than the one in Redis changes nothing.
    """
    if not states or not settings.REDIS_URL:
        return True
    keys = [state_key(id) for id in states]
    try:
        client.run_for_keys(PUT_STATES, keys, [STATE_SECONDS], [str(state) for state in states.values()])
    except RedisUnavailable:
        return False
    return True


def replace_versions(tweet: Tweet) -> bool:
    """
    Make readers stop using earlier versions of a tweet, after a deletion or a change of photos.

    Returns whether at least one of the two caches confirmed it, which is enough. Where no Redis is
    configured, every page reads states from the database, so nothing needs to be confirmed.
    """
    in_redis = put_states({tweet.id: TweetState.from_tweet(tweet)})
    old = range(max(1, tweet.version - OLD_VERSIONS), tweet.version)
    in_memcached = invalidate(*[tweet_key(tweet.id, version) for version in old], seconds=STATE_SECONDS)
    return in_redis or in_memcached

"""
What the caches hold of tweets.

Memcached  `tweet:{id}:{version}`   what the tweet says; never changes, so it cannot be stale
Redis      `tweet_state:{id}`       revision, version, author, counters, deleted: one short string
Redis      `user_tweets:{user_id}`  the newest ids of an author

A page that is served from Memcached is believed only beside a state from Redis: a deletion
leaves its mark in both, so that one of them being away cannot show what is gone.
"""

import json
from functools import partial
from typing import Any, NamedTuple

import orjson
from django.conf import settings

from tweets.constants import STATE_SECONDS, TWEET_CACHE_SECONDS, PhotoStatus
from tweets.models import Tweet, TweetPhoto
from utils.caching.memcached.objects import Lookup, fill, invalidate
from utils.caching.records import RecordShape, are_id_rows
from utils.caching.redis.client import RedisUnavailable, Script, client
from utils.caching.redis.lists import IdList
from utils.database.time_ids import MAX_ID, format_time

STATE_PREFIX = "tweet_state:"
# Changes that may fall into one moment.
OLD_VERSIONS = 3
TWEET = RecordShape(id=int, user_id=int, created_at=str, content=str, photos=list)

user_tweets = IdList("user_tweets", companion_prefix=STATE_PREFIX)

# A state that is older than the one that is there changes nothing: readers and writers may come in any order.
# What is no state is older than any.
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


class TweetState(NamedTuple):
    """
    What changes about a tweet, as one short JSON list in Redis.
    """

    revision: int
    version: int
    user_id: int
    comments_count: int
    likes_count: int
    is_deleted: int

    @classmethod
    def of(cls, tweet):
        return cls(
            tweet.revision,
            tweet.version,
            tweet.user_id,
            tweet.comments_count,
            tweet.likes_count,
            int(tweet.deleted_at is not None),
        )

    def __str__(self):
        return json.dumps(self, separators=(",", ":"))


def parse_states(raw):
    """
    Return the states of Redis' values, None of each that it did not have or that is none. One parse for all of a page.
    """
    there = [value for value in raw if value is not None]
    try:
        known = orjson.loads(b"[" + b",".join(there) + b"]")
    except orjson.JSONDecodeError:
        known = []
    if len(known) == len(there) and are_id_rows(known, len(TweetState._fields)):
        states = map(TweetState._make, known)
        return [None if value is None else next(states) for value in raw]
    # Another release has written one of them, or a fault: of that one the database knows.
    return [parse_states([value])[0] for value in raw] if len(raw) > 1 else [None] * len(raw)


def tweet_key(tweet_id, version):
    return f"tweet:{tweet_id}:{version}"


def tweet_record(tweet, photos):
    """
    Return what a tweet says: {id, user_id, created_at, content, photos: [[key, status]]}.
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
    Say whether a cached value is the record of a tweet.
    """
    if not TWEET.matches(value) or not 0 < value["user_id"] <= MAX_ID:
        return False
    photos = value["photos"]
    return not photos or all(type(photo) is list and [*map(type, photo)] == [str, str] for photo in photos)


def load_photos(tweet_ids):
    """
    Return {tweet id: [[key, status]]} in the order of their positions, without rejected ones; one query.
    """
    photos = {}
    shown = TweetPhoto.objects.filter(tweet_id__in=tweet_ids).exclude(status=PhotoStatus.REJECTED)
    for photo in shown.order_by("tweet_id", "position").only("tweet_id", "key", "status"):
        photos.setdefault(photo.tweet_id, []).append([photo.key, photo.status])
    return photos


def load_tweets(states, records, tweet_ids):
    """
    Read tweets with their states and photos from the database: two queries. Returns {id: record} of what is there.

    :param states, records: where what was found is noted too; Redis is told the states.
    """
    loaded, photos = {}, load_photos(tweet_ids)
    for tweet in Tweet.objects.filter(id__in=tweet_ids):
        states[tweet.id] = TweetState.of(tweet)
        if tweet.deleted_at is None:
            loaded[tweet.id] = tweet_record(tweet, photos.get(tweet.id, []))
    records.update(loaded)
    put_states({id: states[id] for id in tweet_ids if id in states})
    return loaded


def fill_tweet(tweet: Tweet, record: dict[str, Any]) -> None:
    """
    Cache what a tweet says; a deletion that came before wins. One round trip.
    """
    fill({tweet_key(tweet.id, tweet.version): record}, TWEET_CACHE_SECONDS)


class TweetBatch:
    """
    The tweets of one page on their way through the caches.

    :param states: {id: TweetState or None}, what Redis knew.
    """

    def __init__(self, states):
        self.states = {id: state for id, state in states.items() if state}
        self.fresh = {}
        unknown = [id for id, state in states.items() if state is None]
        load = partial(load_tweets, self.states, self.fresh)
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
    def records(self):
        """
        Return {id: record} of those that are there, once the lookup was read.
        """
        return self.lookup.found | self.fresh


def load_states(tweet_ids):
    """
    Return {id: TweetState or None} from Redis: one round trip; all None without it.
    """
    if not tweet_ids:
        return {}
    try:
        raw = client.call("MGET", *[f"{STATE_PREFIX}{id}" for id in tweet_ids])
    except RedisUnavailable:
        raw = [None] * len(tweet_ids)
    return dict(zip(tweet_ids, parse_states(raw)))


def put_states(states):
    """
    Tell Redis the states of tweets; an older state than the one there changes nothing. Says whether Redis confirmed.
    """
    if not states or not settings.REDIS_URL:
        return True
    keys = [f"{STATE_PREFIX}{id}" for id in states]
    try:
        client.run(PUT_STATES, keys, [STATE_SECONDS, *map(str, states.values())])
    except RedisUnavailable:
        return False
    return True


def replace_versions(tweet):
    """
    Make readers leave the versions before this one behind, after a deletion or a change of photos.

    Says whether at least one of the two caches confirmed it, which is enough. Without a Redis every
    page asks the database for states, so nothing needs to be confirmed.
    """
    in_redis = put_states({tweet.id: TweetState.of(tweet)})
    old = range(max(1, tweet.version - OLD_VERSIONS), tweet.version)
    in_memcached = invalidate(*[tweet_key(tweet.id, version) for version in old], seconds=STATE_SECONDS)
    return in_redis or in_memcached

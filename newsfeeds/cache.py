"""
Feeds in Redis.

`user_newsfeeds:{user_id}`  the newest tweet ids of each feed that is delivered and read
`feed_followees:{user_id}`  whose timelines are merged when a feed is read, where feeds are pulled
`feed_pulled:{user_id}`     those followees whose tweets are pulled, where those of others are pushed
"""

from collections.abc import Collection, Sequence

from django.conf import settings

from accounts.read_ahead import READ_CALLER, Caller, read_with_caller
from newsfeeds.constants import PULLED_SOURCES_SECONDS
from tweets.cache import PUT_STATES, STATE_PREFIX, TweetState, put_states, state_key, user_tweets
from tweets.constants import STATE_SECONDS
from tweets.models import Tweet
from utils.caching.redis.client import Script, client
from utils.caching.redis.list_scripts import PUSH, READ
from utils.caching.redis.lists import IdList, drop_keys, push_entries
from utils.caching.redis.merged import MergedLists
from utils.caching.redis.prefetching import Known

# The states of a page's tweets come with its ids, in the same round trip.
user_newsfeeds = IdList("user_newsfeeds", state_prefix=STATE_PREFIX)
# The timelines of everybody whom a reader follows, and the reader's own.
feed_followees = MergedLists("feed_followees", user_tweets, seconds=settings.LIST_CACHE_SECONDS)
# The timelines of followees whose tweets are pulled. An author who becomes one is not announced to every follower:
# within so long all of them know.
feed_pulled = MergedLists("feed_pulled", user_tweets, seconds=PULLED_SOURCES_SECONDS)

# With the caller, who says whose feed it is.
READ_HOME = Script(
    "read_home",
    """
local caller = read_caller(KEYS, ARGV)
if not caller[2] or ARGV[7] == '' then return {caller} end
local list = ARGV[7] .. caller[3]
return {caller, list, read_list({list}, {unpack(ARGV, 8)})}
""",
    includes=[READ_CALLER, READ],
)

# For a new tweet: its state, and its id on its author's lists.
PUSH_POSTED = Script(
    "push_posted",
    """
put_states({KEYS[1]}, {ARGV[1], ARGV[2]})
return push_to_lists({unpack(KEYS, 2)}, {unpack(ARGV, 3)})
""",
    includes=[PUT_STATES, PUSH],
)


def drop_feeds(user_ids: Collection[int]) -> None:
    """
    Forget what is cached of these readers' feeds, so that it is read anew. One round trip.

    :raises RedisUnavailable: it may still be there.
    """
    drop_keys([*user_newsfeeds.keys(user_ids), *feed_followees.keys(user_ids), *feed_pulled.keys(user_ids)])


def push_posted(tweet: Tweet, own_lists: Sequence[tuple[str, int]]) -> None:
    """
    Cache a tweet that was just posted: its state, and its id on its author's lists where they exist. One round trip.

    :param own_lists: pairs (key, id) of `IdList.entries`.
    :raises RedisUnavailable: the lists may lack it; the handler of its event pushes it again.
    """
    if client.is_cluster:
        # On a cluster, the tweet and its author are in different buckets.
        put_states({tweet.id: TweetState.from_tweet(tweet)})
        push_entries(own_lists)
    elif settings.REDIS_URL:
        keys = [state_key(tweet.id), *(key for key, _ in own_lists)]
        state = str(TweetState.from_tweet(tweet))
        client.run(PUSH_POSTED, keys, [STATE_SECONDS, state, settings.MAX_CACHED_IDS, *(id for _, id in own_lists)])


def read_home_ahead(caller: Caller, rate: str, *, limit: int, reads_list: bool) -> Known | None:
    """
    Return the replies to what a home feed's first page will ask Redis: {(script name, key): reply}. One round trip.

    None without Redis and on a cluster.

    :param reads_list: whether the page comes from the reader's cached list.
    """
    arguments = [f"{user_newsfeeds.name}:" if reads_list else "", *user_newsfeeds.read_arguments(None, None, limit)]
    answer = read_with_caller(READ_HOME, caller, rate, arguments=arguments)
    if answer is None:
        return None
    known, rest = answer
    if rest:
        list_key, page = rest
        known[READ.name, list_key.decode()] = page
    return known

"""
Feeds in Redis.

`user_newsfeeds:{user_id}`  the newest tweet ids of each feed that is delivered and read
`feed_followees:{user_id}`  whose timelines are merged when a feed is read, where feeds are pulled
`feed_pulled:{user_id}`     those followees whose tweets are pulled, where those of others are pushed
"""

from collections.abc import Collection, Sequence
from typing import Any

from django.conf import settings

from accounts.cache import WITH_ACCOUNT, with_account_arguments
from newsfeeds.constants import PULLED_SOURCES_SECONDS
from tweets.cache import PUT_STATES, STATE_PREFIX, TweetState, put_states, state_key, user_tweets
from tweets.constants import STATE_SECONDS
from tweets.models import Tweet
from utils.caching.redis.backend import COUNT
from utils.caching.redis.client import RedisUnavailable, Script, client
from utils.caching.redis.list_scripts import PUSH, READ
from utils.caching.redis.lists import IdList, drop_keys, push_entries
from utils.caching.redis.merged import MergedLists

# The states of a page's tweets come with its ids, in the same round trip.
user_newsfeeds = IdList("user_newsfeeds", state_prefix=STATE_PREFIX)
# The timelines of everybody whom a reader follows, and the reader's own.
feed_followees = MergedLists("feed_followees", user_tweets, seconds=settings.LIST_CACHE_SECONDS)
# The timelines of followees whose tweets are pulled. An author who becomes one is not announced to every follower:
# within so long all of them know.
feed_pulled = MergedLists("feed_pulled", user_tweets, seconds=PULLED_SOURCES_SECONDS)

# Authentication (and so whose feed it is), the count of the rate limit, and the first page of ids: three round trips
# where they are used, one here. The same checks apply to the results.
READ_HOME = Script(
    "read_home",
    """
local raw, account, user_id = unpack(with_account(KEYS, {ARGV[1], ARGV[2]}))
if not account then return {raw, account} end
local list, page = ARGV[3] .. user_id, false
if ARGV[3] ~= '' then page = read_list({list}, {unpack(ARGV, 8)}) end
if ARGV[4] == '' then return {raw, account, list, page} end
local rate = ARGV[4] .. redis.sha1hex(ARGV[5] .. user_id .. ARGV[6])
return {raw, account, list, page, rate, count_request({rate}, {ARGV[7]})}
""",
    includes=[WITH_ACCOUNT, READ, COUNT],
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


def read_home_ahead(
    credential: tuple[str, str], rate_key: tuple[str, str, str, int] | None, limit: int, *, reads_list: bool
) -> dict[tuple[str, str], Any] | None:
    """
    Return the results of the calls that a home feed's first page will make: {(script name, key): result}.

    One round trip. None without Redis, and on a cluster, where the keys are on several
    servers and each part is read by itself.

    :param credential: (key, field of the user's id) of a session or a token.
    :param rate_key: (prefix, head, tail, milliseconds) of the counter's key, whose middle
        is the user's id; None if nothing is counted.
    :param reads_list: whether the page comes from the reader's cached list.
    """
    if client.is_cluster:
        return None
    key, id_field = credential
    prefix, head, tail, milliseconds = rate_key or ("", "", "", 0)
    lists = f"{user_newsfeeds.name}:" if reads_list else ""
    arguments: list[str | int] = [*with_account_arguments(id_field), lists, prefix, head, tail, milliseconds]
    try:
        answer = client.run(READ_HOME, [key], [*arguments, *user_newsfeeds.read_arguments(None, None, limit)])
    except RedisUnavailable:
        return None
    known = {(WITH_ACCOUNT.name, key): answer[:2]}
    if len(answer) > 2 and answer[3]:
        known[READ.name, answer[2].decode()] = answer[3]
    if len(answer) > 4:
        known[COUNT.name, answer[4].decode()] = answer[5]
    return known

"""
What a read asks Redis, asked at once before the view runs: who the caller is, the count of the rate limit, and the
first thing that the view reads.

Each of these asks by itself later, checks what it gets, and finds the reply already there (`prefetched`).
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

from django.conf import settings
from django.http import HttpRequest

from accounts.cache import WITH_ACCOUNT, credential_key, with_account_arguments
from utils.api.parameters import presented_token
from utils.api.throttling import counter_key_by_user
from utils.caching.redis.backend import COUNT
from utils.caching.redis.client import Argument, RedisUnavailable, Script, client
from utils.caching.redis.prefetching import Known

# Takes the arguments of WITH_ACCOUNT and of a counter's key; a script that includes it has its own from the seventh on.
READ_CALLER = Script(
    "read_caller",
    """
-- Returns {session or token, account, user id, key of the counter, count}, only what is known of it.
local raw, account, user_id = unpack(with_account(KEYS, {ARGV[1], ARGV[2]}))
if not account then return {raw, false} end
if ARGV[3] == '' then return {raw, account, user_id} end
local rate = ARGV[3] .. redis.sha1hex(ARGV[4] .. user_id .. ARGV[5])
return {raw, account, user_id, rate, count_request({rate}, {ARGV[6]})}
""",
    includes=[WITH_ACCOUNT, COUNT],
)


class Caller(NamedTuple):
    """
    Whom a request seems to come from: the key of its token or session in Redis, and the field that names the user there.

    It proves nothing; it only says what to prefetch.
    """

    key: str
    id_field: str


def read_ahead(
    request: HttpRequest, rate: str, read: Callable[[Caller, str], Known | None]
) -> Callable[[], Known | None] | None:
    """
    Return what a view's `read_ahead` returns: a function that asks Redis once, None for a request without credentials.

    :param rate: the name of the view's limit in settings.RATES.
    :param read: read(caller, rate) -> {(script name, key): reply}, by `read_with_caller`.
    """
    credential = credential_key(presented_token(request), request.COOKIES.get(settings.SESSION_COOKIE_NAME))
    return None if credential is None else partial(read, Caller(*credential), rate)


# Any: what a script returns depends on the script.
def read_with_caller(
    script: Script, caller: Caller, rate: str, *, keys: Sequence[str] = (), arguments: Sequence[Argument] = ()
) -> tuple[Known, list[Any]] | None:
    """
    Run a script that returns {result of READ_CALLER, …}. One round trip.

    Returns ({(script name, key): reply}, the rest of what the script returned). None without Redis, and on a cluster,
    where the keys are on several servers and each part is read by itself.

    :param keys: the script's own, from the second on.
    :param arguments: the script's own, from the seventh on.
    """
    if client.is_cluster:
        return None
    counter = counter_key_by_user(rate) or ("", "", "", 0)
    common: list[Argument] = [*with_account_arguments(caller.id_field), *counter, *arguments]
    try:
        (raw, account, *counted), *rest = client.run(script, [caller.key, *keys], common)
    except RedisUnavailable:
        return None
    known: Known = {(WITH_ACCOUNT.name, caller.key): [raw, account]}
    if len(counted) > 1:
        _, rate_key, count = counted
        known[COUNT.name, rate_key.decode()] = count
    return known, rest

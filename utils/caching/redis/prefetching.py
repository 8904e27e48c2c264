"""
Replies of Redis that were read ahead of the calls that will ask for them.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

Known = dict[tuple[str, str], Any]

# {(script or MGET, first key): reply} of a composite call, for the calls that it replaces (`prefetched`).
replies: ContextVar[Known | None] = ContextVar("redis_replies", default=None)


# Any: a reply depends on what was asked.
def take_known(name: str, keys: Sequence[str]) -> Any:
    """
    Return the prefetched reply to a script, or to MGET of one key, and forget it; None if there is none.
    """
    return known.pop((name, keys[0]), None) if (known := replies.get()) and keys else None


@contextmanager
def prefetched(known: Known | None) -> Iterator[None]:
    """
    Let the calls inside the block take their replies from `known`, each once: {(script name or MGET, first key): reply}.
    """
    token = replies.set(known)
    try:
        yield
    finally:
        replies.reset(token)

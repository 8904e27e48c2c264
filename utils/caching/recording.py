"""
What a request has read, recorded so that a later one can find out whether it would read the same (utils/api/unchanged.py).

A recording has what was read ahead of the view and the replies of Memcached. Whatever else a response depends on or causes
says so by `note_unrecorded`: the database, HBase, any other call to Redis, what a process remembers or counts.
"""

from contextvars import ContextVar
from hashlib import blake2b

DIGEST_BYTES = 16


class Recording:
    """
    What one request has read so far.

    `commands`, `replies`  those of Memcached
    `expires_at`           when something that was read ends by itself, as the API writes times; None if nothing does
    `has_unrecorded`       whether the recording lacks something
    """

    def __init__(self) -> None:
        self.commands: list[bytes] = []
        self.replies: list[bytes] = []
        self.expires_at: str | None = None
        self.has_unrecorded = False


recording: ContextVar[Recording | None] = ContextVar("recording", default=None)


def note_memcached_read(command: bytes, reply: bytes) -> None:
    """
    Record a command of Memcached and its reply.
    """
    if current := recording.get():
        current.commands.append(command)
        current.replies.append(reply)


def note_expiry(expires_at: str) -> None:
    """
    Record that what was read counts until this moment only.
    """
    if current := recording.get():
        current.expires_at = min(current.expires_at or expires_at, expires_at)


def note_unrecorded() -> None:
    """
    Record that the response depends on, or causes, something which a recording does not keep.
    """
    if current := recording.get():
        current.has_unrecorded = True


def digest(content: bytes) -> bytes:
    """
    Return a digest that no two contents share.
    """
    return blake2b(content, digest_size=DIGEST_BYTES).digest()

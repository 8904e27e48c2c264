"""
The state of the broker. Every call takes a second at most.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from amqp.exceptions import AMQPError
from django.conf import settings
from kombu.connection import Connection
from kombu.exceptions import KombuError

TIMEOUT_SECONDS = 1
BROKER_ERRORS = (OSError, AMQPError, KombuError)


@contextmanager
def connection_to_broker() -> Iterator[Connection]:
    """
    Yield a new connection to the broker; each call on it takes a second at most.

    :raises OSError, AMQPError, KombuError: the broker does not respond.
    """
    limits = {} if settings.EMBEDDED else {"read_timeout": TIMEOUT_SECONDS, "write_timeout": TIMEOUT_SECONDS}
    with Connection(settings.BROKER_URL, connect_timeout=TIMEOUT_SECONDS, transport_options=limits) as connection:
        connection.connect()
        yield connection


def is_up() -> bool | None:
    """
    Say whether the broker accepts connections; None if tasks run without a broker.
    """
    if settings.EMBEDDED:
        return None
    try:
        with connection_to_broker():
            return True
    except BROKER_ERRORS:
        return False


def get_depths(names: Iterable[str]) -> dict[str, int]:
    """
    Return {queue: waiting messages} for the queues that exist; {} while the broker is away.
    """
    depths: dict[str, int] = {}
    try:
        with connection_to_broker() as connection:
            for name in names:
                # Asking for a queue that does not exist closes the channel.
                channel = connection.channel()
                try:
                    depths[name] = channel.queue_declare(queue=name, passive=True).message_count
                except connection.channel_errors:
                    continue
    except BROKER_ERRORS:
        return {}
    return depths

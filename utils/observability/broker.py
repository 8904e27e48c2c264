"""
Looking at the broker without waiting for it.
"""

from contextlib import contextmanager

from amqp.exceptions import AMQPError
from django.conf import settings
from kombu import Connection
from kombu.exceptions import KombuError

SECONDS = 1
TROUBLE = (OSError, AMQPError, KombuError)


@contextmanager
def connection_to_broker():
    """
    Yield a connection of its own; nothing on it takes longer than a second.

    :raises OSError, AMQPError, KombuError: the broker does not answer.
    """
    limits = {} if settings.EMBEDDED else {"read_timeout": SECONDS, "write_timeout": SECONDS}
    with Connection(settings.BROKER_URL, connect_timeout=SECONDS, transport_options=limits) as connection:
        connection.connect()
        yield connection


def is_up():
    """
    Say whether the broker takes connections, None where tasks need none.
    """
    if settings.EMBEDDED:
        return None
    try:
        with connection_to_broker():
            return True
    except TROUBLE:
        return False


def get_depths(names):
    """
    Return {queue: waiting messages} of the queues that are there; nothing while the broker is away.
    """
    depths = {}
    try:
        with connection_to_broker() as connection:
            for name in names:
                # A queue that is not there closes the channel.
                channel = connection.channel()
                try:
                    depths[name] = channel.queue_declare(queue=name, passive=True).message_count
                except connection.channel_errors:
                    continue
    except TROUBLE:
        return {}
    return depths

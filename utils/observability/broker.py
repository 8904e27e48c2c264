"""
The state of the broker. Every call takes a second at most.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from amqp.exceptions import AMQPError
from django.conf import settings
from kombu.connection import Connection
from kombu.exceptions import KombuError

DEFAULT_PORT = 5672
TIMEOUT_SECONDS = 1
BROKER_ERRORS = (OSError, AMQPError, KombuError)


@contextmanager
def connection_to_broker(url: str | None = None) -> Iterator[Connection]:
    """
    Yield a new connection to the first node of the broker that responds; each call on it takes a second at most.

    :param url: of one node, instead of settings.BROKER_URL.
    :raises OSError, AMQPError, KombuError: no node responds. That takes a second a node at most.
    """
    limits = {} if settings.EMBEDDED else {"read_timeout": TIMEOUT_SECONDS, "write_timeout": TIMEOUT_SECONDS}
    nodes = [url] if url else node_urls()
    with Connection(nodes, connect_timeout=TIMEOUT_SECONDS, transport_options=limits) as connection:
        connection.ensure_connection(
            max_retries=len(nodes) - 1, interval_start=0, interval_step=0, timeout=len(nodes) * TIMEOUT_SECONDS
        )
        yield connection


def node_urls() -> list[str]:
    urls: str = settings.BROKER_URL
    return urls.split(";")


def is_up() -> bool | None:
    """
    Say whether a node of the broker accepts connections; None if tasks run without a broker.
    """
    if settings.EMBEDDED:
        return None
    try:
        with connection_to_broker():
            return True
    except BROKER_ERRORS:
        return False


def get_node_states() -> dict[str, bool]:
    """
    Return {"host:port": whether this node accepts connections}; {} if tasks run without a broker.
    """
    if settings.EMBEDDED:
        return {}
    addresses = {url: urlsplit(url) for url in node_urls()}
    return {f"{part.hostname}:{part.port or DEFAULT_PORT}": accepts(url) for url, part in addresses.items()}


def accepts(url: str) -> bool:
    try:
        with connection_to_broker(url):
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

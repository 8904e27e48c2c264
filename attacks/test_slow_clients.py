"""
Clients that send or read as slowly as they can: two hundred connections, less than half a minute.
"""

import socket
import statistics
import time
from contextlib import ExitStack

import pytest

from attacks.client import HOST, TIMEOUT_SECONDS, get_status, send_raw

CONNECTIONS = 200
ATTACK_SECONDS = 4
HEAD = b"POST /api/accounts/login/ HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-Proto: https\r\n"
SLOW = {
    "headers": HEAD,
    "bodies": HEAD + b"Content-Type: application/json\r\nContent-Length: 60000\r\n\r\n{",
    "chunks": HEAD + b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
    "nothing": b"",
}


def first_reads(site, person, seconds):
    """
    Return how long reads of another user take at the same time.
    """
    waits, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        for response in (site.nobody().get("/livez"), person.get("/api/newsfeeds/")):
            assert response.status in (200, 429), response
            waits.append(response.seconds)
        time.sleep(0.1)
    return waits


@pytest.mark.parametrize("kind", SLOW)
def test_two_hundred_slow_senders_keep_nobody_waiting(site, kind, measured):
    person = site.person()
    with ExitStack() as stack:
        for _ in range(CONNECTIONS):
            connection = stack.enter_context(socket.create_connection((HOST, site.port), timeout=5))
            connection.sendall(SLOW[kind])

        waits = first_reads(site, person, ATTACK_SECONDS)

    measured.append(f"median {statistics.median(waits) * 1000:.0f} ms, longest {max(waits) * 1000:.0f} ms")
    assert max(waits) < 1


def test_two_hundred_slow_readers_keep_nobody_waiting(site, measured):
    person, readers = site.person(), []
    with ExitStack() as stack:
        for _ in range(CONNECTIONS):
            reader = socket.socket()
            reader.settimeout(TIMEOUT_SECONDS)
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
            stack.enter_context(reader)
            reader.connect((HOST, site.port))
            request = b"GET /static/drf_spectacular_sidecar/swagger-ui-dist/swagger-ui-bundle.js HTTP/1.1\r\n"
            reader.sendall(request + b"Host: localhost\r\nX-Forwarded-Proto: https\r\n\r\n")
            readers.append(reader)
        # Two hundred requests at once take some time, even with fast readers. From here on they are answered,
        # and only read slowly.
        assert all(reader.recv(1) for reader in readers)

        waits = first_reads(site, person, ATTACK_SECONDS)

    measured.append(f"median {statistics.median(waits) * 1000:.0f} ms, longest {max(waits) * 1000:.0f} ms")
    assert max(waits) < 1


def test_a_sender_of_a_byte_a_second_is_sent_away(site, measured):
    started = time.monotonic()
    with socket.create_connection((HOST, site.port), timeout=20) as connection:
        connection.sendall(SLOW["bodies"])
        said = connection.recv(100)

    measured.append(f"after {time.monotonic() - started:.0f} s")
    assert get_status(said) in (0, 400, 408)
    assert time.monotonic() - started < 20


def test_a_body_that_is_announced_and_does_not_exist_is_not_waited_for(site, measured):
    started = time.monotonic()

    said = send_raw(
        site.port, b"GET /livez HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"
    )

    measured.append(f"{(time.monotonic() - started) * 1000:.0f} ms")
    assert get_status(said) == 200 and time.monotonic() - started < 5


SMUGGLED = {
    "two lengths": HEAD + b"Content-Length: 2\r\nContent-Length: 30\r\n\r\n{}",
    "length and chunks": HEAD + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunked in disguise": HEAD + b"Transfer-Encoding: xchunked\r\nContent-Length: 2\r\n\r\n{}",
    "space before the colon": HEAD + b"Content-Length : 2\r\n\r\n{}",
    "folded line": HEAD + b"X-A: b\r\n c\r\nContent-Length: x\r\n\r\n",
    "negative length": HEAD + b"Content-Length: -1\r\n\r\n",
    "length of 5,000 digits": HEAD + b"Content-Length: " + b"9" * 5_000 + b"\r\n\r\n",
    "bare line feeds": HEAD.replace(b"\r\n", b"\n") + b"Content-Length: x\n\n",
    "bare carriage return": b"GET /livez HTTP/1.1\r\nHost: localhost\rX: y\r\n\r\n",
    "NUL in a header": b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX-A: \0\r\n\r\n",
    "no version": b"GET /livez\r\n\r\n",
    "not HTTP": b"\x16\x03\x01\x02\x00" * 40 + b"\r\n\r\n",
    "100 KB of cookies": b"GET /api/ HTTP/1.1\r\nHost: localhost\r\nCookie: a=" + b"x" * 100_000 + b"\r\n\r\n",
    "an address of 100 KB": b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
}


@pytest.mark.parametrize("kind", SMUGGLED)
def test_what_proxies_read_differently_is_refused_and_the_connection_closed(site, kind):
    behind = b"GET /api/features/ HTTP/1.1\r\nHost: localhost\r\n\r\n"

    said = send_raw(site.port, SMUGGLED[kind] + behind, timeout=10, is_whole=False)

    assert get_status(said) in (0, 200, 301, 308, 400, 404, 413, 414, 415, 431), said[:300]
    # One response at most: the rest was not taken for a request of its own.
    assert kind in ("no version", "bare carriage return", "NUL in a header") or said.count(b"HTTP/1.1 ") <= 1, said

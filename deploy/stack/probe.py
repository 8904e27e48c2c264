"""
Asks a server, in its own protocol, whether it is running and accepts our credentials.

    PROBE_URL=amqp://user:password@127.0.0.1:5672/vhost python3 probe.py

Exit code 0: it does; 1: nothing answers; 2: it speaks the protocol but refuses us; 3: it speaks something else. The
address is in the environment because it contains a password, and everybody can read the arguments of a process.
Standard library only: it runs before the virtual environment exists. MariaDB is asked by its own client instead.
"""

import os
import socket
import struct
import sys
import urllib.parse

OK, NOBODY, REFUSED, STRANGER = range(4)
TIMEOUT_SECONDS = 3


def receive(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = connection.recv(size - len(data))
        if not part:
            raise EOFError
        data += part
    return data


def ask_redis(connection: socket.socket, url: urllib.parse.SplitResult) -> int:
    if url.password:
        connection.sendall(f"AUTH {url.password}\r\n".encode())
        reply = connection.recv(200)
        # "without any password configured" means that the server needs no password: PING will tell.
        if reply[:1] not in (b"+", b"-"):
            return STRANGER
        if reply.startswith(b"-WRONGPASS"):
            return REFUSED
    connection.sendall(b"PING\r\n")
    reply = connection.recv(200)
    if reply.startswith(b"+PONG"):
        return OK
    return REFUSED if reply.startswith((b"-NOAUTH", b"-NOPERM", b"-DENIED", b"-LOADING")) else STRANGER


def ask_memcached(connection: socket.socket, url: urllib.parse.SplitResult) -> int:
    connection.sendall(b"version\r\n")
    return OK if connection.recv(200).startswith(b"VERSION") else STRANGER


def ask_amqp(connection: socket.socket, url: urllib.parse.SplitResult) -> int:
    # https://www.rabbitmq.com/resources/specs/amqp0-9-1.pdf : Start, StartOk, Tune, TuneOk, Open, OpenOk.
    def method(expected: tuple[int, int]) -> bool:
        kind, _, size = struct.unpack(">BHI", receive(connection, 7))
        body = receive(connection, size + 1)
        return kind == 1 and struct.unpack(">HH", body[:4]) == expected

    def send(class_id: int, method_id: int, arguments: bytes) -> None:
        body = struct.pack(">HH", class_id, method_id) + arguments
        connection.sendall(struct.pack(">BHI", 1, 0, len(body)) + body + b"\xce")

    def short(text: bytes) -> bytes:
        return struct.pack("B", len(text)) + text

    connection.sendall(b"AMQP\x00\x00\x09\x01")
    if not method((10, 10)):
        return STRANGER
    if not url.username:
        return OK
    try:
        response = b"\x00" + url.username.encode() + b"\x00" + (url.password or "").encode()
        properties = b"\x00\x00\x00\x00"
        send(10, 11, properties + short(b"PLAIN") + struct.pack(">I", len(response)) + response + short(b"en_US"))
        if not method((10, 30)):
            return REFUSED
        send(10, 31, struct.pack(">HIH", 1, 131072, 0))
        vhost = urllib.parse.unquote(url.path[1:]) or "/"
        send(10, 40, short(vhost.encode()) + b"\x00\x00")
        if not method((10, 41)):
            return REFUSED
        send(10, 50, struct.pack(">H", 200) + short(b"bye") + b"\x00\x00\x00\x00")
        method((10, 51))
    except (EOFError, ConnectionError):
        # How a broker refuses a bad password.
        return REFUSED
    return OK


ASK = {"redis": ask_redis, "memcached": ask_memcached, "amqp": ask_amqp}


def main() -> int:
    url = urllib.parse.urlsplit(os.environ["PROBE_URL"])
    try:
        connection = socket.create_connection((url.hostname, url.port), timeout=TIMEOUT_SECONDS)
    except OSError:
        return NOBODY
    with connection:
        try:
            return ASK[url.scheme](connection, url)
        except (EOFError, OSError, struct.error):
            return STRANGER


if __name__ == "__main__":
    sys.exit(main())

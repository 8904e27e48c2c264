"""
Requests as they travel, and one connection to send them through.
"""

import json
import socket
from collections.abc import Mapping

CSRF_TOKEN = "a" * 32


def http_request(
    method: str, path: str, *, cookie: str = "", body: Mapping | None = None, headers: Mapping[str, str] | None = None
) -> bytes:
    """
    Return a whole request; one with a body carries its CSRF token.
    """
    fields = {"Host": "127.0.0.1", "Accept": "application/json"}
    content = b""
    if body is not None:
        content = json.dumps(body).encode()
        fields |= {"Content-Type": "application/json", "Content-Length": str(len(content)), "X-CSRFToken": CSRF_TOKEN}
        cookie = "; ".join(filter(None, [cookie, f"csrftoken={CSRF_TOKEN}"]))
    if cookie:
        fields["Cookie"] = cookie
    fields |= headers or {}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join([*lines, "", ""]).encode() + content


class Connection:
    """
    One keep-alive connection that sends a request and reads the whole response.
    """

    def __init__(self, port: int) -> None:
        self._address = ("127.0.0.1", port)
        self._socket: socket.socket | None = None

    def send(self, request: bytes) -> tuple[int, str]:
        """
        Return (status, head in lower case).
        """
        if self._socket is None:
            self._socket = socket.create_connection(self._address, timeout=30)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(request)
        head, _, body = self._read_until(b"\r\n\r\n").partition(b"\r\n\r\n")
        text = head.decode("latin-1").lower()
        missing = int(text.partition("content-length:")[2].partition("\r\n")[0] or 0) - len(body)
        while missing > 0:
            missing -= len(self._read())
        if "connection: close" in text:
            self._socket.close()
            self._socket = None
        return int(text[9:12]), text

    def _read_until(self, mark: bytes) -> bytes:
        data = self._read()
        while mark not in data:
            data += self._read()
        return data

    def _read(self) -> bytes:
        data = self._socket.recv(65536) if self._socket else b""
        if not data:
            raise ConnectionError("the server has closed the connection")
        return data


def is_answering(port: int) -> bool:
    """
    Say whether a web server is there and alive.
    """
    try:
        return Connection(port).send(http_request("GET", "/livez"))[0] == 200
    except OSError:
        return False

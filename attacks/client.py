"""
An attacker's HTTP client. It is in the place of the reverse proxy, so it decides which address a request comes from.
"""

import http.client
import itertools
import json
import select
import socket
import time
import uuid
from collections.abc import Mapping
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

if TYPE_CHECKING:
    from accounts.models import User

HOST = "127.0.0.1"
TIMEOUT_SECONDS = 30.0
SILENCE_SECONDS = 0.3
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
# Unused addresses (RFC 2544), one for each client, so that no client uses up the rate limits of another.
addresses = (f"198.{18 + number // 65536}.{number // 256 % 256}.{number % 256}" for number in itertools.count(1))


class Answer:
    """
    A response: status, headers, body, and how long it took.
    """

    def __init__(self, response: http.client.HTTPResponse, body: bytes, seconds: float) -> None:
        self.status, self.headers, self.body, self.seconds = response.status, response.headers, body, seconds

    def __repr__(self) -> str:
        return f"{self.status} {self.body[:300]!r}"

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")

    @property
    def json(self) -> Any:  # what the server sent
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """
        The stable code of an error.
        """
        return str(self.json["code"])


class Client:
    """
    Somebody at an address of their own, with a token or with cookies; with an account if `Site` made one.
    """

    user: "User"
    id: int
    name: str

    def __init__(self, port: int, *, token: str | None = None, address: str | None = None) -> None:
        self.port, self.token = port, token
        self.address = address or next(addresses)
        self.cookies: dict[str, str] = {}

    def headers(self) -> dict[str, str]:
        headers = {"Host": "localhost", "X-Forwarded-For": self.address, "X-Forwarded-Proto": "https"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
            # A page of this site would send these. Without them Django refuses every write over TLS.
            headers["Referer"] = "https://localhost/"
            headers["X-CSRFToken"] = self.cookies.get("csrftoken", "")
        return headers

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        headers: Mapping[str, str] | None = None,
        timeout: float = TIMEOUT_SECONDS,
    ) -> Answer:
        """
        Send one request on a connection of its own; `body` is bytes, or an object to send as JSON.
        """
        sent = self.headers()
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
        sent.update(headers or {})
        connection = http.client.HTTPConnection(HOST, self.port, timeout=timeout)
        started = time.perf_counter()
        try:
            connection.request(method, path, body, sent)
            response = connection.getresponse()
            answer = Answer(response, response.read(), time.perf_counter() - started)
        finally:
            connection.close()
        self.remember(answer)
        return answer

    def remember(self, answer: Answer) -> None:
        for line in answer.headers.get_all("Set-Cookie", []):
            for name, morsel in SimpleCookie(line).items():
                if morsel.value and morsel["max-age"] != 0:
                    self.cookies[name] = morsel.value
                else:
                    self.cookies.pop(name, None)

    def get(self, path: str, **more: Any) -> Answer:
        return self.ask("GET", path, **more)

    def post(self, path: str, body: object = None, **more: Any) -> Answer:
        return self.ask("POST", path, body, **more)

    def put(self, path: str, body: object = None, **more: Any) -> Answer:
        return self.ask("PUT", path, body, **more)

    def delete(self, path: str, body: object = None, **more: Any) -> Answer:
        return self.ask("DELETE", path, body, **more)

    def form(self, path: str, fields: Mapping[str, object], method: str = "POST", **more: Any) -> Answer:
        headers = {"Content-Type": "application/x-www-form-urlencoded", **more.pop("headers", {})}
        return self.ask(method, path, urlencode(fields).encode(), headers=headers, **more)

    def multipart(self, path: str, *parts: bytes, method: str = "POST", **more: Any) -> Answer:
        """
        Send a form of `part(...)`s.
        """
        boundary = uuid.uuid4().hex
        body = b"".join(b"--" + boundary.encode() + b"\r\n" + piece + b"\r\n" for piece in parts)
        headers = {"Content-Type": f"multipart/form-data; boundary={boundary}", **more.pop("headers", {})}
        return self.ask(method, path, body + f"--{boundary}--\r\n".encode(), headers=headers, **more)


def part(name: str, value: bytes | str, *, filename: str | None = None, kind: str | None = None) -> bytes:
    """
    Return one part of a multipart form.
    """
    value = value if isinstance(value, bytes) else value.encode()
    head = f'Content-Disposition: form-data; name="{name}"'
    if filename is not None:
        head += f'; filename="{filename}"\r\nContent-Type: {kind or "image/png"}'
    return head.encode("utf-8", "surrogateescape") + b"\r\n\r\n" + value


def send_raw(port: int, data: bytes, *, timeout: float = TIMEOUT_SECONDS, is_whole: bool = True) -> bytes:
    """
    Send bytes unchanged and return the last response, b"" if the server closes the connection without one.

    :param is_whole: False if the request is incomplete. If the server then does not respond for a while, close the
        sending side of the connection.
    """
    with socket.create_connection((HOST, port), timeout=timeout) as connection:
        received = b""
        try:
            connection.sendall(data)
            while not is_whole and received in (b"", CONTINUE):
                if not select.select([connection], [], [], SILENCE_SECONDS)[0]:
                    connection.shutdown(socket.SHUT_WR)
                    break
                block = connection.recv(65536)
                received += block
                is_whole = not block
            while block := connection.recv(65536):
                received += block
        except (ConnectionError, BrokenPipeError):
            # The server has refused the request before all of it was sent. The response before that counts.
            pass
        return received.removeprefix(CONTINUE)


def get_status(received: bytes) -> int:
    """
    Return the status of a raw response, 0 if there is none.
    """
    return int(received.split(b" ", 2)[1]) if received.startswith(b"HTTP/1.") else 0

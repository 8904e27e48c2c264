"""
A connection of the web server's, from the first byte of a request to the last one of its answer.

What waitress does not do: tell slow clients from others, answer errors in the words of the API, and keep a
connection open after an answer without a body.
"""

import json
import logging
import uuid
from typing import Any

from waitress.buffers import ReadOnlyFileBasedBuffer
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.task import ErrorTask, WSGITask

logger = logging.getLogger("web")

# Where the project reads when its request had arrived (utils/waiting.py).
ARRIVED_AT = "web.arrived_at"

# Who is sending a request or taking an answer may be this slow after so many seconds.
MIN_BYTES_PER_SECOND = 1024
GRACE_SECONDS = 10
# Pipelined requests are served until so much of their answers is unread.
MAX_UNREAD_BYTES = 1024 * 1024
READ_METHODS = {"GET", "HEAD", "OPTIONS"}


class Parser(HTTPRequestParser):
    """
    Refuses two lengths at once, where proxies disagree about which one counts.
    """

    def parse_header(self, header_plus: bytes) -> None:
        super().parse_header(header_plus)
        if self.chunked and "CONTENT_LENGTH" in self.headers:
            raise ParsingError("both Content-Length and Transfer-Encoding")


class ContractErrorTask(ErrorTask):
    """
    Answers what never reaches the project, or fails before the project can answer, as the API answers every error.

    waitress' own answer is plain text, and it quotes what was sent.
    """

    def execute(self) -> None:
        request_id = uuid.uuid4().hex
        fault = self.request.error
        logger.warning("request %s from %s: %s", request_id, self.channel.addr[0], fault.body)
        if fault.code == 413:
            self.status, code, message = "413 Payload Too Large", "too_large", "The request is too large."
        elif fault.code == 500:
            self.status, code, message = "500 Internal Server Error", "error", "Something went wrong on our side."
        else:
            self.status, code, message = "400 Bad Request", "bad_request", "Bad request."
        error = {"success": False, "code": code, "message": message, "detail": message, "errors": {}}
        body = json.dumps({**error, "request_id": request_id}).encode()
        self.response_headers = [("Content-Type", "application/json"), ("X-Request-ID", request_id)]
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class StampedTask(WSGITask):
    """
    Tells the project when the request had arrived, and the client that a stopping process closes the connection.
    """

    def get_environment(self) -> dict[str, Any]:
        environ = super().get_environment()
        environ[ARRIVED_AT] = self.channel.arrived_at
        return environ

    def build_response_header(self) -> bytes:
        if self.channel.server.is_stopping:
            self.set_close_on_finish()
        # waitress would close the connection after each 204 and 304, which have no length.
        stays = self.version == "1.1" and not (self.has_body or self.close_on_finish or self.request.connection_close)
        self.close_on_finish |= stays
        self.channel.head = super().build_response_header()
        self.close_on_finish ^= stays
        # It goes out together with what follows, in one packet.
        return b""

    def finish(self) -> None:
        super().finish()
        head, self.channel.head = self.channel.head, b""
        self.channel.write_soon(head)


class Channel(HTTPChannel):
    """
    A connection that knows how many bytes have moved on it, and when its request had arrived.
    """

    parser_class = Parser
    task_class = StampedTask
    error_task_class = ContractErrorTask
    moved = 0
    # When it was last seen to begin to send or to read, and how many bytes had moved by then.
    watched: tuple[float, int] | None = None
    arrived_at = 0.0
    # Of the answer, until its first bytes follow.
    head = b""

    def recv(self, buffer_size: int) -> bytes:
        data = super().recv(buffer_size)
        self.moved += len(data)
        return data

    def send(self, data: bytes, do_close: bool = True) -> int:
        sent = super().send(data, do_close)
        self.moved += sent
        return sent

    def write_soon(self, data: bytes | ReadOnlyFileBasedBuffer) -> int:
        if not data:
            return 0
        head, self.head = self.head, b""
        if head and isinstance(data, bytes):
            return super().write_soon(head + data)
        super().write_soon(head)
        return super().write_soon(data)

    @property
    def is_write(self) -> bool:
        return self.requests[0].error is None and self.requests[0].command not in READ_METHODS

    @property
    def is_busy(self) -> bool:
        return bool(self.request or self.requests or self.total_outbufs_len)

    @property
    def body_bytes(self) -> int:
        return sum(request.body_bytes_received for request in [*self.requests, self.request] if request)

    def is_too_slow(self, now: float) -> bool:
        """
        Say whether its client sends or takes too slowly; asked once a second.
        """
        if not (self.request or self.total_outbufs_len):
            self.watched = None
            return False
        if self.watched is None:
            self.watched = now, self.moved
        seconds, moved = now - self.watched[0], self.moved - self.watched[1]
        return seconds > GRACE_SECONDS and moved < seconds * MIN_BYTES_PER_SECOND

    def service(self) -> None:
        if self.total_outbufs_len > MAX_UNREAD_BYTES:
            # It asks on and on without reading the answers.
            self.cancel()
            self.server.pull_trigger()
        super().service()

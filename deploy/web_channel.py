"""
A connection of the web server, from the first byte of a request to the last byte of its response.

It adds to waitress: limits for slow clients, a limit for each body that the project sets, errors in the format of the
API that clients receive in full, and keep-alive after responses without a body.
"""

import contextlib
import copy
import json
import logging
import socket
import time
import uuid
from collections.abc import Callable
from typing import Any

from waitress.adjustments import Adjustments
from waitress.buffers import ReadOnlyFileBasedBuffer
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.receiver import ChunkedReceiver
from waitress.task import ErrorTask, WSGITask
from waitress.utilities import BadRequest

logger = logging.getLogger("web")

# The key under which the project finds when the request had arrived (utils/database/waiting.py).
ARRIVED_AT = "web.arrived_at"

# After the grace period, a client must send its request or receive its response at least this fast.
MIN_BYTES_PER_SECOND = 1024
GRACE_SECONDS = 10
# Pipelined requests are served until the client has this many bytes of responses left to read.
MAX_UNREAD_BYTES = 1024 * 1024
# A client that is still sending a refused request would lose the response if the connection
# were closed at once (RFC 9112, 9.6).
LINGER_SECONDS = 2
# For the header line of one chunk, and for the trailer after the last one.
MAX_CHUNK_HEAD_BYTES = 4096
# The framing of chunks may have this many bytes, plus this share of their content. Each chunk costs the polling thread
# ten microseconds, so a body of chunks of one byte would cost ten seconds a megabyte.
MAX_FRAMING_BYTES, MAX_FRAMING_SHARE = 64 * 1024, 1 / 64
READ_METHODS = {"GET", "HEAD", "OPTIONS"}


class Parser(HTTPRequestParser):
    """
    Refuses requests with two lengths, because proxies disagree about which one counts, and bodies that no route reads.

    :param application: the WSGI application; its `bytes_to_receive`, if it has one, is
        called before a body is received.
    """

    def __init__(self, adj: Adjustments, application: Callable[..., Any]) -> None:
        super().__init__(adj)
        self._bytes_to_receive = getattr(application, "bytes_to_receive", None)

    def parse_header(self, header_plus: bytes) -> None:
        try:
            super().parse_header(header_plus)
        except ValueError as error:
            # Python refuses to parse numbers of thousands of digits.
            raise ParsingError("Content-Length is invalid") from error
        if self.chunked and "CONTENT_LENGTH" in self.headers:
            raise ParsingError("both Content-Length and Transfer-Encoding")
        if self._bytes_to_receive and self.body_rcv is not None:
            self.adj = copy.copy(self.adj)
            # waitress refuses a body of exactly this size, too.
            self.adj.max_request_body_size = 1 + self._bytes_to_receive(
                {
                    "REQUEST_METHOD": self.command,
                    "PATH_INFO": self.path,
                    "CONTENT_TYPE": self.headers.get("CONTENT_TYPE", ""),
                }
            )

    def received(self, data: bytes) -> int:
        consumed = super().received(data)
        if self.chunked and self.error is None:
            self.check_chunks(self.body_rcv)
        return consumed

    def check_chunks(self, receiver: ChunkedReceiver) -> None:
        """
        Refuse a body whose chunks cost too much.
        """
        framing = self.body_bytes_received - len(receiver)
        # waitress would join the whole line again for each piece of it, without a limit.
        if max(len(receiver.control_line), len(receiver.trailer)) > MAX_CHUNK_HEAD_BYTES:
            self.error = BadRequest("a chunk's head or the trailer is too long")
        elif framing > MAX_FRAMING_BYTES + len(receiver) * MAX_FRAMING_SHARE:
            self.error = BadRequest("the chunks are too small")
        self.completed |= self.error is not None


class ContractErrorTask(ErrorTask):
    """
    Responds like the API to errors that occur before or outside the project.

    The response of waitress is plain text and quotes the request.
    """

    def execute(self) -> None:
        self.channel.lingers = True
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
    Tells the project when the request had arrived, and clients that a stopping process closes the connection.
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
        # It is sent together with the first bytes of the body, in one packet.
        return b""

    def finish(self) -> None:
        super().finish()
        head, self.channel.head = self.channel.head, b""
        self.channel.write_soon(head)


class Channel(HTTPChannel):
    """
    A connection that counts its bytes and knows when its request had arrived.
    """

    task_class = StampedTask
    error_task_class = ContractErrorTask
    moved = 0
    # When the present request or response was first seen, and how many bytes had been transferred by then.
    watched: tuple[float, int] | None = None
    arrived_at = 0.0
    # The head of the response, until the first bytes of the body follow.
    head = b""
    # Whether further input is dropped once the response is sent, and until when.
    lingers = False
    lingers_until: float | None = None

    def parser_class(self, adj: Adjustments) -> Parser:
        return Parser(adj, self.server.application)

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

    def handle_write(self) -> None:
        if self.will_close or not (self.lingers and self.close_when_flushed):
            super().handle_write()
        elif self.total_outbufs_len:
            self._flush_exception(self._flush_some)
        else:
            self.close_when_flushed = False
            self.lingers_until = time.monotonic() + LINGER_SECONDS
            with contextlib.suppress(OSError):
                self.socket.shutdown(socket.SHUT_WR)

    def readable(self) -> bool:
        return self.lingers_until is not None or super().readable()

    def received(self, data: bytes) -> bool:
        return self.lingers_until is None and super().received(data)

    def send_continue(self) -> None:
        """
        Send `100 Continue`, but not if there is no body or it is refused already; waitress would then wait for it.
        """
        if self.request.completed:
            self.request.expect_continue = False
        else:
            super().send_continue()

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
        Say whether the client sends or receives too slowly. Called once a second.
        """
        if self.lingers_until is not None:
            return now > self.lingers_until
        if not (self.request or self.total_outbufs_len):
            self.watched = None
            return False
        if self.watched is None:
            self.watched = now, self.moved
        seconds, moved = now - self.watched[0], self.moved - self.watched[1]
        return seconds > GRACE_SECONDS and moved < seconds * MIN_BYTES_PER_SECOND

    def service(self) -> None:
        if self.total_outbufs_len <= MAX_UNREAD_BYTES:
            super().service()
            return
        logger.info("the client at %s sends requests without reading the responses", self.addr[0])
        # The polling thread closes the connection.
        self.will_close = True
        with self.requests_lock:
            for request in self.requests:
                request.close()
            self.requests = []

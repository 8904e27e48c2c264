"""
The web server on a socket of its own, turn by turn: its polling loop runs in the test.
"""

import socket
import time
from unittest import mock

from django.test import SimpleTestCase
from waitress import wasyncore
from waitress.adjustments import Adjustments

from deploy.web_channel import ARRIVED_AT
from deploy.web_dispatcher import Dispatcher
from deploy.web_worker import Server

PATIENCE = 10
GET = b"GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"


def application(environ, start_response):
    """
    Answer with what stands in the path: /204, /304, /crash, /large, or how the request had arrived.
    """
    path = environ["PATH_INFO"]
    if path == "/crash":
        raise RuntimeError("hunter2")
    if path in ("/204", "/304"):
        start_response({"/204": "204 No Content", "/304": "304 Not Modified"}[path], [])
        return [b""]
    body = b"x" * 300_000 if path == "/large" else repr(environ[ARRIVED_AT]).encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


class ChannelTestCase(SimpleTestCase):
    def setUp(self):
        listener = self.enterContext(socket.create_server(("127.0.0.1", 0)))
        self.polled = {}
        dispatcher = Dispatcher(threads=2)
        options = Adjustments(sockets=[listener], threads=2, ident=None)
        name = (listener.family, listener.type, listener.proto, listener.getsockname())
        with mock.patch.object(Server, "log_info", lambda *args, **kwargs: None):
            self.server = Server(
                application, self.polled, _sock=listener, dispatcher=dispatcher, adj=options, sockinfo=name,
                bind_socket=False,
            )  # fmt: skip
        self.address = listener.getsockname()
        self.addCleanup(self.close)

    def close(self):
        for channel in list(self.polled.values()):
            channel.close()

    def connect(self, sent=b""):
        client = self.enterContext(socket.create_connection(self.address, timeout=PATIENCE))
        client.sendall(sent)
        self.turn_until(lambda: self.channel_of(client))
        return client

    def connect_without_room(self):
        """
        Return (client, channel) between which only a few kilobytes fit that the client has not read.
        """
        client = self.connect()
        channel = self.channel_of(client)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        channel.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        return client, channel

    def channel_of(self, client):
        ours = client.getsockname()
        return next((channel for channel in self.server.active_channels.values() if channel.addr == ours), None)

    def turn_until(self, condition):
        """
        Let the server poll until something is true.
        """
        deadline = time.monotonic() + PATIENCE
        while not condition():
            self.assertLess(time.monotonic(), deadline, "the server does not get on")
            wasyncore.loop(timeout=0.05, use_poll=True, map=self.polled, count=1)

    def response(self, client):
        """
        Return (status, {header in lower case: value}, body) of the next response; status None if there is none.
        """
        client.setblocking(False)
        received = bytearray()

        def is_complete():
            try:
                data = client.recv(65_536)
            except BlockingIOError:
                return False
            received.extend(data)
            head, end, body = received.partition(b"\r\n\r\n")
            return not data or (end and len(body) >= self.length(head))

        self.turn_until(is_complete)
        head, _, body = bytes(received).partition(b"\r\n\r\n")
        if not head:
            return None, {}, b""
        status, *lines = head.decode().split("\r\n")
        headers = (line.split(": ", 1) for line in lines)
        return int(status.split()[1]), {name.lower(): value for name, value in headers}, body

    def length(self, head):
        lines = head.lower().split(b"\r\n")
        return next((int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length:")), 0)

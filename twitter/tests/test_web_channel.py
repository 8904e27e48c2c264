"""
What the web server sends, and which clients it waits for: its polling loop on a socket of its own, turn by turn.
"""

import json
import socket
import time
from unittest import mock

from django.test import SimpleTestCase
from waitress import wasyncore
from waitress.adjustments import Adjustments

from deploy import web_worker
from deploy.web_channel import ARRIVED_AT, GRACE_SECONDS, LINGER_SECONDS, MIN_BYTES_PER_SECOND, Channel
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


class ResponsesTests(ChannelTestCase):
    def test_a_request_knows_when_it_had_arrived(self):
        before = time.monotonic()

        status, _, body = self.response(self.connect(GET % b"/"))

        self.assertEqual(status, 200)
        self.assertTrue(before <= float(body) <= time.monotonic())

    def test_a_connection_stays_open_after_a_response_without_a_body(self):
        for path, expected in ((b"/204", 204), (b"/304", 304)):
            client = self.connect(GET % path)
            with self.subTest(path=path):
                self.assertEqual(self.response(client)[0], expected)

                client.sendall(GET % b"/")

                self.assertEqual(self.response(client)[0], 200)

    def test_it_is_closed_for_who_asks_for_that(self):
        for path in (b"/", b"/204"):
            client = self.connect((GET % path).replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
            with self.subTest(path=path):
                _, headers, _ = self.response(client)

                self.assertEqual(headers["connection"], "close")
                self.assertEqual(self.response(client)[0], None)

    def test_while_the_process_stops_each_is_closed_after_its_response(self):
        client = self.connect(GET % b"/")
        self.assertEqual(self.response(client)[0], 200)

        self.server.stop_accepting()
        client.sendall(GET % b"/")
        _, headers, _ = self.response(client)

        self.assertEqual(headers["connection"], "close")
        self.assertEqual(self.response(client)[0], None)
        with self.assertRaises(OSError):
            socket.create_connection(self.address, timeout=PATIENCE)

    def test_head_and_body_of_a_small_response_are_one_packet(self):
        client = self.connect()

        with mock.patch.object(Channel, "send", autospec=True, side_effect=Channel.send) as send:
            client.sendall(GET % b"/")
            self.assertEqual(self.response(client)[0], 200)

        self.assertEqual(len(send.call_args_list), 1)

    def test_a_large_one_arrives_whole(self):
        status, headers, body = self.response(self.connect(GET % b"/large"))

        self.assertEqual((status, len(body)), (200, 300_000))
        self.assertEqual(headers["content-length"], "300000")


class ContinuingTests(ChannelTestCase):
    """
    Clients that ask whether to send a body.
    """

    def ask(self, length):
        return self.connect((POST % length).replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n"))

    def test_who_asks_is_told_to_go_on(self):
        client = self.ask(5)
        self.assertEqual(self.response(client)[0], 100)

        client.sendall(b"hello")

        self.assertEqual(self.response(client)[0], 200)

    def test_who_has_nothing_to_send_is_answered_at_once(self):
        self.assertEqual(self.response(self.ask(0))[0], 200)

    def test_who_would_send_too_much_is_refused_before_sending(self):
        with mock.patch.object(self.server.adj, "max_request_body_size", 10), self.assertLogs("web", "WARNING"):
            self.assertEqual(self.response(self.ask(11))[0], 413)


class ManyRequestsTests(ChannelTestCase):
    """
    Clients that send the next request before they have read the response to the last one.
    """

    def test_they_are_answered_in_their_order(self):
        client = self.connect(GET % b"/204" + GET % b"/large" + GET % b"/304")

        self.turn_until(lambda: not self.channel_of(client).is_busy)
        received = self.read_all(client)

        first, second = received.index(b" 204 No Content"), received.index(b" 200 OK")
        self.assertTrue(first < second < received.index(b" 304 Not Modified"))

    def test_who_sends_on_and_never_reads_is_served_no_more_and_sent_away(self):
        client, channel = self.connect_without_room()

        with self.assertLogs("web", "INFO") as logs:
            client.sendall(GET % b"/large" * 50)
            self.turn_until(lambda: channel.will_close)
            self.turn_until(lambda: not self.server.task_dispatcher.running)
        self.assertEqual([record.levelname for record in logs.records], ["INFO"])
        self.assertLess(channel.total_outbufs_len, 10 * 300_000)
        self.server.close_slow_channels(time.monotonic())

        self.assertIsNone(self.channel_of(client))

    def read_all(self, client):
        client.setblocking(False)
        received = bytearray()

        def is_complete():
            try:
                received.extend(client.recv(2**20))
            except BlockingIOError:
                pass
            return b" 304 Not Modified" in received

        self.turn_until(is_complete)
        return bytes(received)


class ErrorsTests(ChannelTestCase):
    def assert_contracts_body(self, response, status, code):
        found, headers, body = response
        error = json.loads(body)
        self.assertEqual((found, error["code"], error["success"], error["errors"]), (status, code, False, {}))
        self.assertEqual(set(error), {"success", "code", "message", "detail", "errors", "request_id"})
        self.assertEqual(error["message"], error["detail"])
        self.assertEqual(headers["content-type"], "application/json")
        self.assertEqual(headers["x-request-id"], error["request_id"])
        self.assertEqual(headers["connection"], "close")

    def test_what_is_no_http_is_answered_like_the_api(self):
        for nonsense in (b"<script>alert(1)</script>\r\n\r\n", b"GET / HTTP/1.1\r\nno colon here\r\n\r\n"):
            with self.subTest(nonsense=nonsense), self.assertLogs("web", "WARNING"):
                response = self.response(self.connect(nonsense))

                self.assert_contracts_body(response, 400, "bad_request")
                self.assertNotIn(b"script", response[2])

    def test_so_is_a_body_that_is_too_large(self):
        with mock.patch.object(self.server.adj, "max_request_body_size", 10), self.assertLogs("web", "WARNING"):
            response = self.response(self.connect(POST % 11))

        self.assert_contracts_body(response, 413, "too_large")

    def test_a_crash_tells_nothing(self):
        with self.assertLogs("waitress", "ERROR"), self.assertLogs("web", "WARNING"):
            response = self.response(self.connect(GET % b"/crash"))

        self.assert_contracts_body(response, 500, "error")
        self.assertNotIn(b"hunter2", response[2])

    def test_who_is_still_sending_when_refused_hears_why(self):
        client = self.connect()
        channel = self.channel_of(client)
        with mock.patch.object(self.server.adj, "max_request_body_size", 10), self.assertLogs("web", "WARNING"):
            client.sendall(POST % 200_000)
            client.sendall(b"x" * 100_000)
            response = self.response(client)

        self.assert_contracts_body(response, 413, "too_large")
        self.turn_until(lambda: channel.lingers_until is not None)


class SlowClientsTests(ChannelTestCase):
    def test_who_sends_nothing_has_until_the_grace_ends(self):
        channel = self.channel_of(self.connect(b"GET / HTTP/1.1\r\nHost: local"))
        now = time.monotonic()
        self.turn_until(lambda: channel.is_busy)

        self.assertFalse(channel.is_too_slow(now))
        self.assertFalse(channel.is_too_slow(now + GRACE_SECONDS))
        self.assertTrue(channel.is_too_slow(now + GRACE_SECONDS + 1))

    def test_who_sends_fast_enough_may_go_on(self):
        client = self.connect(POST % 10**6)
        channel = self.channel_of(client)
        self.turn_until(lambda: channel.is_busy)
        now, seconds = time.monotonic(), GRACE_SECONDS + 1
        self.assertFalse(channel.is_too_slow(now))
        before = channel.moved

        client.sendall(b"x" * (seconds * MIN_BYTES_PER_SECOND))
        self.turn_until(lambda: channel.moved - before == seconds * MIN_BYTES_PER_SECOND)

        self.assertFalse(channel.is_too_slow(now + seconds))
        self.assertTrue(channel.is_too_slow(now + seconds + 1))

    def test_who_asks_for_nothing_is_not_slow(self):
        channel = self.channel_of(self.connect())
        now = time.monotonic()

        self.assertFalse(channel.is_too_slow(now))
        self.assertFalse(channel.is_too_slow(now + 1000))

    def test_the_time_between_two_requests_is_nobodys_fault(self):
        client = self.connect(GET % b"/")
        channel, now = self.channel_of(client), time.monotonic()
        channel.is_too_slow(now)
        self.response(client)
        self.turn_until(lambda: not channel.is_busy)
        self.assertFalse(channel.is_too_slow(now + 500))

        client.sendall(b"GET / HTTP/1.1\r\n")
        self.turn_until(lambda: channel.is_busy)

        self.assertFalse(channel.is_too_slow(now + 1000))
        self.assertTrue(channel.is_too_slow(now + 1000 + GRACE_SECONDS + 1))

    def test_who_was_refused_is_listened_to_for_two_seconds(self):
        client = self.connect(b"no colon\r\n\r\n")
        with self.assertLogs("web", "WARNING"):
            self.response(client)
        channel = self.channel_of(client)
        self.turn_until(lambda: channel.lingers_until is not None)

        self.assertFalse(channel.is_too_slow(channel.lingers_until))
        self.assertTrue(channel.is_too_slow(channel.lingers_until + 0.1))
        self.assertLessEqual(channel.lingers_until, time.monotonic() + LINGER_SECONDS)

    def test_who_does_not_read_a_response_is_sent_away_though_nothing_more_can_be_sent(self):
        client, channel = self.connect_without_room()
        client.sendall(GET % b"/large")
        self.turn_until(lambda: channel.total_outbufs_len and not channel.requests)
        now = time.monotonic()

        self.server.close_slow_channels(now)
        with self.assertLogs("web", "INFO"):
            self.server.close_slow_channels(now + GRACE_SECONDS + 1)

        self.assertIsNone(self.channel_of(client))
        self.assertEqual(channel.total_outbufs_len, 0)

    def test_only_the_slow_ones_are_closed(self):
        slow, idle = self.connect(b"GET / HT"), self.connect()
        channels = [self.channel_of(client) for client in (slow, idle)]
        self.turn_until(lambda: channels[0].is_busy)
        now = time.monotonic()

        self.server.close_slow_channels(now)
        with self.assertLogs("web", "INFO"):
            self.server.close_slow_channels(now + GRACE_SECONDS + 1)

        self.assertEqual([self.channel_of(client) for client in (slow, idle)], [None, channels[1]])


class ManyBodiesTests(ChannelTestCase):
    def test_of_too_many_bytes_the_largest_bodies_go_until_the_rest_fits(self):
        sizes = (3_000, 1_000, 2_000)
        clients = [self.connect(POST % 10**6 + b"x" * size) for size in sizes]
        channels = [self.channel_of(client) for client in clients]
        self.turn_until(lambda: [channel.body_bytes for channel in channels] == list(sizes))

        for allowed, left in ((6_000, channels), (5_999, channels[1:]), (2_999, channels[1:2]), (999, [])):
            with self.subTest(allowed=allowed), mock.patch.object(web_worker, "MAX_BODIES_BYTES", allowed):
                self.server.close_slow_channels(time.monotonic())

                self.assertEqual(list(self.server.active_channels.values()), left)

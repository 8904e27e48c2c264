"""
What the web server sends, and when it closes a connection.
"""

import json
import socket
import time
from unittest import mock

from deploy.web_channel import Channel
from twitter.tests.web_server import GET, PATIENCE, POST, ChannelTestCase


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

"""
Which clients the web server waits for, and which it sends away.
"""

import time
from unittest import mock

from deploy import web_worker
from deploy.web_channel import GRACE_SECONDS, LINGER_SECONDS, MIN_BYTES_PER_SECOND
from twitter.tests.web_server import GET, POST, ChannelTestCase


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

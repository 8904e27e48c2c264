"""
How deploy/stack/probe.py tells a server that lets us in from one that does not, and from none at all.
"""

import importlib.util
import os
import socket
import struct
import threading
from unittest import mock

from django.conf import settings
from django.test import SimpleTestCase

SECRET = "fishes"
# Of the AMQP handshake: what a broker says, by class and method.
START, TUNE, OPEN_OK, CLOSE_OK = (10, 10), (10, 30), (10, 41), (10, 51)


def load_probe():
    """
    Return the script as a module; nothing imports it.
    """
    spec = importlib.util.spec_from_file_location("probe", settings.BASE_DIR / "deploy" / "stack" / "probe.py")
    probe = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(probe)
    return probe


def frame(class_id, method_id):
    """
    Return an AMQP method without arguments, as a broker sends it.
    """
    body = struct.pack(">HH", class_id, method_id)
    return struct.pack(">BHI", 1, 0, len(body)) + body + b"\xce"


class Server:
    """
    Answers one connection from a script: each time something arrives, the next answer; then it hangs up.
    """

    def __init__(self, *responses):
        self.responses, self.heard = responses, []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self.serve)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *exception):
        self.thread.join(timeout=10)
        self.socket.close()

    def serve(self):
        connection, _ = self.socket.accept()
        with connection:
            for response in self.responses:
                self.heard.append(connection.recv(1000))
                connection.sendall(response)
            # What is unread when a socket is closed resets it, and the last answer might be lost.
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(1000):
                pass


class ProbeTestCase(SimpleTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.probe = load_probe()

    def ask(self, url, *responses):
        """
        Ask a server with these answers, whose port replaces PORT in the address; return the exit code and what it heard.
        """
        with Server(*responses) as server, self.address(url.replace("PORT", str(server.port))):
            code = self.probe.main()
        return code, server.heard

    def address(self, url):
        return mock.patch.dict(os.environ, PROBE_URL=url)

    def assert_codes(self, url, expected):
        """
        Check the exit code for each list of answers: {exit code: [answers, ...]}.
        """
        for code, cases in expected.items():
            for responses in cases:
                with self.subTest(responses=responses):
                    self.assertEqual(self.ask(url, *responses)[0], code)


class AnyServerTests(ProbeTestCase):
    def test_where_nothing_listens_nobody_answers(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]

        for scheme in ("redis", "memcached", "amqp"):
            with self.subTest(scheme=scheme), self.address(f"{scheme}://127.0.0.1:{port}"):
                self.assertEqual(self.probe.main(), self.probe.NOBODY)

    def test_who_hangs_up_at_once_is_a_stranger(self):
        for scheme in ("redis", "memcached", "amqp"):
            with self.subTest(scheme=scheme):
                self.assertEqual(self.ask(f"{scheme}://127.0.0.1:PORT")[0], self.probe.STRANGER)

    def test_a_web_server_is_a_stranger(self):
        refusal = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"

        for scheme in ("redis", "memcached", "amqp"):
            with self.subTest(scheme=scheme):
                self.assertEqual(self.ask(f"{scheme}://127.0.0.1:PORT", refusal)[0], self.probe.STRANGER)

    def test_who_listens_and_says_nothing_is_a_stranger(self):
        with (
            socket.create_server(("127.0.0.1", 0)) as silent,
            mock.patch.object(self.probe, "TIMEOUT_SECONDS", 0.05),
            self.address(f"redis://127.0.0.1:{silent.getsockname()[1]}"),
        ):
            self.assertEqual(self.probe.main(), self.probe.STRANGER)


class RedisTests(ProbeTestCase):
    url = f"redis://:{SECRET}@127.0.0.1:PORT"

    def test_one_that_takes_our_password_lets_us_in(self):
        code, heard = self.ask(self.url, b"+OK\r\n", b"+PONG\r\n")

        self.assertEqual(code, self.probe.OK)
        self.assertEqual(heard, [b"AUTH fishes\r\n", b"PING\r\n"])

    def test_without_a_password_of_ours_none_is_sent(self):
        code, heard = self.ask("redis://127.0.0.1:PORT", b"+PONG\r\n")

        self.assertEqual((code, heard), (self.probe.OK, [b"PING\r\n"]))

    def test_one_without_a_password_lets_everybody_in(self):
        without = b"-ERR AUTH <password> called without any password configured for the default user.\r\n"

        self.assertEqual(self.ask(self.url, without, b"+PONG\r\n")[0], self.probe.OK)

    def test_one_with_another_password_refuses_us(self):
        wrong = b"-WRONGPASS invalid username-password pair or user is disabled.\r\n"
        old = b"-ERR invalid password\r\n", b"-NOAUTH Authentication required.\r\n"

        self.assert_codes(self.url, {self.probe.REFUSED: [(wrong,), old]})

    def test_one_that_is_not_for_us_now_or_from_here_refuses_us(self):
        refusals = (
            b"-NOAUTH Authentication required.\r\n",
            b"-NOPERM this user has no permissions to run the 'ping' command\r\n",
            b"-DENIED Redis is running in protected mode\r\n",
            b"-LOADING Redis is loading the dataset in memory\r\n",
        )

        self.assert_codes("redis://127.0.0.1:PORT", {self.probe.REFUSED: [(refusal,) for refusal in refusals]})

    def test_what_is_no_answer_of_redis_is_a_strangers(self):
        self.assert_codes(self.url, {self.probe.STRANGER: [(b"ERROR\r\n",), (b"+OK\r\n", b"ERROR\r\n")]})


class MemcachedTests(ProbeTestCase):
    def test_it_is_known_by_its_version(self):
        code, heard = self.ask("memcached://127.0.0.1:PORT", b"VERSION 1.6.18\r\n")

        self.assertEqual((code, heard), (self.probe.OK, [b"version\r\n"]))

    def test_redis_is_a_stranger(self):
        answer = b"-ERR unknown command 'version'\r\n"

        self.assertEqual(self.ask("memcached://127.0.0.1:PORT", answer)[0], self.probe.STRANGER)


class RabbitTests(ProbeTestCase):
    url = f"amqp://twitter:{SECRET}@127.0.0.1:PORT/news%2Ffeed"

    def test_one_that_opens_our_host_lets_us_in(self):
        answers = [frame(*method) for method in (START, TUNE)]

        # TuneOk and Open are one answer to the broker, and arrive together or apart.
        code, heard = self.ask(self.url, *answers, frame(*OPEN_OK), frame(*CLOSE_OK))

        said = b"".join(heard)
        self.assertEqual(code, self.probe.OK)
        self.assertTrue(said.startswith(b"AMQP\x00\x00\x09\x01"))
        self.assertIn(b"PLAIN\x00\x00\x00\x0f\x00twitter\x00fishes", said)
        self.assertIn(b"\x09news/feed", said)

    def test_without_a_name_of_ours_it_only_has_to_speak(self):
        code, heard = self.ask("amqp://127.0.0.1:PORT", frame(*START))

        self.assertEqual((code, heard), (self.probe.OK, [b"AMQP\x00\x00\x09\x01"]))

    def test_one_that_hangs_up_on_our_password_refuses_us(self):
        self.assertEqual(self.ask(self.url, frame(*START))[0], self.probe.REFUSED)

    def test_one_that_says_no_in_words_refuses_us(self):
        close = frame(10, 50)

        self.assert_codes(
            self.url, {self.probe.REFUSED: [(frame(*START), close), (frame(*START), frame(*TUNE), close)]}
        )

    def test_one_of_another_version_is_a_stranger(self):
        self.assertEqual(self.ask(self.url, b"AMQP\x00\x01\x00\x00")[0], self.probe.STRANGER)

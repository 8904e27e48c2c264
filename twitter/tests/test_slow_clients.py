"""
Clients that send or read slowly, or never: nobody else waits for them.
"""

import socket
import time
import urllib.request

from twitter.tests.test_embedded import EmbeddedTestCase

POST = b"POST /api/accounts/login/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
HALF_SENT = {
    "headers": b"GET /api/ HTTP/1.1\r\nHost: local",
    "a body with a length": POST + b"Content-Length: 1000\r\n\r\n{",
    "a chunked body": POST + b"Transfer-Encoding: chunked\r\n\r\n3e8\r\n{",
}
LARGE_FILE = "/static/drf_spectacular_sidecar/swagger-ui-dist/swagger-ui-bundle.js"
# One address never ends, the others answer at once.
ENDLESS = """
import time

def application(environ, start_response):
    while environ["PATH_INFO"] == "/endless":
        time.sleep(0.1)
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
"""

# Answers as soon as three ask at once.
TOGETHER = """
import threading

barrier = threading.Barrier(3)

def application(environ, start_response):
    if environ["PATH_INFO"] == "/":
        barrier.wait(10)
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
"""


class ClientsTestCase(EmbeddedTestCase):
    def connect(self, sent, receive_buffer=None):
        client = self.enterContext(socket.socket())
        client.settimeout(20)
        if receive_buffer:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        client.connect(("127.0.0.1", self.port))
        client.sendall(sent)
        return client

    def measure(self, path):
        started = time.monotonic()
        with urllib.request.urlopen(self.url(path), timeout=20) as response:
            response.read()
        return time.monotonic() - started

    def is_closed(self, client):
        client.setblocking(False)
        try:
            return client.recv(1) == b""
        except BlockingIOError:
            return False


class SlowClientsTests(ClientsTestCase):
    def test_two_hundred_slow_senders_keep_nobody_waiting_and_are_sent_away(self):
        self.start_web()
        senders = {name: [self.connect(sent) for _ in range(70)] for name, sent in HALF_SENT.items()}

        self.assertLess(max(self.measure("/livez") for _ in range(5)), 2)
        for name in senders:
            with self.subTest(name=name):
                self.until(lambda: all(map(self.is_closed, senders[name])), "all of them are closed", seconds=20)  # noqa: B023

    def test_who_sends_little_by_little_but_steadily_is_served(self):
        self.start_web()
        client = self.connect(POST + b"Content-Length: 2\r\n\r\n")

        self.measure("/livez")
        client.sendall(b"{")
        self.measure("/livez")
        client.sendall(b"}")

        self.assertTrue(client.recv(100).startswith(b"HTTP/1.1 400"))

    def test_slow_readers_of_large_answers_keep_nobody_waiting_and_are_sent_away(self):
        web = self.start_web()
        request = f"GET {LARGE_FILE} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
        for _ in range(50):
            self.connect(request * 20, receive_buffer=4096)

        self.assertLess(max(self.measure("/livez") for _ in range(5)), 2)
        self.until(lambda: web.output.count("without reading") >= 50, "all of them are sent away", seconds=20)

    def test_a_large_answer_arrives_whole(self):
        self.start_web()
        with urllib.request.urlopen(self.url(LARGE_FILE), timeout=20) as response:
            length, body = int(response.headers["Content-Length"]), response.read()

        self.assertEqual(len(body), length)
        self.assertGreater(length, 1_000_000)

    def test_a_body_in_chunks_is_a_body(self):
        self.start_web()
        body = b'{"username": "al' + b'ice1", "email": "a@example.com", "password": "correct horse"}'
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:16], body[16:], b""))
        request = b"POST /api/accounts/signup/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"

        client = self.connect(request + b"Transfer-Encoding: chunked\r\n\r\n" + chunks)

        self.assertTrue(client.recv(100).startswith(b"HTTP/1.1 201"))

    def test_a_client_is_asked_for_a_body_that_it_holds_back_and_not_for_one_that_there_is_not(self):
        self.start_web()
        expecting = b"Host: localhost\r\nExpect: 100-continue\r\n"

        without = self.connect(b"GET /livez HTTP/1.1\r\n" + expecting + b"\r\n").recv(100)
        with_body = self.connect(b"POST /api/accounts/login/ HTTP/1.1\r\n" + expecting + b"Content-Length: 2\r\n\r\n")

        refused = self.connect(b"POST /livez HTTP/1.1\r\n" + expecting + b"Content-Length: 99999999999\r\n\r\n")
        self.assertTrue(refused.recv(100).startswith(b"HTTP/1.1 413"))
        self.assertTrue(without.startswith(b"HTTP/1.1 200"))
        self.assertTrue(with_body.recv(100).startswith(b"HTTP/1.1 100"))

    def test_a_body_larger_than_any_route_takes_is_413_before_it_is_sent(self):
        self.start_web()

        head, error = self.send(POST + b"Content-Length: 999999999\r\n\r\n")

        self.assertIn(" 413 ", head)
        self.assertEqual(error["code"], "too_large")

    def test_a_connection_stays_open_after_an_answer_without_a_body(self):
        self.start_web()
        with urllib.request.urlopen(self.url(LARGE_FILE), timeout=20) as response:
            modified = response.headers["Last-Modified"].encode()
        request = b"GET " + LARGE_FILE.encode() + b" HTTP/1.1\r\nHost: localhost\r\nIf-Modified-Since: " + modified
        client = self.connect(request + b"\r\n\r\n")
        self.assertTrue(client.recv(5000).startswith(b"HTTP/1.1 304"))

        client.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")

        self.assertTrue(client.recv(5000).startswith(b"HTTP/1.1 200"))


class EndlessRequestsTests(ClientsTestCase):
    def test_a_request_that_never_ends_ends_with_its_process_and_the_next_one_serves(self):
        (self.data_dir / "endless.py").write_text(ENDLESS)
        web = self.start_web("--pythonpath", str(self.data_dir), "--timeout", "7", application="endless:application")
        (before,) = web.children
        client = self.connect(b"GET /endless HTTP/1.1\r\nHost: localhost\r\n\r\n")

        self.assertLess(self.measure("/livez"), 2)
        self.until(lambda: self.is_closed(client), "its connection is closed", seconds=15)
        self.until(lambda: web.children and web.children != [before], "another process serves", seconds=15)

        self.assertLess(self.measure("/livez"), 5)
        self.assertIn("a request has not ended in time", web.output)
        self.assertIn("endless.py", web.output)


class SlowReadsTests(ClientsTestCase):
    def test_reads_that_wait_for_one_another_are_all_answered_again_and_again(self):
        (self.data_dir / "together.py").write_text(TOGETHER)
        self.start_web("--pythonpath", str(self.data_dir), application="together:application")

        for _ in range(3):
            clients = [self.connect(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n") for _ in range(3)]

            for client in clients:
                self.assertTrue(client.recv(1024).startswith(b"HTTP/1.1 200 OK"))

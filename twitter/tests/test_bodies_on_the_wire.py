"""
Bodies as they come over a real socket to the web server that is deployed.
"""

import json
import os
import select
import socket
import time

from PIL import Image

from testing.forms import MULTIPART, form, part
from twitter.tests.test_embedded import EmbeddedTestCase
from utils.tests.pictures import encoded

JSON = "application/json"
MEGABYTE = 1024 * 1024
# At most, by the kernels of both ends.
BUFFERED = 10
CSRF = f"csrftoken={'a' * 32}"
ALICE = {"username": "alice1", "email": "alice1@example.com", "password": "correct horse battery"}


class WireTests(EmbeddedTestCase):
    def setUp(self):
        super().setUp()
        self.start_web()
        self.token = self.call("accounts/signup/", **ALICE)["token"]

    def send(self, method, path, *pieces, **headers):
        """
        Send a request as it is and return (status, JSON); `pieces` are its body.
        """
        lines = {"Host": "localhost", "Connection": "close", "Authorization": f"Bearer {self.token}", **headers}
        head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in lines.items() if value is not None)
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as client:
            client.sendall(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode())
            for piece in pieces:
                client.sendall(piece)
            status, _, rest = client.makefile("rb").read().partition(b"\r\n")
        return int(status.split()[1]), json.loads(rest.partition(b"\r\n\r\n")[2])

    def send_chunks(self, method, path, *chunks, kind=JSON, **headers):
        pieces = [f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n" for chunk in chunks]
        return self.send(method, path, *pieces, b"0\r\n\r\n", Content_Type=kind, Transfer_Encoding="chunked", **headers)

    def send_endlessly(self, path, kind, **headers):
        """
        Send a body in chunks until somebody has enough of it; return (status, JSON, megabytes sent).
        """
        lines = {"Host": "localhost", "Content-Type": kind, "Transfer-Encoding": "chunked", **headers}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        chunk, sent = b"10000\r\n" + b"x" * 65_536 + b"\r\n", 0
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as client:
            client.sendall(f"POST {path} HTTP/1.1\r\n{head}\r\n".encode())
            while sent < 1000 * MEGABYTE and not select.select([client], [], [], 0)[0]:
                client.sendall(chunk)
                sent += 65_536
            response = b""
            # The head and the body of an answer may come apart.
            while not response.endswith(b"}") and (block := client.recv(10_000)):
                response += block
            status, _, rest = response.partition(b"\r\n")
        return int(status.split()[1]), json.loads(rest.partition(b"\r\n\r\n")[2]), sent / MEGABYTE

    def test_bodies_in_chunks_are_read(self):
        hello = '{"content": "Hello world"}'
        bodies = {
            JSON: hello.encode(),
            f"{JSON}; charset=utf-16": hello.encode("utf-16"),
            "application/x-www-form-urlencoded": b"content=Hello+world",
            MULTIPART: form(part("content", "Hello world")),
        }
        for kind, body in bodies.items():
            with self.subTest(kind=kind):
                status, tweet = self.send_chunks("POST", "/api/tweets/", body[:7], body[7:8], body[8:], kind=kind)

                self.assertEqual((status, tweet["content"]), (201, "Hello world"))
        status, error = self.send_chunks("POST", "/api/tweets/")
        self.assertEqual((status, list(error["errors"])), (400, ["content"]))

    def test_photos_in_chunks_are_read(self):
        photo = encoded(Image.frombytes("RGB", (200, 200), os.urandom(120_000)), "PNG")
        body = form(part("content", "Hello photos"), *[part("files", photo, filename="a.png")] * 9)

        status, tweet = self.send_chunks(
            "POST", "/api/tweets/", body[:100], body[100:50_000], body[50_000:], kind=MULTIPART
        )

        self.assertEqual((status, len(tweet["photo_urls"])), (201, 9))

    def test_chunks_are_413_when_they_are_more_than_the_route_reads(self):
        for kind in (JSON, MULTIPART):
            for path, most in (
                ("/api/accounts/login/", 1),
                ("/admin/login/", 1),
                ("/nowhere/", 1),
                ("/api/tweets/", 95),
            ):
                with self.subTest(kind=kind, path=path):
                    status, error, sent = self.send_endlessly(path, kind, Cookie=CSRF)

                    self.assertEqual((status, error["code"]), (413, "too_large"))
                    # What the system buffers on the way comes on top.
                    self.assertLess(sent, (most if kind == MULTIPART else 1) + BUFFERED)

    def test_chunks_that_are_broken_or_have_an_endless_head_are_400(self):
        for name, body in {
            "no size": b"zz\r\n{}\r\n",
            "no end of a chunk": b"2\r\n{}!!0\r\n\r\n",
            "a head without an end": b"0" * 20_000,
            "an extension without an end": b"2;" + b"x" * 20_000,
            "a trailer without an end": b"0\r\nx: " + b"y" * 20_000,
        }.items():
            with self.subTest(name):
                status, error = self.send(
                    "POST", "/api/tweets/", body, Content_Type=MULTIPART, Transfer_Encoding="chunked"
                )

                self.assertEqual((status, error["code"]), (400, "bad_request"))

    def test_a_body_in_crumbs_is_read_when_it_is_small_and_refused_when_it_is_not(self):
        small = json.dumps({"content": "Letter by letter"}).encode()

        status, tweet = self.send_chunks("POST", "/api/tweets/", *[bytes([byte]) for byte in small])
        self.assertEqual((status, tweet["content"]), (201, "Letter by letter"))

        crumbs = b"1\r\nx\r\n" * 30_000
        status, error = self.send(
            "POST", "/api/tweets/", crumbs, b"0\r\n\r\n", Content_Type=MULTIPART, Transfer_Encoding="chunked"
        )
        self.assertEqual((status, error["code"]), (400, "bad_request"))

        photo = encoded(Image.frombytes("RGB", (600, 600), os.urandom(1_080_000)), "PNG")
        body = form(part("content", "Half a kilobyte at a time"), part("files", photo, filename="a.png"))
        pieces = [body[start : start + 512] for start in range(0, len(body), 512)]
        status, tweet = self.send_chunks("POST", "/api/tweets/", *pieces, kind=MULTIPART)
        self.assertEqual((status, tweet["content"]), (201, "Half a kilobyte at a time"))

    def test_a_length_of_thousands_of_digits_is_400(self):
        status, error = self.send("POST", "/api/tweets/", Content_Type=JSON, Content_Length="9" * 5000)

        self.assertEqual((status, error["code"]), (400, "bad_request"))

    def test_a_gigabyte_is_refused_before_it_is_sent(self):
        started = time.monotonic()
        for path in ("/api/accounts/login/", "/admin/login/", "/api/tweets/", "/api/profiles/1/"):
            for kind in (MULTIPART, JSON):
                with self.subTest(path=path, kind=kind):
                    status, error = self.send("POST", path, Content_Type=kind, Content_Length=982_000_000, Cookie=CSRF)

                    self.assertEqual((status, error["code"]), (413, "too_large"))
        self.assertLess(time.monotonic() - started, 5)

    def test_what_is_a_little_too_large_is_refused_by_the_project_itself(self):
        for path in ("/api/accounts/login/", "/admin/login/"):
            for kind in (MULTIPART, "application/x-www-form-urlencoded"):
                with self.subTest(path=path, kind=kind):
                    body = b"x" * 100_000

                    status, error = self.send(
                        "POST", path, body, Content_Type=kind, Content_Length=len(body), Cookie=CSRF
                    )

                    self.assertEqual((status, error["code"]), (413, "too_large"))

    def test_no_charset_of_the_clients_choice_is_looked_up(self):
        for kind in (
            "text/plain; charset=zlib",
            "text/plain; charset=undefined",
            "text/plain; charset*=zlib''x",
            "text/plain; x*0*=punycode''abc",
            "text/plain; charset=" + "a" * 4000,
        ):
            for method, path in (
                ("GET", "/api/tweets/?user_id=1"),
                ("GET", "/admin/login/?next=/"),
                ("POST", "/api/tweets/"),
            ):
                with self.subTest(kind=kind[:40], path=path):
                    status, error = self.send(method, path, Content_Type=kind, Content_Length=0)

                    self.assertEqual((status, error["code"]), (415, "unsupported_media_type"))

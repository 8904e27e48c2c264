"""
How much a body may be, by the route: refused with 413 before it is read, and never written to a disk.
"""

import io
import os
import tempfile
from unittest import mock

import orjson

from testing.forms import BOUNDARY, MULTIPART, part, send_form
from testing.measuring import least_cpu
from testing.testcases import ApiTestCase
from utils.images.limits import MAX_BYTES
from utils.tests.pictures import encoded, picture

MEGABYTE = 1024 * 1024


class Endless(io.RawIOBase):
    """
    A body that never ends: a form with one file. `given` counts the bytes that somebody has read.
    """

    def __init__(self, head):
        self.head, self.given = head, 0

    def readable(self):
        return True

    def read(self, size=-1):
        assert size >= 0, "read without a bound"
        data = (self.head if not self.given else b"") + b"x" * size
        self.given += size
        return data[:size]


class Counted(tempfile.SpooledTemporaryFile):
    written = 0

    def write(self, data):
        self.written += len(data)
        return super().write(data)


def endless_form(name="files"):
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"; filename="a.png"\r\n\r\n'
    return Endless(head.encode())


def announced(stream, megabytes):
    """
    Return the environment of a body that is on its way.
    """
    return {"wsgi.input": stream, "CONTENT_TYPE": MULTIPART, "CONTENT_LENGTH": str(megabytes * MEGABYTE)}


class SizesTestCase(ApiTestCase):
    def setUp(self):
        self.alice = self.person("alice1")
        self.clients = [
            (self.alice.client, "/api/comments/"),
            (self.alice.client, "/api/likes/"),
            (self.nobody().client, "/api/accounts/login/"),
            (self.nobody().client, "/api/accounts/signup/"),
            (self.form_client(), "/admin/login/"),
            (self.form_client(), "/api-auth/login/"),
        ]


class FilesWhereNoneBelongTests(SizesTestCase):
    def test_a_gigabyte_of_files_is_413_and_not_read(self):
        for client, path in self.clients:
            with self.subTest(path=path):
                body = endless_form()

                response = client.post(path, **announced(body, 982))

                self.assertEqual(self.assert_refused(response, 413)["code"], "too_large")
                self.assertEqual(body.given, 0)

    def test_a_small_file_is_400_there(self):
        for client, path in self.clients:
            with self.subTest(path=path):
                response = send_form(
                    client, "POST", path, part("username", "alice1"), part("x", "a file", filename="x")
                )

                self.assertEqual(self.assert_refused(response, 400)["code"], "unexpected_file")


class FilesWhereTheyBelongTests(SizesTestCase):
    def routes(self):
        profile_id = self.alice.get(f"users/{self.alice.id}/").json()["profile_id"]
        return [("POST", "/api/tweets/", 90), ("PUT", f"/api/profiles/{profile_id}/", 10)]

    def test_more_than_all_files_together_may_have_is_413_before_it_is_read(self):
        for method, path, megabytes in self.routes():
            with self.subTest(path=path):
                body = endless_form("files" if method == "POST" else "avatar")

                response = self.alice.client.generic(
                    method, path, content_type=MULTIPART, **announced(body, megabytes + 1)
                )

                self.assert_refused(response, 413)
                self.assertEqual(body.given, 0)

    def test_of_one_file_no_more_is_kept_than_tells_that_it_is_too_large(self):
        kept = Counted(MEGABYTE)
        large = part("files", b"x" * (30 * MEGABYTE), filename="a.png")

        with mock.patch.object(tempfile, "SpooledTemporaryFile", return_value=kept):
            response = send_form(self.alice.client, "POST", "/api/tweets/", part("content", "Hello world"), large)

        self.assert_refused(response, 400, field="files")
        self.assertEqual((kept.written, kept.closed), (MAX_BYTES + 1, True))

    def test_nothing_lies_in_the_temporary_folder_while_a_photo_is_read_nor_after(self):
        photo = encoded(picture(size=(1500, 1500)), "BMP")
        with tempfile.TemporaryDirectory() as folder, mock.patch.object(tempfile, "tempdir", folder):
            response = send_form(
                self.alice.client,
                "POST",
                "/api/tweets/",
                part("content", "Hello world"),
                part("files", photo, filename="a.bmp"),
            )
            left = os.listdir(folder)

        self.assert_refused(response, 400, field="files")
        self.assertEqual(left, [])

    def test_who_is_not_logged_in_is_not_listened_to(self):
        body = endless_form()

        response = self.nobody().client.post("/api/tweets/", **announced(body, 50))

        self.assert_refused(response, 403)
        self.assertEqual(body.given, 0)


class ChunksTests(SizesTestCase):
    def test_chunks_that_no_server_has_put_together_are_400_and_not_lost(self):
        for client, path in self.clients:
            with self.subTest(path=path):
                response = client.generic("POST", path, HTTP_TRANSFER_ENCODING="chunked")

                self.assertEqual(self.assert_refused(response, 400)["code"], "bad_request")


class PartsTests(SizesTestCase):
    def test_more_parts_texts_or_headers_than_anybody_means_are_413(self):
        many = [part(f"field{number}", "") for number in range(1100)]
        tall = part("content", "Hello world", **{f"X_{number}": "y" for number in range(20)})
        wide = part("content", "Hello world", X_Long="y" * 2000)
        large = part("content", "x" * 70_000)
        for client, path in [*self.clients, (self.alice.client, "/api/tweets/")]:
            for name, parts in {"many": many, "tall": [tall], "wide": [wide], "large": [large]}.items():
                with self.subTest(path=path, parts=name):
                    self.assert_refused(send_form(client, "POST", path, *parts), 413)


class JsonTests(SizesTestCase):
    def test_more_than_any_body_of_ours_has_is_413_at_once(self):
        nested = b"[" + b"[[],[]]," * 300_000 + b"[]]"
        bodies = {
            "nested": nested,
            "flat": orjson.dumps([1] * 20_000),
            "text": orjson.dumps({"content": "x" * 70_000}),
            "many values": orjson.dumps({"content": "Hello world", "x": [[]] * 2000}),
            "many keys": orjson.dumps({str(number): number for number in range(1500)}),
        }
        for name, body in bodies.items():
            for client, path in self.clients[:4]:
                with self.subTest(body=name, path=path):
                    response, seconds = least_cpu(
                        lambda client=client, path=path, body=body: client.generic(
                            "POST", path, body, content_type="application/json"
                        )
                    )

                    self.assertEqual(self.assert_refused(response, 413)["code"], "too_large")
                    self.assertLess(seconds, 0.2)

    def test_the_longest_that_means_something_is_read(self):
        nickname = "\\ud83d\\ude00" * 200
        profile_id = self.alice.get(f"users/{self.alice.id}/").json()["profile_id"]

        response = self.alice.client.generic(
            "PUT", f"/api/profiles/{profile_id}/", f'{{"nickname": "{nickname}"}}', content_type="application/json"
        )

        self.assertEqual((response.status_code, response.json()["nickname"]), (200, "😀" * 200))

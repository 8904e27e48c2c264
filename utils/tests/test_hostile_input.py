"""
Bodies, ids and parameters that no client of ours would send: refused, never a crash.
"""

from testing.people import PASSWORD
from testing.testcases import ApiTestCase

BROKEN_JSON = {
    "cut off": b'{"content": "Hello',
    "a comma too many": b'{"content": "Hello world",}',
    "single quotes": b"{'content': 'Hello world'}",
    "nothing but space": b"  ",
    "NaN": b'{"content": NaN}',
    "infinity": b'{"content": -Infinity}',
    "a number without end": b'{"content": 1e999}',
    "a lone surrogate": b'{"content": "Hello \\ud800 world"}',
    "a surrogate the wrong way round": b'{"content": "Hello \\udc00\\ud800 world"}',
    "bad utf-8": b'{"content": "Hello \xff world"}',
    "utf-16": '{"content": "Hello world"}'.encode("utf-16"),
    "deep lists": b"[" * 60_000,
    "deep objects": b'{"content":' * 5_000,
    "deep and whole": b"[" * 2000 + b"]" * 2000,
    "two documents": b'{"content": "Hello world"}{}',
    "a comment": b'{"content": "Hello world"} // hi',
    "javascript": b"undefined",
}
NOT_OBJECTS = (b"[]", b'["content"]', b'"content"', b"1", b"true", b"null", b"[[{}]]")
STRANGE_CONTENTS = (None, [], {}, ["Hello world"], {"a": "Hello world"}, True, "\x00 Hello world", " " * 50, "")


class StrangeBodiesTests(ApiTestCase):
    def setUp(self):
        self.alice = self.person("alice1")
        self.endpoints = [
            (self.alice.client, "/api/tweets/"),
            (self.alice.client, "/api/accounts/password/"),
            (self.nobody().client, "/api/accounts/signup/"),
            (self.nobody().client, "/api/accounts/login/"),
        ]

    def test_broken_json_is_400_everywhere(self):
        for name, body in BROKEN_JSON.items():
            for client, path in self.endpoints:
                with self.subTest(body=name, path=path):
                    response = client.post(path, body, content_type="application/json")

                    self.assertEqual(self.assert_refused(response, 400)["code"], "parse_error")

    def test_json_that_is_no_object_is_a_validation_error(self):
        for body in NOT_OBJECTS:
            for client, path in self.endpoints:
                with self.subTest(body=body, path=path):
                    response = client.post(path, body, content_type="application/json")

                    self.assertEqual(self.assert_refused(response, 400)["code"], "invalid")

    def test_a_list_body_of_a_list_that_wants_a_parameter_breaks_nothing(self):
        response = self.alice.client.generic("GET", "/api/tweets/", b"[1]", content_type="application/json")

        self.assert_refused(response, 400, field="user_id")

    def test_a_content_of_the_wrong_kind_is_named(self):
        for content in STRANGE_CONTENTS:
            with self.subTest(content=content):
                self.assert_refused(self.alice.post("tweets/", content=content), 400, field="content")

    def test_of_a_key_that_is_given_twice_the_last_one_counts(self):
        body = b'{"content": "The first one", "content": "The second one"}'

        response = self.alice.client.post("/api/tweets/", body, content_type="application/json")

        self.assertEqual(response.json()["content"], "The second one")

    def test_a_type_that_nobody_speaks_is_415(self):
        for kind in ("text/plain", "application/xml", "application/vnd.api+json", "image/png", "nonsense", "a/b/c"):
            for client, path in self.endpoints:
                with self.subTest(kind=kind, path=path):
                    response = client.post(path, b"content=Hello world", content_type=kind)

                    self.assert_refused(response, 415)

    def test_json_by_any_spelling_of_its_type_is_read(self):
        for kind in ("application/json", "application/json; charset=utf-8", "APPLICATION/JSON"):
            with self.subTest(kind=kind):
                body = '{"content": "Grüße an alle"}'.encode()

                response = self.alice.client.post("/api/tweets/", body, content_type=kind)

                self.assertEqual((response.status_code, response.json()["content"]), (201, "Grüße an alle"))

    def test_forms_are_read_and_broken_ones_refused(self):
        form = "application/x-www-form-urlencoded"
        read = self.alice.client.post("/api/tweets/", "content=Gr%C3%BC%C3%9Fe+an+alle", content_type=form)
        multipart = self.alice.client.post("/api/tweets/", {"content": "Grüße an alle"}, format="multipart")
        fields = "&".join(f"f{number}=1" for number in range(2000))
        too_many = self.alice.client.post("/api/tweets/", fields, content_type=form)
        no_boundary = self.alice.client.post("/api/tweets/", b"--x", content_type="multipart/form-data")
        cut_off = b'--x\r\nContent-Disposition: form-data; name="content"\r\n\r\nHel'
        cut = self.alice.client.post("/api/tweets/", cut_off, content_type="multipart/form-data; boundary=x")

        self.assertEqual([read.json()["content"], multipart.json()["content"]], ["Grüße an alle"] * 2)
        for response in (too_many, no_boundary):
            self.assert_refused(response, 400)
        self.assertIn(cut.status_code, (201, 400))

    def test_no_body_at_all_is_an_empty_one(self):
        response = self.alice.client.post("/api/tweets/")

        self.assert_refused(response, 400, field="content")

    def test_a_body_that_is_too_large_is_413_whatever_its_kind(self):
        large = "x" * 3_000_000
        responses = [
            self.alice.post("tweets/", content=large),
            self.alice.client.post("/api/tweets/", {"content": large}, format="multipart"),
            self.alice.client.post(
                "/api/tweets/", f"content={large}", content_type="application/x-www-form-urlencoded"
            ),
        ]

        for response in responses:
            self.assert_refused(response, 413)


class StrangeIdsTests(ApiTestCase):
    def setUp(self):
        self.alice = self.person("alice1")
        self.alice.client.raise_request_exception = False

    def routes(self, text):
        return [
            ("get", f"users/{text}/"),
            ("get", f"tweets/{text}/"),
            ("delete", f"tweets/{text}/"),
            ("get", f"friendships/{text}/followers/"),
            ("get", f"friendships/{text}/followings/"),
            ("post", f"friendships/{text}/follow/"),
            ("post", f"friendships/{text}/unfollow/"),
        ]

    def test_an_id_that_is_none_is_404(self):
        strange = (
            "abc",
            "-1",
            "1.5",
            "1e3",
            "0x1",
            "+1",
            "1 ",
            " 1",
            "1%00",
            "%00",
            "١",
            "１",
            "NaN",
            "null",
            "1;2",
            "%",
        )
        for text in strange:
            for method, path in self.routes(text):
                with self.subTest(path=path, method=method):
                    self.assert_refused(getattr(self.alice.client, method)(f"/api/{path}"), 404)

    def test_a_number_beyond_all_ids_is_404(self):
        for number in (0, 2**31, 2**53, 2**63 - 1, 2**63, 2**64, 10**400):
            for method, path in self.routes(number):
                with self.subTest(path=path[:40], method=method):
                    self.assert_refused(getattr(self.alice.client, method)(f"/api/{path}"), 404)

    def test_an_id_of_five_thousand_digits_is_404(self):
        for method, path in self.routes("9" * 5000):
            with self.subTest(path=path[:20], method=method):
                self.assert_refused(getattr(self.alice.client, method)(f"/api/{path}"), 404)

    def test_a_user_id_that_is_no_number_is_400_and_an_unknown_one_finds_nothing(self):
        for text in ("abc", "1.5", "1e3", "١", "1 2", "\x00", "--1", "-", "9" * 5000):
            with self.subTest(user_id=text[:10]):
                self.assert_refused(self.alice.get("tweets/", user_id=text), 400, field="user_id")
        for number in (-1, 0, 2**53, 2**63, 2**64, self.alice.id + 1000):
            with self.subTest(user_id=number):
                self.assertEqual(self.alice.get("tweets/", user_id=number).json()["results"], [])

    def test_parameters_that_nobody_knows_are_ignored(self):
        response = self.nobody().get(f"users/{self.alice.id}/", password=PASSWORD, id__gt=0, page="x")

        self.assertEqual(response.status_code, 200, response.content)

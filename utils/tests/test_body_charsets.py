"""
Bodies in any charset and coding: read as what they say they are, or refused, and never replaced.
"""

import gzip
from encodings.aliases import aliases
from urllib.parse import urlencode

from django.test import Client

from accounts.services import AccessTokenService
from comments.models import Comment
from testing.forms import MULTIPART, form, part, send_form
from testing.measuring import least_cpu
from testing.testcases import ApiTestCase

URLENCODED = "application/x-www-form-urlencoded"
# The ones that Python has and no client means; each has been a 500, a bomb or a slow death somewhere.
OTHERS = (
    "punycode", "idna", "zlib", "bz2", "rot13", "hex", "base64", "undefined", "unicode_escape", "raw_unicode_escape",
    "utf-7", "utf-32", "utf-8-sig", "cp1252", "mbcs", "euc_jp", "gb18030", "nonsense", "", "é",
    "utf--8", "utf!8", "a" * 5000,
)  # fmt: skip
ROUTES = (
    ("GET", "/api/tweets/?user_id=1"),
    ("POST", "/api/tweets/"),
    ("POST", "/api/accounts/login/"),
    ("DELETE", "/api/accounts/me/"),
    ("PUT", "/api/profiles/1/"),
    ("OPTIONS", "/api/newsfeeds/"),
    ("GET", "/admin/"),
    ("POST", "/admin/login/"),
    ("POST", "/api-auth/login/"),
    ("GET", "/livez"),
    ("GET", "/nowhere/"),
)
TEXT = "Grüße an alle"


class CharsetsTestCase(ApiTestCase):
    def setUp(self):
        token = AccessTokenService.create_token(user=self.person("alice1").user)
        # Not the usual client: what is answered to a read here stands in no schema.
        self.alice = Client(headers={"Authorization": f"Bearer {token}"})

    def post(self, body, content_type):
        return self.alice.generic("POST", "/api/tweets/", body, content_type=content_type)

    def assert_posted(self, response, content=TEXT):
        self.assertEqual((response.status_code, response.json().get("content")), (201, content), response.content)


class RefusedCharsetsTests(CharsetsTestCase):
    def test_every_other_charset_is_415_on_every_route_whatever_the_body_is(self):
        for charset in OTHERS:
            for kind in (URLENCODED, "application/json", MULTIPART, "text/plain"):
                for method, path in ROUTES:
                    with self.subTest(charset=charset[:20], kind=kind, path=path):
                        response = self.alice.generic(method, path, b"{}", content_type=f'{kind}; charset="{charset}"')

                        self.assertEqual(self.assert_refused(response, 415)["code"], "unsupported_media_type")

    def test_of_all_that_python_knows_only_four_are_left(self):
        kept = {name for name in aliases if self.post(b"x=1", f"{URLENCODED}; charset={name}").status_code != 415}

        self.assertLessEqual(
            {aliases[name] for name in kept}, {"ascii", "utf_8", "latin_1", "utf_16", "utf_16_le", "utf_16_be"}
        )
        self.assertLessEqual({"utf8", "us_ascii", "latin1", "iso_8859_1", "utf16"}, kept)

    def test_a_part_in_another_charset_is_415_too(self):
        for charset in OTHERS[:8]:
            kind = f"text/plain; charset={charset}"
            for path in ("/api/tweets/", "/admin/login/"):
                with self.subTest(charset=charset, path=path):
                    client = self.form_client() if path.startswith("/admin") else self.alice

                    response = send_form(client, "POST", path, part("content", "Hello world", content_type=kind))

                    self.assert_refused(response, 415)

    def test_a_slow_charset_costs_nothing(self):
        body = urlencode({"username": "x", "password": "ü" * 9000}).encode()
        kind = f"{URLENCODED}; charset=punycode"

        response, seconds = least_cpu(
            lambda: self.alice.generic("POST", "/api/accounts/login/", body, content_type=kind)
        )

        self.assert_refused(response, 415)
        self.assertLess(seconds, 0.1)

    def test_neither_does_a_content_type_of_thousands_of_semicolons(self):
        response, seconds = least_cpu(lambda: self.post(b"{}", "application/json" + ";" * 30_000))

        self.assert_refused(response, 415)
        self.assertLess(seconds, 0.05)

    def test_a_compressed_body_is_415(self):
        body = gzip.compress(b'{"content": "Hello world"}')
        for coding in ("gzip", "deflate", "br", "GZIP", "identity, gzip", "x-gzip"):
            for path in ("/api/tweets/", "/admin/login/"):
                with self.subTest(coding=coding, path=path):
                    response = self.alice.post(
                        path, body, content_type="application/json", HTTP_CONTENT_ENCODING=coding
                    )

                    self.assertEqual(self.assert_refused(response, 415)["code"], "unsupported_media_type")

    def test_a_body_that_says_it_is_not_compressed_is_read(self):
        response = self.alice.post(
            "/api/tweets/",
            b'{"content": "Hello world"}',
            content_type="application/json",
            HTTP_CONTENT_ENCODING="identity",
        )

        self.assert_posted(response, "Hello world")


class ReadCharsetsTests(CharsetsTestCase):
    def test_json_is_read_in_each_charset(self):
        for charset in ("utf-8", "UTF8", "latin-1", "ISO-8859-1", "utf-16", "UTF-16LE", "utf-16-be"):
            with self.subTest(charset=charset):
                body = f'{{"content": "{TEXT}"}}'.encode(charset)

                self.assert_posted(self.post(body, f"application/json; charset={charset}"))

    def test_an_urlencoded_form_is_read_in_each_charset_with_percent_signs_and_without(self):
        for charset in ("utf-8", "latin-1", "utf-16", "utf-16-le", "utf-16-be"):
            escaped = urlencode({"content": TEXT}, encoding=charset).encode()
            for body in (escaped, f"content={TEXT}".encode(charset)):
                with self.subTest(charset=charset, body=body[:12]):
                    self.assert_posted(self.post(body, f"{URLENCODED}; charset={charset}"))

    def test_a_part_is_read_in_its_own_charset(self):
        for charset in ("utf-8", "latin-1", "utf-16", "utf-16-be"):
            with self.subTest(charset=charset):
                content = part("content", TEXT.encode(charset), content_type=f"text/plain; charset={charset}")

                self.assert_posted(self.post(form(content), MULTIPART))

    def test_else_in_that_of_the_form_or_of_the_field_that_names_it(self):
        content = part("content", TEXT.encode("latin-1"))

        self.assert_posted(self.post(form(content), f"{MULTIPART}; charset=latin-1"))
        self.assert_posted(self.post(form(part("_charset_", "iso-8859-1"), content), MULTIPART))
        self.assert_refused(self.post(form(part("_charset_", "zlib"), content), MULTIPART), 415)

    def test_the_address_is_utf_8_whatever_the_body_is(self):
        response = self.alice.generic("GET", "/api/tweets/?user_id=1", content_type="application/json; charset=utf-16")

        self.assertEqual(response.status_code, 200, response.content)


class UndecodableTests(CharsetsTestCase):
    def test_bytes_that_are_no_text_are_400_and_nothing_is_stored(self):
        broken = {
            URLENCODED: (b"content=Gr\xfc\xdfe+an+alle", b"content=Gr%FC%DFe+an+alle", b"content=Hello+world&\xff=1"),
            f"{URLENCODED}; charset=ascii": ("content=Grüße an alle".encode(),),
            f"{URLENCODED}; charset=utf-16": (b"content=Hello+world%00",),
            "application/json; charset=ascii": ('{"content": "Grüße an alle"}'.encode(),),
            "application/json; charset=utf-16": (b'{"content": "Hello world"}\0',),
            MULTIPART: (
                form(part("content", b"Gr\xfc\xdfe an alle")),
                form(part("content", TEXT.encode(), content_type="text/plain; charset=us-ascii")),
            ),
        }
        for kind, bodies in broken.items():
            for body in bodies:
                with self.subTest(kind=kind, body=body[:30]):
                    self.assert_refused(self.post(body, kind), 400)
        self.assertEqual(self.alice.get("/api/newsfeeds/").json()["results"], [])

    def test_a_header_of_a_part_that_is_no_text_is_400_and_not_lost(self):
        for body in (
            form(part("content", "Hello world")).replace(b'name="content"', b'name="cont\xffent"'),
            form(part("content", "Hello world"), part("x", "y")).replace(b'name="x"', b'nam\xe9="x"'),
        ):
            with self.subTest(body=body[:80]):
                self.assert_refused(self.post(body, MULTIPART), 400)

    def test_a_form_that_is_cut_off_or_coded_is_refused(self):
        whole = form(part("content", "Hello world"), part("other", "x"))
        coded = form(part("content", "SGVsbG8gd29ybGQ=", Content_Transfer_Encoding="base64"))

        for cut in (40, 75, 90, len(whole) - 4):
            with self.subTest(cut=cut):
                self.assert_refused(self.post(whole[:cut], MULTIPART), 400)
        self.assert_refused(self.post(coded, MULTIPART), 415)

    def test_a_moderators_form_is_held_to_it_too(self):
        author = self.person("carol1")
        comment_id = author.post("comments/", tweet_id=author.tweets(), content="As I said").json()["id"]
        staff = Client()
        staff.force_login(self.person("root_1", is_staff=True, is_superuser=True).user)
        path = f"/admin/comments/comment/{comment_id}/change/"

        for body, kind in (
            (b"content=Gr%FC%DFe", URLENCODED),
            (b"content=Gr\xfc\xdfe", f"{URLENCODED}; charset=latin-1"),
            (form(part("content", b"Gr\xfc\xdfe")), MULTIPART),
        ):
            with self.subTest(kind=kind):
                response = staff.generic("POST", path, body, content_type=kind)

                self.assertIn(response.status_code, (400, 415))
        self.assertEqual(Comment.objects.get().content, "As I said")

"""
The forms that browsers and libraries make of a tweet and its photos: nothing in them is lost, nothing is made up.
"""

from testing.forms import MULTIPART, form, part, send_form, untouched
from testing.testcases import ApiTestCase
from tweets.models import Tweet
from tweets.tests.photos import Photographing

CONTENT = part("content", "Look what I have seen")
TOO_MANY = {"message": ["You can upload 9 photos at most"]}


class PhotoFormsTestCase(Photographing, ApiTestCase):
    def setUp(self):
        self.alice = self.person("alice1")

    def send(self, *parts, **headers):
        return send_form(self.alice.client, "POST", "/api/tweets/", CONTENT, *parts, **headers)

    def photo_part(self, name="files", width=40, filename="a.png"):
        return part(name, self.picture(width=width), filename=filename, content_type="image/png")

    def widths(self, response):
        """
        Return how wide the photos of a new tweet are, in their order.
        """
        self.assertEqual(response.status_code, 201, response.content)
        return [self.seen(address).width for address in response.json()["photo_urls"]]


class NothingChosenTests(PhotoFormsTestCase):
    def test_a_file_input_that_nobody_touched_is_no_file(self):
        for nothing in (untouched("files"), part("files", ""), part("files[]", "")):
            with self.subTest(nothing=nothing):
                self.assertEqual(self.widths(self.send(nothing)), [])

    def test_neither_is_it_beside_one_with_a_photo(self):
        self.assertEqual(self.widths(self.send(untouched("files"), self.photo_part(), part("files", ""))), [40])

    def test_nor_in_an_urlencoded_form(self):
        response = self.alice.client.generic(
            "POST", "/api/tweets/", b"content=Hello+world&files=", content_type="application/x-www-form-urlencoded"
        )

        self.assertEqual(self.widths(response), [])

    def test_a_file_without_a_name_or_without_bytes_is_no_nothing(self):
        for file in (part("files", "bytes without a name", filename=""), part("files", "", filename="a.png")):
            with self.subTest(file=file):
                self.assert_refused(self.send(file), 400)
        self.assertFalse(Tweet.objects.exists())


class NamesTests(PhotoFormsTestCase):
    def test_files_with_brackets_are_files(self):
        response = self.send(*[self.photo_part("files[]", width) for width in (10, 11, 12)])

        self.assertEqual(self.widths(response), [10, 11, 12])

    def test_numbered_ones_are_taken_by_their_numbers(self):
        numbers = [f"files[{number}]" for number in (2, 0, 10, 1)]

        response = self.send(*[self.photo_part(name, 10 + n) for n, name in enumerate(numbers)])

        self.assertEqual(self.widths(response), [11, 13, 10, 12])

    def test_a_file_under_any_other_name_is_refused_by_the_name_it_should_have(self):
        others = (
            "file",
            "photos",
            "Files",
            "files ",
            "files[a]",
            "files[0][0]",
            "files[-1]",
            "xfiles[]",
            "content",
            "",
        )
        for name in (*others, "photo" * 50, f"files[{'9' * 5000}]"[:900], "files[99999]"):
            for parts in ([self.photo_part(name)], [self.photo_part(), self.photo_part(name)]):
                with self.subTest(name=name[:20], parts=len(parts)):
                    body = self.assert_refused(self.send(*parts), 400, field="files")

                    self.assertIn("Send files as `files`", body["errors"]["files"][0])
        self.assertFalse(Tweet.objects.exists())
        self.assertEqual(self.stored(), set())

    def test_a_number_of_five_thousand_digits_is_no_crash(self):
        endless = f"files[{'9' * 5000}]"
        bodies = {
            MULTIPART: form(CONTENT, part(endless, "x")),
            "application/x-www-form-urlencoded": f"content=Hello+world&{endless}=x".encode(),
            "application/json": f'{{"content": "Hello world", "{endless}": 1}}'.encode(),
        }
        for kind, body in bodies.items():
            with self.subTest(kind=kind):
                response = self.alice.client.generic("POST", "/api/tweets/", body, content_type=kind)

                self.assertIn(response.status_code, (201, 400, 413))

    def test_whatever_a_file_calls_itself_it_is_there(self):
        for name in (
            ".",
            "..",
            "../",
            "a/",
            "C:\\photos\\a.png",
            "\\",
            " ",
            "&#x2F;",
            "ü.png",
            "x" * 300 + ".png",
            "a\x7f.png",
        ):
            with self.subTest(name=name[:10]):
                self.assertEqual(self.widths(self.send(self.photo_part(filename=name))), [40])

    def test_so_is_one_whose_name_is_written_with_a_charset(self):
        old_style = self.photo_part(filename="x").replace(b'filename="x"', b"filename*=utf-8''f%C3%BC.png")

        self.assertEqual(self.widths(self.send(old_style)), [40])

    def test_no_name_of_a_file_chooses_a_charset_to_be_decoded_by(self):
        for charset in ("zlib", "punycode", "undefined", "nonsense"):
            with self.subTest(charset=charset):
                odd = self.photo_part(filename="x").replace(b'filename="x"', f"filename*={charset}''x".encode())

                self.assertEqual(self.widths(self.send(odd)), [40])


class TooManyTests(PhotoFormsTestCase):
    def test_however_many_too_many_they_are_the_answer_is_the_same(self):
        for count in (10, 101, 900):
            for name in ("files", "files[]"):
                with self.subTest(count=count, name=name):
                    response = self.send(*[part(name, "x", filename="a.png")] * count)

                    self.assertEqual(self.assert_refused(response, 400)["errors"], TOO_MANY)
        self.assertFalse(Tweet.objects.exists())

    def test_permission_and_limits_come_before_the_names_of_files(self):
        response = send_form(self.nobody().client, "POST", "/api/tweets/", self.photo_part("photos"))

        self.assert_refused(response, 403)

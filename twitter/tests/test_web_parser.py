"""
Which requests the web server refuses before any view sees them, however their bytes arrive.
"""

from django.test import SimpleTestCase
from waitress.adjustments import Adjustments

from deploy.web_channel import MAX_CHUNK_HEAD_BYTES, MAX_FRAMING_BYTES, Parser

HEAD = b"POST /api/tweets/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
END = b"0\r\n\r\n"


class Application:
    """
    A WSGI application that takes bodies of so many bytes, and remembers whose.
    """

    def __init__(self, limit):
        self.limit, self.asked = limit, []

    def bytes_to_receive(self, environ):
        self.asked.append(environ)
        return self.limit


class ParserTestCase(SimpleTestCase):
    def parse(self, *pieces, application=None, adjustments=None):
        """
        Return a parser that has been given these bytes, as far as it takes any.
        """
        parser = Parser(adjustments or Adjustments(), application)
        for piece in pieces:
            while piece and not parser.completed:
                piece = piece[parser.received(piece) :]
        return parser

    def body(self, parser):
        self.assertTrue(parser.completed)
        self.assertIsNone(parser.error)
        return parser.get_body_stream().read()

    def assert_refused(self, parser, code):
        self.assertTrue(parser.completed)
        self.assertEqual(parser.error.code, code)

    def with_length(self, length, body):
        return HEAD + b"Content-Length: %s\r\n\r\n" % length + body

    def chunk(self, data):
        return b"%x\r\n%s\r\n" % (len(data), data)


class LengthsTests(ParserTestCase):
    def test_a_body_has_its_length_or_its_chunks(self):
        self.assertEqual(self.body(self.parse(self.with_length(b"5", b"hello"))), b"hello")
        self.assertEqual(self.body(self.parse(CHUNKED + self.chunk(b"hel") + self.chunk(b"lo") + END)), b"hello")

    def test_two_lengths_are_refused(self):
        for order in (
            b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n",
        ):
            with self.subTest(order=order):
                self.assert_refused(self.parse(HEAD + order + self.chunk(b"hello") + END), 400)

    def test_a_length_that_is_no_number_is_refused(self):
        for length in (b"five", b"-5", b"+5", b"5 5", b"0x5", b"5.0", b"1" * 5000):
            with self.subTest(length=length[:10]):
                self.assert_refused(self.parse(self.with_length(length, b"hello")), 400)

    def test_two_that_differ_are_refused(self):
        both = HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"

        self.assert_refused(self.parse(both), 400)

    def test_what_follows_the_body_is_left_for_the_next_request(self):
        data = self.with_length(b"5", b"helloGET / HTTP/1.1\r\n\r\n")
        parser = Parser(Adjustments(), None)

        consumed = parser.received(data)
        consumed += parser.received(data[consumed:])

        self.assertEqual(data[consumed:], b"GET / HTTP/1.1\r\n\r\n")
        self.assertEqual(self.body(parser), b"hello")


class LimitsOfRoutesTests(ParserTestCase):
    def test_the_project_is_asked_about_the_method_the_path_and_the_type(self):
        application = Application(limit=5)

        self.parse(self.with_length(b"5", b"hello"), application=application)

        self.assertEqual(
            application.asked,
            [{"REQUEST_METHOD": "POST", "PATH_INFO": "/api/tweets/", "CONTENT_TYPE": "application/json"}],
        )

    def test_where_no_body_comes_it_is_not_asked(self):
        application = Application(limit=0)

        parser = self.parse(b"GET /api/ HTTP/1.1\r\nHost: localhost\r\n\r\n", application=application)

        self.assertEqual((parser.completed, parser.error, application.asked), (True, None, []))

    def test_a_body_of_exactly_so_many_bytes_is_taken(self):
        parser = self.parse(self.with_length(b"5", b"hello"), application=Application(limit=5))

        self.assertEqual(self.body(parser), b"hello")

    def test_one_byte_more_is_too_large_however_it_comes(self):
        for data in (self.with_length(b"6", b"hello!"), CHUNKED + self.chunk(b"hello") + self.chunk(b"!") + END):
            self.assert_refused(self.parse(data, application=Application(limit=5)), 413)

    def test_a_length_alone_is_enough_to_be_refused(self):
        self.assert_refused(self.parse(self.with_length(b"6", b""), application=Application(limit=5)), 413)

    def test_the_limit_of_one_request_is_not_that_of_the_next(self):
        shared = Adjustments()
        small, large = Application(limit=1), Application(limit=100)

        refused = self.parse(self.with_length(b"5", b"hello"), application=small, adjustments=shared)
        taken = self.parse(self.with_length(b"5", b"hello"), application=large, adjustments=shared)

        self.assert_refused(refused, 413)
        self.assertEqual(self.body(taken), b"hello")
        self.assertEqual(shared.max_request_body_size, Adjustments().max_request_body_size)


class ChunksTests(ParserTestCase):
    def test_a_megabyte_in_pieces_of_a_few_kilobytes_is_a_body(self):
        piece = b"x" * 4096

        parser = self.parse(CHUNKED, *[self.chunk(piece)] * 256, END)

        self.assertEqual(len(self.body(parser)), 2**20)

    def test_so_is_a_small_one_of_single_bytes(self):
        count = MAX_FRAMING_BYTES // 10

        parser = self.parse(CHUNKED, self.chunk(b"x") * count, END)

        self.assertEqual(len(self.body(parser)), count)

    def test_a_large_one_of_single_bytes_costs_too_much(self):
        parser = self.parse(CHUNKED, self.chunk(b"x") * (MAX_FRAMING_BYTES // 5 + 1000), END)

        self.assert_refused(parser, 400)

    def test_the_line_before_a_chunk_has_an_end(self):
        long_line = b"5;" + b"x" * (MAX_CHUNK_HEAD_BYTES + 1)

        self.assert_refused(self.parse(CHUNKED, long_line), 400)

    def test_and_so_has_what_follows_the_last_one(self):
        trailer = b"0\r\nX-Trailer: " + b"x" * (MAX_CHUNK_HEAD_BYTES + 1)

        self.assert_refused(self.parse(CHUNKED, self.chunk(b"hello"), trailer), 400)

    def test_a_short_line_and_a_short_trailer_are_taken(self):
        data = CHUNKED + b"5;name=value\r\nhello\r\n0\r\nX-Trailer: yes\r\n\r\n"

        self.assertEqual(self.body(self.parse(data)), b"hello")

    def test_a_size_that_is_none_is_refused(self):
        for size in (b"five", b"-5", b"0x5", b"+5", b"5_0"):
            with self.subTest(size=size):
                self.assert_refused(self.parse(CHUNKED + size + b"\r\nhello\r\n" + END), 400)


class PiecesTests(ParserTestCase):
    def test_however_the_bytes_are_cut_the_request_is_the_same(self):
        requests = (
            self.with_length(b"5", b"hello"),
            CHUNKED + self.chunk(b"hel") + self.chunk(b"lo") + END,
        )
        for data in requests:
            for size in (1, 2, 3, 7, 50, len(data)):
                with self.subTest(data=data, size=size):
                    pieces = [data[at : at + size] for at in range(0, len(data), size)]

                    self.assertEqual(self.body(self.parse(*pieces)), b"hello")

    def test_however_they_are_cut_what_is_refused_is_refused(self):
        data = HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" + self.chunk(b"hello") + END

        for size in (1, 3, len(data)):
            with self.subTest(size=size):
                self.assert_refused(self.parse(*[data[at : at + size] for at in range(0, len(data), size)]), 400)

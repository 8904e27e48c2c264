"""
Text that people write: its line breaks, what does not count, and what is nothing at all.
"""

from accounts.models import UserProfile
from moderation.models import Report
from testing.testcases import ApiTestCase

# Each shows nothing by itself.
BLANKS = {
    "nothing": "",
    "spaces": " \t\n\u00a0\u2003\u3000",
    "zero-width space": "\u200b",
    "zero-width joiners": "\u200c\u200d",
    "word joiner": "\u2060",
    "invisible operators": "\u2061\u2062\u2063\u2064",
    "byte order mark": "\ufeff",
    "soft hyphen": "\u00ad",
    "grapheme joiner": "\u034f",
    "Hangul fillers": "\u115f\u1160\u3164\uffa0",
    "Khmer vowels": "\u17b4\u17b5",
    "Mongolian selectors": "\u180b\u180c\u180d\u180e\u180f",
    "bidi marks": "\u061c\u200e\u200f\u202a\u202e\u2066\u2069",
    "Braille blank": "\u2800",
    "variation selectors": "\ufe00\ufe0f\U000e0100\U000e01ef",
    "tags": "\U000e0001\U000e0041\U000e007f",
    "code points set aside": "\u2065\ufff0\U000e0fff",
    "separators": "\u2028\u2029",
    "control characters": "\x01\x1f\x7f\x85",
    "Egyptian joiners and blanks": "\U00013430\U0001343f\U00013441\U00013442",
    "the place of an object": "\ufffc",
    "null notehead": "\U0001d159",
    "Khitan filler": "\U00016fe4",
}


class TextTestCase(ApiTestCase):
    def setUp(self):
        self.alice = self.person("alice1")
        self.tweet_id = self.alice.tweets("What do you say?")
        self.profile = f"profiles/{UserProfile.objects.get(user_id=self.alice.id).id}/"

    def tweet(self, text):
        return self.alice.post("tweets/", content=text)

    def comment(self, text):
        return self.alice.post("comments/", tweet_id=self.tweet_id, content=text)

    def nickname(self, text):
        return self.alice.put(self.profile, nickname=text)


class LineBreakTests(TextTestCase):
    def test_every_line_break_is_stored_as_one_character(self):
        for write, field in ((self.tweet, "content"), (self.comment, "content"), (self.nickname, "nickname")):
            for breaks in ("\r\n", "\r", "\n"):
                with self.subTest(write=write.__name__, breaks=breaks):
                    response = write(f"first line{breaks}second{breaks}{breaks}third")

                    self.assertEqual(response.json()[field], "first line\nsecond\n\nthird")

    def test_a_form_of_140_characters_with_five_breaks_fits(self):
        lines = ["x" * 25] * 5 + ["y" * 10]
        self.assertEqual(len("\n".join(lines)), 140)

        form = {"content": "\r\n".join(lines)}
        for path, data in (("tweets/", form), ("comments/", {**form, "tweet_id": self.tweet_id})):
            with self.subTest(path=path):
                response = self.alice.client.post(f"/api/{path}", data, format="multipart")

                self.assertEqual((response.status_code, response.json()["content"]), (201, "\n".join(lines)))

    def test_breaks_around_a_text_are_no_part_of_it(self):
        self.assertEqual(self.comment("\r\n x" + "y" * 139 + "\r\n").json()["content"], "x" + "y" * 139)
        self.assert_refused(self.tweet("12345\r\n\r\n"), 400, field="content")

    def test_an_edited_comment_and_the_reason_of_a_report_are_texts_too(self):
        comment_id = self.comment("First!").json()["id"]

        edited = self.alice.put(f"comments/{comment_id}/", content="First,\r\nand edited\r\n")
        self.alice.post("reports/", content_type="tweet", object_id=self.tweet_id, reason="Not\rnice")

        self.assertEqual(edited.json()["content"], "First,\nand edited")
        self.assertEqual(Report.objects.get().reason, "Not\nnice")


class BlankTests(TextTestCase):
    def test_what_shows_nothing_is_no_tweet_and_no_comment(self):
        for name, blank in BLANKS.items():
            for write in (self.tweet, self.comment):
                with self.subTest(blank=name, write=write.__name__):
                    body = self.assert_refused(write(blank * 6), 400, field="content")

                    self.assertEqual(body["errors"]["content"], ["This field may not be blank."])

    def test_what_shows_nothing_is_no_nickname(self):
        for name, blank in BLANKS.items():
            with self.subTest(blank=name):
                self.nickname("Alice")

                self.assertIsNone(self.nickname(blank).json()["nickname"])

    def test_all_of_it_together_is_as_blank(self):
        self.assert_refused(self.comment("".join(BLANKS.values())), 400, field="content")

    def test_what_joins_parts_or_turns_visible_characters_stays(self):
        texts = (
            "👨‍👩‍👧‍👦 and 🏳️‍🌈",
            "می‌خواهم بنویسم",
            "❤️ and ☺︎",
            "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f is a flag",
            "co\u00adoperate \u200fעברית",
            "\u200bhidden at the edge",
        )
        for text in texts:
            for write, field in ((self.tweet, "content"), (self.comment, "content"), (self.nickname, "nickname")):
                with self.subTest(text=text, write=write.__name__):
                    self.assertEqual(write(text).json()[field], text)

    def test_one_character_that_shows_is_enough(self):
        for character in ("x", "।", "\u0301", "\u06dd", "\u0600", "☃", "ᅡ", "⠁", "\ue000"):
            with self.subTest(character=character):
                self.assertEqual(self.comment(f"\u200b{character}").status_code, 201)

    def test_a_tweet_counts_its_code_points_seen_or_not(self):
        self.assertEqual(self.tweet("ab\u200b\u200b\u200bc").status_code, 201)
        self.assert_refused(self.tweet("ab\u200bcd"), 400, field="content")

"""
Every field that a write takes: what is just allowed, and what is just not. The error names the field.
"""

from typing import NamedTuple

from moderation.constants import MAX_REASON_LENGTH
from testing.people import PASSWORD
from testing.tests.test_matrix import CALLERS, MATRIX, World


class Field(NamedTuple):
    """
    Values that are taken, and values that are refused, beside an otherwise good body.
    """

    good: tuple
    bad: tuple


# No text: the JSON types that are none, what shows nothing, and what no database stores.
NO_TEXT = (None, [], ["a"], {}, {"a": "b"}, True, "", "   ", "\u200b\u200b", "a\x00b")
NO_ID = (None, [], {}, True, "", "abc", "1.5", 1.5, -1, "-1", 2**63, "9" * 40, "\u0661", float(2**53))
NO_PASSWORD = (None, [], {}, "", "12345", "a" * 129, "password", "123456")
CONTENT = Field(
    good=("Hello!", "x" * 140, "  Hello!  ", "\n" + "x" * 140, "\U0001f600" * 6, "\U0001f600" * 140, "a\r\nb\rc\nd"),
    bad=(*NO_TEXT, "Hello", "Hello ", "x" * 141, "\U0001f600" * 5, "\U0001f600" * 141),
)
COMMENT = Field(good=("!", "x" * 140, " " * 200 + "!", "\U0001f600" * 140), bad=(*NO_TEXT, "x" * 141))
KIND = Field(good=("tweet",), bad=(None, [], {}, True, "", "Tweet", "tweets", "user_profile", "friendship", 1))
TARGET = Field(good=("tweet_id",), bad=(*NO_ID, 0, 2**53 - 1, "owner_id"))
FIELDS = {
    ("accounts-signup", "post", "username"): Field(
        good=("abcdef", "a" * 20, "ABC_123", "______", "123456"),
        bad=(
            *NO_TEXT,
            "abcde",
            "a" * 21,
            "alice-1",
            "al ice1",
            "älice1",
            "alice.1",
            "alice1@",
            "\U0001f600" * 6,
            "owner1",
            "OWNER1",
        ),
    ),
    ("accounts-signup", "post", "email"): Field(
        good=("a@b.example", "A.B+c@Example.COM"),
        bad=(
            *NO_TEXT,
            "alice",
            "alice@",
            "@example.com",
            "a b@example.com",
            "a@b@example.com",
            "owner1@example.com",
            "Owner1@EXAMPLE.com",
            "a" * 250 + "@example.com",
        ),
    ),
    ("accounts-signup", "post", "password"): Field(good=("x9!kqz", "q" * 63 + "Z" * 65), bad=NO_PASSWORD),
    ("accounts-password", "post", "old_password"): Field(good=(PASSWORD,), bad=(*NO_PASSWORD[:4], PASSWORD.upper())),
    ("accounts-password", "post", "new_password"): Field(good=("x9!kqz", "q" * 63 + "Z" * 65), bad=NO_PASSWORD),
    ("accounts-me", "delete", "password"): Field(good=(PASSWORD,), bad=(*NO_PASSWORD[:4], PASSWORD + " ")),
    ("profiles-detail", "put", "nickname"): Field(
        good=("A", "x" * 200, None, "", "  Nick  ", "\U0001f600" * 200), bad=([], {}, True, "x" * 201, "a\x00b")
    ),
    ("profiles-detail", "patch", "avatar"): Field(good=(None,), bad=("text", [], {}, True, 1)),
    ("tweets-list", "post", "content"): CONTENT,
    ("tweets-list", "post", "files"): Field(good=([],), bad=("text", {}, True, 1)),
    ("comments-list", "post", "content"): COMMENT,
    ("comments-list", "post", "tweet_id"): TARGET,
    ("comments-detail", "put", "content"): COMMENT,
    ("likes-list", "post", "content_type"): KIND,
    ("likes-list", "post", "object_id"): TARGET,
    ("likes-cancel", "post", "content_type"): KIND,
    ("likes-cancel", "post", "object_id"): TARGET,
    ("reports-list", "post", "content_type"): KIND,
    ("reports-list", "post", "object_id"): TARGET,
    ("reports-list", "post", "reason"): Field(
        good=("!", "x" * MAX_REASON_LENGTH), bad=(*NO_TEXT, "x" * (MAX_REASON_LENGTH + 1))
    ),
    ("notifications-detail", "put", "unread"): Field(
        good=(True, False, "true", "false", 0, 1), bad=(None, [], {}, "", "maybe", 2)
    ),
}


class FieldsTests(World):
    def ask_with(self, key, value):
        name, method, field = key
        cell = MATRIX[name, method]
        caller = next(caller for caller, status in zip(CALLERS, cell.statuses) if status < 300)
        value = self.things.get(value, value) if isinstance(value, str) else value
        return self.ask(caller, name, method, cell._replace(body={**cell.body, field: value}))

    def test_what_is_just_allowed_is_taken(self):
        for key, field in FIELDS.items():
            for value in field.good:
                with self.subTest(field=key, value=value):
                    response = self.ask_with(key, value)

                    self.assertLess(response.status_code, 300, response.content)

    def test_what_is_just_not_is_refused_by_the_name_of_the_field(self):
        for key, field in FIELDS.items():
            for value in field.bad:
                with self.subTest(field=key, value=value):
                    response = self.ask_with(key, value)

                    self.assert_refused(response, 400, field=key[2])

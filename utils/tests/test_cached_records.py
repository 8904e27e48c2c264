"""
Which values from a cache are records, ids and rows of ids, and which are damage.
"""

from django.test import SimpleTestCase

from utils.caching.records import NONE, RecordShape, are_id_rows, are_ids, are_records, parse_ids
from utils.database.time_ids import MAX_ID

USER = RecordShape(id=int, name=str, nickname=(str, NONE), photos=list)
ALICE = {"id": 1, "name": "alice1", "nickname": None, "photos": []}


class RecordTests(SimpleTestCase):
    def test_each_field_has_one_of_its_types(self):
        for good in (ALICE, {**ALICE, "nickname": "Alice"}, {**ALICE, "photos": [1]}, {**ALICE, "id": -1, "name": ""}):
            with self.subTest(good=good):
                self.assertTrue(USER.matches(good))

    def test_another_type_is_damage(self):
        for field, values in {
            "id": (None, "1", 1.0, True, [1]),
            "name": (None, 1, b"alice1", ["alice1"]),
            "nickname": (1, [], False),
            "photos": (None, {}, (), "[]"),
        }.items():
            for value in values:
                with self.subTest(field=field, value=value):
                    self.assertFalse(USER.matches({**ALICE, field: value}))

    def test_a_field_more_or_less_in_another_order_or_under_another_name_is_of_another_release(self):
        others = [{**ALICE, "email": "a@b.example"}, dict(reversed(ALICE.items()))]
        others += [{key: value for key, value in ALICE.items() if key != name} for name in ALICE]
        others += [{name.upper(): value for name, value in ALICE.items()}]

        for other in others:
            with self.subTest(other=other):
                self.assertFalse(USER.matches(other))

    def test_what_is_no_dictionary_is_no_record(self):
        class Subclass(dict):
            pass

        for value in (None, [], list(ALICE.items()), "id", 1, {}, Subclass(ALICE)):
            with self.subTest(value=value):
                self.assertFalse(USER.matches(value))

    def test_a_shape_without_fields_has_one_record(self):
        self.assertTrue(RecordShape().matches({}))
        self.assertFalse(RecordShape().matches({"id": 1}))

    def test_several_fields_may_each_be_missing_or_not(self):
        both = RecordShape(one=(int, NONE), other=(str, NONE))

        for one in (1, None):
            for other in ("1", None):
                self.assertTrue(both.matches({"one": one, "other": other}))
        self.assertFalse(both.matches({"one": "1", "other": 1}))


class RecordsTests(SimpleTestCase):
    def test_a_list_of_records_is_one_also_without_any(self):
        self.assertTrue(are_records([], USER))
        self.assertTrue(are_records([ALICE, {**ALICE, "id": 2}], USER, ids=("id",)))

    def test_one_that_is_damaged_spoils_them_all(self):
        for bad in (None, {}, {**ALICE, "id": "1"}):
            for records in ([bad], [ALICE, bad], [bad, ALICE]):
                self.assertFalse(are_records(records, USER))

    def test_a_field_that_is_to_be_an_id_is_a_possible_one(self):
        for number, is_id in ((0, True), (1, True), (MAX_ID, True), (-1, False), (MAX_ID + 1, False)):
            with self.subTest(number=number):
                records = [ALICE, {**ALICE, "id": number}]

                self.assertEqual(are_records(records, USER, ids=("id",)), is_id)
                self.assertTrue(are_records(records, USER))

    def test_what_is_no_list_is_no_list_of_records(self):
        for value in (None, ALICE, (ALICE,), "[]", {0: ALICE}):
            self.assertFalse(are_records(value, USER))


class IdsTests(SimpleTestCase):
    def test_ids_are_whole_numbers_within_their_bounds(self):
        for values, expected in (
            ([], True),
            ([0], True),
            ([1, 2, MAX_ID], True),
            ([MAX_ID + 1], False),
            ([1, -1], False),
            ([True], False),
            ([1, True], False),
            ([1.0], False),
            (["1"], False),
            ([None], False),
            ([[1]], False),
            ((1, 2), False),
            ({1: 2}, False),
            ("12", False),
            (None, False),
            (12, False),
        ):
            with self.subTest(values=values):
                self.assertEqual(are_ids(values), expected)

    def test_texts_of_ids_are_ids(self):
        self.assertEqual(parse_ids([b"1", b"2", str(MAX_ID).encode()]), [1, 2, MAX_ID])
        self.assertEqual(parse_ids([]), [])

    def test_texts_of_anything_else_are_none_at_all(self):
        for text in (b"", b"a", b"1.5", b"-1", b"1 2", b"0x1", b"nan", str(MAX_ID + 1).encode(), b"9" * 5000):
            with self.subTest(text=text[:20]):
                self.assertIsNone(parse_ids([b"1", text]))

    def test_rows_of_ids_are_all_of_one_length(self):
        for rows, expected in (
            ([], True),
            ([[1, 2]], True),
            ([[1, 2], [3, MAX_ID]], True),
            ([[1]], False),
            ([[1, 2, 3]], False),
            ([[1, 2], [3]], False),
            ([[1, 2], [3, -4]], False),
            ([[1, 2], [3, "4"]], False),
            ([[1, 2], [3, True]], False),
            ([[1, 2], (3, 4)], False),
            ([1, 2], False),
            ([[]], False),
            ([[], []], False),
            (([1, 2],), False),
            (None, False),
            ("12", False),
        ):
            with self.subTest(rows=rows):
                self.assertEqual(are_id_rows(rows, 2), expected)

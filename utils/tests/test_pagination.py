"""
The arithmetic of endless pages, against a plain list.
"""

from typing import NamedTuple

from django.test import SimpleTestCase
from hypothesis import given
from hypothesis import strategies as st

from utils.database.pagination import BadCursor, IdRange, fill_page
from utils.database.time_ids import MAX_ID

ids = st.integers(1, MAX_ID)
bounds = st.none() | ids
rows = st.lists(st.integers(1, 400), unique=True, max_size=120).map(lambda values: sorted(values, reverse=True))


class Shown(NamedTuple):
    """
    What `filter_visible` makes of a row: something with the row's id somewhere in it.
    """

    name: str
    key: int


class Table:
    """
    A list of ids in the place of a table, some of them hidden; it counts how often it was asked.
    """

    def __init__(self, ids, hidden=()):
        self.ids, self.hidden = ids, set(hidden)
        self.fetched = []

    def fetch(self, before, after, limit):
        self.fetched.append(limit)
        inside = [id for id in self.ids if (before is None or id < before) and (after is None or id > after)]
        return inside[:limit]

    def filter_visible(self, ids):
        return [Shown("row", id) for id in ids if id not in self.hidden]

    def page(self, id_range, limit):
        return fill_page(
            id_range, limit, fetch=self.fetch, filter_visible=self.filter_visible, get_id=lambda shown: shown.key
        )

    def walk(self, id_range, limit):
        """
        Return the pages from `id_range` on, as lists of ids.
        """
        pages = []
        while id_range is not None:
            page = self.page(id_range, limit)
            pages.append([shown.key for shown in page.rows])
            assert len(pages) <= len(self.ids) + 1, "the pages come to no end"
            id_range = page.next_range
        return pages


class CursorTests(SimpleTestCase):
    @given(bounds, bounds, st.booleans())
    def test_a_window_comes_back_from_its_cursor(self, before, after, newer):
        id_range = IdRange(before, after, newer)

        self.assertEqual(IdRange.decode(id_range.encode()), id_range)

    @given(bounds, bounds, st.booleans())
    def test_a_cursor_needs_no_encoding_in_an_address(self, before, after, newer):
        self.assertRegex(IdRange(before, after, newer).encode(), r"^[A-Za-z0-9_-]+$")

    @given(st.text(max_size=60) | st.binary(max_size=40).map(lambda raw: raw.decode("latin-1")))
    def test_any_other_text_is_a_bad_cursor_and_nothing_worse(self, text):
        try:
            id_range = IdRange.decode(text)
        except BadCursor:
            return

        self.assertEqual(id_range.encode(), text)

    @given(bounds, bounds, st.integers(0, 40), st.sampled_from("AB09-_=+/. \n"))
    def test_a_cursor_with_one_character_changed_is_bad_or_another_window(self, before, after, position, character):
        cursor = IdRange(before, after).encode()
        position %= len(cursor)

        changed = cursor[:position] + character + cursor[position + 1 :]
        try:
            id_range = IdRange.decode(changed)
        except BadCursor:
            return

        self.assertEqual(id_range.encode(), changed)


class PagesTests(SimpleTestCase):
    @given(
        rows,
        st.sets(st.integers(1, 400)),
        st.integers(1, 30),
        st.none() | st.integers(1, 400),
        st.none() | st.integers(1, 400),
    )
    def test_walking_shows_every_visible_row_of_the_window_once_and_in_order(self, ids, hidden, limit, before, after):
        table = Table(ids, hidden)

        pages = table.walk(IdRange(before, after), limit)

        visible = [
            id for id in ids if id not in hidden and (before is None or id < before) and (after is None or id > after)
        ]
        self.assertEqual([id for page in pages for id in page], visible)

    @given(rows, st.sets(st.integers(1, 400)), st.integers(1, 30))
    def test_every_page_but_the_last_is_full_and_only_the_last_may_be_empty(self, ids, hidden, limit):
        pages = Table(ids, hidden).walk(IdRange(), limit)

        self.assertTrue(all(len(page) == limit for page in pages[:-1]))
        self.assertTrue(len(pages) == 1 or pages[-1])

    @given(rows, st.integers(1, 30))
    def test_where_nothing_is_hidden_a_page_takes_one_fetch(self, ids, limit):
        table = Table(ids)

        table.page(IdRange(), limit)

        self.assertEqual(table.fetched, [limit + 1])

    def test_where_much_is_hidden_each_round_asks_for_twice_as_much(self):
        table = Table(list(range(400, 0, -1)), hidden=range(20, 401))

        page = table.page(IdRange(), 10)

        self.assertEqual(len(page.rows), 10)
        self.assertEqual(table.fetched, [11, 22, 44, 88, 176, 352])

    @given(rows, st.integers(1, 10), st.lists(st.integers(401, 900), unique=True, max_size=5))
    def test_rows_that_arrive_while_one_reads_do_not_move_the_pages(self, ids, limit, newcomers):
        table = Table(ids)
        first = table.page(IdRange(), limit)

        table.ids = sorted([*ids, *newcomers], reverse=True)
        rest = table.walk(first.next_range, limit) if first.next_range else []

        self.assertEqual([shown.key for shown in first.rows] + [id for page in rest for id in page], ids)

    @given(rows, st.integers(1, 10), st.integers(1, 400))
    def test_a_list_from_old_to_new_is_walked_the_same_way(self, ids, limit, after):
        ascending = ids[::-1]

        def fetch(before, after, wanted):
            return [id for id in ascending if (before is None or id < before) and id > (after or 0)][:wanted]

        shown, id_range = [], IdRange(after=after)
        while id_range is not None:
            page = fill_page(id_range, limit, fetch=fetch, filter_visible=list, get_id=int, advance=IdRange.newer_than)
            shown += page.rows
            self.assertLessEqual(len(shown), len(ascending), "the pages come to no end")
            id_range = page.next_range

        self.assertEqual(shown, [id for id in ascending if id > after])

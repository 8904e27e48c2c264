"""
Followers and followings: endless pages, page numbers, and what they cost.
"""

import base64
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import time_machine

from accounts.models import User
from friendships.models import Friendship
from friendships.services import FriendshipService
from friendships.tests.listing import BAD_LIMITS, ListTestCase
from utils.database.time_ids import format_time, id_to_datetime


def encoded(text):
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


BAD_CURSORS = (
    "",
    " ",
    "abc",
    "null",
    "=",
    "====",
    "%",
    "ünïcode",
    "😀",
    "\x00",
    "A" * 5000,
    "-1",
    "9007199254740991",
    encoded("1.2"),
    encoded("1.2.x"),
    encoded("1.2.o.o"),
    encoded("-1.0.o"),
    encoded("01.0.o"),
    encoded("1.00.o"),
    encoded("1e3.0.o"),
    encoded("9007199254740992.0.o"),
    encoded("9" * 16 + ".0.o"),
    encoded("١.0.o"),
    encoded("1.0.o") + "=",
    encoded("1.0.o") + "\n",
    encoded("1.0.O"),
    encoded("1. 0.o"),
)
BAD_TIMES = (
    "",
    "yesterday",
    "2026-01-31",
    "2026-01-31T12:00:00",
    "2026-01-31 12:00:00",
    "2026-01-31T12:00:00.000000",
    "2026-01-31T12:00:00 00:00",
    "2026-13-01T00:00:00Z",
    "2026-02-30T00:00:00Z",
    "2026-01-31T25:00:00Z",
    "0000-00-00T00:00:00Z",
    "0000-01-01T00:00:00Z",
    "10000-01-01T00:00:00Z",
    "-2026-01-31T12:00:00Z",
    "1767225600",
    "２０２６-01-31T12:00:00Z",
    "2026-01-31T12:00:00Z; DROP TABLE",
    "2026-01-31T12:00:00+99:00",
    "\x00",
    "9" * 5000,
)


class EndlessPageTests(ListTestCase):
    def unfollow(self, fan_id):
        with self.captureOnCommitCallbacks(execute=True):
            FriendshipService.unfollow(follower=User.objects.get(id=fan_id), followee=self.alice.user)

    def test_nobody_follows_alice(self):
        self.assertEqual(self.page(), {"has_next_page": False, "next": None, "results": []})

    def test_the_newest_twenty_come_first_and_next_leads_to_the_rest(self):
        fan_ids = self.crowd(45, following=self.alice)

        first = self.page()
        second = self.follow(first["next"])
        third = self.follow(second["next"])

        self.assertEqual(self.ids(first) + self.ids(second) + self.ids(third), fan_ids[::-1])
        self.assertEqual([len(page["results"]) for page in (first, second, third)], [20, 20, 5])
        self.assertEqual([page["has_next_page"] for page in (first, second, third)], [True, True, False])
        self.assertIsNone(third["next"])

    def test_a_page_that_ends_where_the_list_ends_has_no_next(self):
        self.crowd(20, following=self.alice)

        page = self.page()

        self.assertEqual((len(page["results"]), page["has_next_page"], page["next"]), (20, False, None))

    def test_next_is_an_absolute_address_that_keeps_the_limit(self):
        self.crowd(9, following=self.alice)

        page = self.page(limit=4)

        url = urlsplit(page["next"])
        self.assertEqual((url.scheme, url.netloc, url.path), ("http", "testserver", f"/api/{self.path}"))
        self.assertEqual(set(parse_qs(url.query)), {"limit", "cursor"})
        self.assertEqual(len(self.follow(page["next"])["results"]), 4)

    def test_rows_of_neighbouring_microseconds_are_neither_lost_nor_repeated(self):
        with time_machine.travel("2021-01-01", tick=False):
            fan_ids = self.crowd(25, following=self.alice)
        ids = Friendship.objects.order_by("id").values_list("id", flat=True)
        self.assertEqual(list(ids), list(range(ids[0], ids[0] + 25)))

        for limit in (1, 7, 24, 25):
            with self.subTest(limit=limit):
                self.assertEqual(self.walk(self.page(limit=limit)), fan_ids[::-1])

    def test_rows_that_arrive_in_between_neither_repeat_nor_lose_any(self):
        fan_ids = self.crowd(30, following=self.alice)
        first = self.page(limit=10)

        self.person("newest").follows(self.alice)
        self.unfollow(fan_ids[-3])

        self.assertEqual(self.ids(first) + self.walk(self.follow(first["next"])), fan_ids[::-1])

    def test_a_limit_above_the_maximum_is_clamped(self):
        self.crowd(205, following=self.alice)

        sizes = [len(self.page(limit=limit)["results"]) for limit in (1, 100, 101, 10**9, "9" * 99)]

        self.assertEqual(sizes, [1, 100, 100, 100, 100])

    def test_a_bad_limit_is_refused(self):
        for limit in BAD_LIMITS:
            with self.subTest(limit=limit):
                self.assert_refused(self.nobody().get(self.path, limit=limit), 400, field="limit")

    def test_a_cursor_that_is_not_ours_is_refused(self):
        for cursor in BAD_CURSORS:
            with self.subTest(cursor=cursor[:30]):
                self.assert_refused(self.nobody().get(self.path, cursor=cursor), 400, field="cursor")

    def test_an_unknown_person_has_no_lists(self):
        for side in ("followers", "followings"):
            self.assert_refused(self.nobody().get(f"friendships/{self.alice.id + 1000}/{side}/"), 404)

    def test_followings_are_pages_of_the_same_kind(self):
        stars = [self.person(f"star_{number}") for number in range(5)]
        for star in stars:
            self.alice.follows(star)
        path = f"friendships/{self.alice.id}/followings/"

        page = self.page(path=path, limit=2)

        self.assertEqual(self.ids(page), [stars[4].id, stars[3].id])
        self.assertEqual(self.walk(page), [star.id for star in stars[::-1]])


class OlderAndNewerTests(ListTestCase):
    def setUp(self):
        super().setUp()
        self.fan_ids = self.crowd(50, following=self.alice)
        rows = self.page(limit=50)["results"]
        self.times = [row["created_at"] for row in rows[::-1]]

    def test_lt_is_strictly_older(self):
        page = self.page(created_at__lt=self.times[10], limit=4)

        self.assertEqual(self.ids(page), self.fan_ids[9:5:-1])
        self.assertEqual(self.walk(page), self.fan_ids[9::-1])

    def test_gt_is_strictly_newer_and_newest_first(self):
        page = self.page(created_at__gt=self.times[44])

        self.assertEqual(self.ids(page), self.fan_ids[:44:-1])
        self.assertEqual((page["has_next_page"], page["next"]), (False, None))

    def test_gt_with_more_than_fit_goes_on_towards_its_older_end(self):
        page = self.page(created_at__gt=self.times[9], limit=15)

        self.assertEqual(self.ids(page), self.fan_ids[:34:-1])
        self.assertIs(page["has_next_page"], True)
        self.assertEqual(self.walk(page), self.fan_ids[:9:-1])

    def test_of_both_gt_wins(self):
        both = self.page(created_at__gt=self.times[44], created_at__lt=self.times[10])

        self.assertEqual(both["results"], self.page(created_at__gt=self.times[44])["results"])

    def test_gt_gives_up_to_two_hundred_and_as_many_by_default(self):
        oldest = self.times[0]
        self.crowd(210, following=self.alice)

        sizes = [len(self.page(created_at__gt=oldest, **params)["results"]) for params in ({}, {"limit": 999})]
        following = len(self.follow(self.page(created_at__gt=oldest)["next"])["results"])

        self.assertEqual((sizes, following), ([200, 200], 59))

    def test_any_offset_means_the_same_moment(self):
        moment = id_to_datetime(Friendship.objects.order_by("id")[10].id)
        written = [
            format_time(moment),
            (moment + timedelta(hours=5, minutes=30)).isoformat().replace("+00:00", "+05:30"),
            (moment - timedelta(hours=8)).isoformat().replace("+00:00", "-08:00"),
        ]

        pages = [self.ids(self.page(created_at__lt=text)) for text in written]

        self.assertEqual(pages, [self.fan_ids[9::-1]] * 3)

    def test_times_at_the_ends_of_the_calendar_are_only_early_or_late(self):
        for early in ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "1969-12-31T23:59:59.999999Z"):
            with self.subTest(time=early):
                self.assertEqual(self.ids(self.page(created_at__lt=early)), [])
                self.assertEqual(self.walk(self.page(created_at__gt=early, limit=20)), self.fan_ids[::-1])
        for late in ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999-14:00"):
            with self.subTest(time=late):
                self.assertEqual(self.walk(self.page(created_at__lt=late)), self.fan_ids[::-1])
                self.assertEqual(self.ids(self.page(created_at__gt=late)), [])

    def test_a_bad_time_is_refused(self):
        for name in ("created_at__lt", "created_at__gt"):
            for time in BAD_TIMES:
                with self.subTest(name=name, time=time[:30]):
                    self.assert_refused(self.nobody().get(self.path, **{name: time}), 400, field=name)

    def test_a_plus_that_was_not_encoded_is_refused(self):
        response = self.nobody().client.get(f"/api/{self.path}?created_at__lt=2026-01-31T12:00:00+00:00")

        self.assert_refused(response, 400, field="created_at__lt", text="percent-encoded")

"""
The pages of a timeline: what comes next, what is older and what is newer.
"""

from datetime import UTC, timedelta
from urllib.parse import urlsplit

import time_machine
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from tweets.tests.timelines import TimelineTestCase, to_time


class PageTests(TimelineTestCase):
    def test_a_page_has_twenty(self):
        alice, ids = self.alice_with_tweets(21)

        page = self.page(alice)

        self.assertEqual([tweet["id"] for tweet in page["results"]], ids[:20])
        self.assertIs(page["has_next_page"], True)

    def test_the_next_pages_hold_every_tweet_once(self):
        alice, ids = self.alice_with_tweets(23)

        pages = self.follow_next(self.page(alice, limit=5))

        self.assertEqual([len(page) for page in pages], [5, 5, 5, 5, 3])
        self.assertEqual(sum(pages, []), ids)

    def test_a_page_that_ends_with_the_list_has_no_next(self):
        alice, ids = self.alice_with_tweets(6)

        pages = self.follow_next(self.page(alice, limit=3))

        self.assertEqual(pages, [ids[:3], ids[3:]])

    def test_next_is_an_absolute_address_that_keeps_the_other_parameters(self):
        alice, _ = self.alice_with_tweets(3)

        address = urlsplit(self.page(alice, limit=2)["next"])

        self.assertEqual((address.scheme, address.netloc, address.path), ("http", "testserver", "/api/tweets/"))
        self.assertIn(f"user_id={alice.id}", address.query)
        self.assertIn("limit=2", address.query)

    def test_tweets_that_arrive_meanwhile_neither_shift_nor_repeat_a_page(self):
        alice, ids = self.alice_with_tweets(4)
        first = self.page(alice, limit=2)
        alice.tweets("A late one comes in")

        pages = self.follow_next(first)

        self.assertEqual(sum(pages, []), ids)

    def test_the_tweet_a_cursor_points_at_may_be_deleted_meanwhile(self):
        alice, ids = self.alice_with_tweets(4)
        first = self.page(alice, limit=2)
        alice.delete(f"tweets/{ids[1]}/")

        pages = self.follow_next(first)

        self.assertEqual(pages[1:], [ids[2:]])

    def test_a_burst_within_neighbouring_microseconds_loses_and_repeats_nothing(self):
        alice = self.person("alice")
        with time_machine.travel(timezone.now() + timedelta(milliseconds=1), tick=False):
            ids = [alice.tweets() for _ in range(25)][::-1]

        self.assertEqual(ids[0] - ids[-1], 24)
        self.assertEqual(sum(self.follow_next(self.page(alice, limit=7)), []), ids)
        self.assertEqual(self.ids(alice, created_at__lt=to_time(ids[10])), ids[11:])
        self.assertEqual(self.ids(alice, created_at__gt=to_time(ids[10])), ids[:10])

    def test_limit_is_from_one_to_a_hundred(self):
        alice, ids = self.alice_with_tweets(101)

        self.assertEqual(self.ids(alice, limit=1), ids[:1])
        self.assertEqual(self.ids(alice, limit=100), ids[:100])
        self.assertEqual(self.ids(alice, limit=101), ids[:100])
        self.assertEqual(self.ids(alice, limit=10**30), ids[:100])

    def test_a_bad_limit_is_refused(self):
        alice, _ = self.alice_with_tweets(1)

        for junk in ("0", "-1", "abc", "", "2.5", "1e1", "٢", " 2", "9" * 5000):
            with self.subTest(junk=junk[:10]):
                self.assert_refused(self.nobody().get("tweets/", user_id=alice.id, limit=junk), 400, "limit")

    def test_a_bad_cursor_is_refused(self):
        alice, _ = self.alice_with_tweets(1)

        for junk in (
            "",
            "garbage",
            "MS4w",
            "MS4wLng",
            "MC4wLm8=",
            "é",
            "a" * 5000,
            "\0",
            "OTk5OTk5OTk5OTk5OTk5OS4wLm8",
        ):
            with self.subTest(junk=junk[:10]):
                self.assert_refused(self.nobody().get("tweets/", user_id=alice.id, cursor=junk), 400, "cursor")


class OlderAndNewerTests(TimelineTestCase):
    def test_lt_gives_the_strictly_older(self):
        alice, ids = self.alice_with_tweets(5)

        page = self.page(alice, created_at__lt=to_time(ids[1]), limit=2)

        self.assertEqual([tweet["id"] for tweet in page["results"]], ids[2:4])
        self.assertEqual(self.follow_next(page), [ids[2:4], ids[4:]])

    def test_gt_gives_the_strictly_newer_newest_first(self):
        alice, ids = self.alice_with_tweets(5)

        page = self.page(alice, created_at__gt=to_time(ids[3]))

        self.assertEqual([tweet["id"] for tweet in page["results"]], ids[:3])
        self.assertEqual((page["has_next_page"], page["next"]), (False, None))

    def test_gt_goes_on_towards_the_older_end_and_stops_there(self):
        alice, ids = self.alice_with_tweets(7)

        pages = self.follow_next(self.page(alice, created_at__gt=to_time(ids[5]), limit=2))

        self.assertEqual(pages, [ids[0:2], ids[2:4], ids[4:5]])

    def test_gt_of_the_newest_is_empty(self):
        alice, ids = self.alice_with_tweets(2)

        self.assertEqual(self.ids(alice, created_at__gt=to_time(ids[0])), [])

    def test_gt_has_pages_of_two_hundred(self):
        alice, ids = self.alice_with_tweets(202)

        self.assertEqual(self.ids(alice, created_at__gt=to_time(ids[-1])), ids[:200])
        self.assertEqual(self.ids(alice, created_at__gt=to_time(ids[-1]), limit=1000), ids[:200])
        self.assertEqual(self.ids(alice, created_at__gt=to_time(ids[-1]), limit=3), ids[:3])

    def test_of_both_gt_wins(self):
        alice, ids = self.alice_with_tweets(5)

        both = self.ids(alice, created_at__gt=to_time(ids[3]), created_at__lt=to_time(ids[1]))

        self.assertEqual(both, ids[:3])

    def test_times_before_everything_and_after_everything_are_times(self):
        alice, ids = self.alice_with_tweets(2)

        self.assertEqual(self.ids(alice, created_at__gt="1970-01-01T00:00:00Z"), ids)
        self.assertEqual(self.ids(alice, created_at__lt="1970-01-01T00:00:00Z"), [])
        self.assertEqual(self.ids(alice, created_at__lt="9999-12-31T23:59:59Z"), ids)
        self.assertEqual(self.ids(alice, created_at__gt="9999-12-31T23:59:59Z"), [])

    def test_any_zone_will_do(self):
        alice, ids = self.alice_with_tweets(3)
        moment = parse_datetime(to_time(ids[1]))
        elsewhere = moment.astimezone(UTC).replace(tzinfo=None) + timedelta(hours=9)

        self.assertEqual(self.ids(alice, created_at__lt=f"{elsewhere.isoformat()}+09:00"), ids[2:])

    def test_a_bad_time_is_refused(self):
        alice, _ = self.alice_with_tweets(1)

        for junk in (
            "",
            "yesterday",
            "1700000000",
            "2026-01-01",
            "2026-01-01T00:00:00",
            "2026-13-01T00:00:00Z",
            "2026-01-01T25:00:00Z",
            "0000-00-00T00:00:00Z",
            "2026-01-01T00:00:00 09:00",
            "2026-01-01T00:00:00Z\0",
        ):
            for name in ("created_at__lt", "created_at__gt"):
                with self.subTest(junk=junk, name=name):
                    self.assert_refused(self.nobody().get("tweets/", user_id=alice.id, **{name: junk}), 400, name)

    def test_the_ends_of_the_calendar_are_no_server_error(self):
        alice, _ = self.alice_with_tweets(1)

        for moment in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999999-14:00"):
            for name in ("created_at__lt", "created_at__gt"):
                with self.subTest(moment=moment, name=name):
                    response = self.nobody().get("tweets/", user_id=alice.id, **{name: moment})

                    self.assertIn(response.status_code, (200, 400))

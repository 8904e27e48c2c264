"""
The list of somebody's tweets, and the rules of endless pages.
"""

from datetime import UTC, timedelta
from urllib.parse import urlsplit

import time_machine
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from accounts.services import AccountService
from testing.testcases import ApiTestCase
from utils.database.time_ids import format_time, id_to_datetime


def to_time(tweet_id):
    return format_time(id_to_datetime(tweet_id))


class TimelineTestCase(ApiTestCase):
    def alice_with_tweets(self, count):
        """
        Return Alice and the ids of her tweets, newest first.
        """
        alice = self.person("alice")
        return alice, [alice.tweets(f"Tweet number {number}") for number in range(count)][::-1]

    def page(self, person, **params):
        response = self.nobody().get("tweets/", user_id=person.id, **params)
        self.assertEqual(response.status_code, 200, response.json())
        return response.json()

    def ids(self, person, **params):
        return [tweet["id"] for tweet in self.page(person, **params)["results"]]

    def follow_next(self, page):
        """
        Return the ids of a page and of all that come after it, in one list a page.
        """
        pages = [[row["id"] for row in page["results"]]]
        while page["has_next_page"]:
            self.assertLess(len(pages), 50, "the pages do not end")
            page = self.nobody().client.get(page["next"]).json()
            pages.append([row["id"] for row in page["results"]])
        self.assertIsNone(page["next"])
        return pages


class TimelineTests(TimelineTestCase):
    def test_it_holds_the_authors_tweets_newest_first_and_nobody_elses(self):
        alice, ids = self.alice_with_tweets(3)
        self.person("bob").tweets()

        page = self.page(alice)

        self.assertEqual([tweet["id"] for tweet in page["results"]], ids)
        self.assertEqual([tweet["content"][-1] for tweet in page["results"]], ["2", "1", "0"])
        self.assertEqual((page["has_next_page"], page["next"]), (False, None))

    def test_without_user_id_it_says_what_is_missing(self):
        body = self.assert_refused(self.nobody().get("tweets/"), 400, "user_id")

        self.assertEqual(body["message"], "missing user_id in request")

    def test_an_empty_user_id_is_a_missing_one(self):
        body = self.assert_refused(self.nobody().get("tweets/", user_id=""), 400, "user_id")

        self.assertEqual(body["message"], "missing user_id in request")

    def test_a_user_id_that_is_no_number_is_refused(self):
        for junk in ("abc", "1.5", "1e3", "--1", "0x1", "١٢", "1 2", "1\0", "9" * 5000):
            with self.subTest(junk=junk[:10]):
                body = self.assert_refused(self.nobody().get("tweets/", user_id=junk), 400, "user_id")

                self.assertEqual(body["message"], "Please check input")

    def test_of_somebody_unknown_it_is_empty(self):
        self.person("alice").tweets()

        for unknown in (0, -1, 10**9, 2**63, 10**30):
            with self.subTest(unknown=unknown):
                page = self.nobody().get("tweets/", user_id=unknown).json()

                self.assertEqual(page, {"has_next_page": False, "next": None, "results": []})

    def test_of_a_suspended_author_only_staff_sees_it_until_she_is_restored(self):
        alice, ids = self.alice_with_tweets(2)
        bob, staff = self.person("bob"), self.person("staff", is_staff=True)
        with self.captureOnCommitCallbacks(execute=True):
            AccountService.suspend(user=alice.user)

        hidden = self.ids(alice)
        seen_by_bob = bob.get("tweets/", user_id=alice.id).json()["results"]
        seen_by_staff = staff.get("tweets/", user_id=alice.id).json()["results"]
        with self.captureOnCommitCallbacks(execute=True):
            AccountService.restore(user=alice.user)

        self.assertEqual((hidden, seen_by_bob), ([], []))
        self.assertEqual([tweet["id"] for tweet in seen_by_staff], ids)
        self.assertEqual(self.ids(alice), ids)

    def test_of_a_closed_account_nobody_sees_it(self):
        alice, _ = self.alice_with_tweets(1)
        staff = self.person("staff", is_staff=True)
        self.closes(alice)

        self.assertEqual(self.ids(alice), [])
        self.assertEqual(staff.get("tweets/", user_id=alice.id).json()["results"], [])

    def test_it_costs_the_same_queries_for_one_tweet_and_for_a_hundred(self):
        alice, bob = self.person("alice"), self.person("bob")
        counts = []
        bob.get("tweets/", user_id=alice.id)

        for more in (1, 19, 80):
            for _ in range(more):
                alice.tweets()
            self.caches_are_lost()
            counts.append(self.count_queries(bob.get, "tweets/", user_id=alice.id, limit=100))

        # Bob's token, Bob, Alice, the ids, the tweets, their photos, what Bob likes.
        self.assertEqual(counts, [7, 7, 7])


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

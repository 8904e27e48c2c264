"""
The comments on a tweet: endless pages from old to new, what they cost, and who is left out.
"""

from urllib.parse import parse_qs, urlsplit

from accounts.models import User
from comments.constants import SHOWN_COMMENTS
from comments.tests.people import Commenting
from testing.testcases import ApiTestCase
from utils.database.pagination import IdRange
from utils.database.time_ids import MAX_ID, format_time, id_to_datetime


class ListTestCase(Commenting, ApiTestCase):
    def setUp(self):
        self.alice, self.bob = self.person("alice1"), self.person("bobby1")
        self.tweet_id = self.alice.tweets()

    def crowd_says(self, size):
        """
        Let a crowd comment; return the comments' ids, oldest first.
        """
        return self.many_say(self.crowd(size, following=self.alice), self.tweet_id)


class EndlessPageTests(ListTestCase):
    def test_nobody_has_said_anything(self):
        self.assertEqual(self.page(self.tweet_id), {"comments": [], "has_next_page": False, "next": None})

    def test_the_oldest_twenty_come_first_and_next_leads_to_the_rest(self):
        ids = self.crowd_says(45)

        first = self.page(self.tweet_id)
        second = self.nobody().client.get(first["next"]).json()
        third = self.nobody().client.get(second["next"]).json()

        self.assertEqual([self.ids(page) for page in (first, second, third)], [ids[:20], ids[20:40], ids[40:]])
        self.assertEqual([page["has_next_page"] for page in (first, second, third)], [True, True, False])
        self.assertIsNone(third["next"])

    def test_a_page_that_ends_where_the_list_ends_has_no_next(self):
        self.crowd_says(20)

        page = self.page(self.tweet_id)

        self.assertEqual((len(page["comments"]), page["has_next_page"], page["next"]), (20, False, None))

    def test_next_is_an_absolute_address_that_keeps_the_other_parameters(self):
        self.crowd_says(9)

        url = urlsplit(self.page(self.tweet_id, limit=4)["next"])

        self.assertEqual((url.scheme, url.netloc, url.path), ("http", "testserver", "/api/comments/"))
        self.assertEqual(set(parse_qs(url.query)), {"tweet_id", "limit", "cursor"})

    def test_what_is_said_or_hidden_meanwhile_neither_shifts_nor_repeats_a_page(self):
        ids = self.crowd_says(25)
        first = self.page(self.tweet_id, limit=10)

        newest = self.comments(self.bob, self.tweet_id)
        author = self.page(self.tweet_id)["comments"][3]["user"]["id"]
        User.objects.filter(id=author).update(suspended_at="2026-01-01T00:00:00Z")
        self.caches_are_lost()

        rest = self.walk(self.nobody().client.get(first["next"]).json())
        self.assertEqual(self.ids(first) + rest, [*ids, newest])

    def test_gt_is_strictly_newer_and_goes_on_from_there(self):
        ids = self.crowd_says(30)
        since = format_time(id_to_datetime(ids[9]))

        page = self.page(self.tweet_id, created_at__gt=since, limit=5)

        self.assertEqual(self.ids(page), ids[10:15])
        self.assertEqual(self.walk(page), ids[10:])

    def test_gt_has_pages_of_two_hundred(self):
        ids = self.crowd_says(205)

        page = self.page(self.tweet_id, created_at__gt="2020-01-01T00:00:00Z")

        self.assertEqual((self.ids(page), page["has_next_page"]), (ids[:200], True))

    def test_lt_is_strictly_older_from_the_beginning(self):
        ids = self.crowd_says(30)
        until = format_time(id_to_datetime(ids[12]))

        page = self.page(self.tweet_id, created_at__lt=until, limit=5)

        self.assertEqual(self.ids(page), ids[:5])
        self.assertEqual(self.walk(page), ids[:12])

    def test_of_both_gt_wins(self):
        ids = self.crowd_says(6)
        times = [format_time(id_to_datetime(id)) for id in ids]

        self.assertEqual(self.ids(self.page(self.tweet_id, created_at__gt=times[2], created_at__lt=times[4])), ids[3:])

    def test_the_first_and_the_last_moment_of_the_calendar_are_bounds_too(self):
        ids = self.crowd_says(3)
        first, last = "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"

        pages = [
            self.page(self.tweet_id, **{f"created_at__{side}": time}) for side in ("gt", "lt") for time in (first, last)
        ]

        self.assertEqual([self.ids(page) for page in pages], [ids, [], [], ids])

    def test_limit_is_from_one_to_a_hundred(self):
        self.crowd_says(105)

        sizes = [len(self.page(self.tweet_id, limit=limit)["comments"]) for limit in (1, 100, 101, 10**9)]

        self.assertEqual(sizes, [1, 100, 100, 100])

    def test_bad_parameters_are_refused(self):
        junk = [("cursor", ""), ("cursor", "junk"), ("limit", "0"), ("limit", "x"), ("limit", "")]
        junk += [(f"created_at__{side}", time) for side in ("lt", "gt") for time in ("", "now", "2026-01-01T00:00:00")]
        for name, value in junk:
            with self.subTest(name=name, value=value):
                response = self.nobody().get("comments/", tweet_id=self.tweet_id, **{name: value})

                self.assert_refused(response, 400, field=name)

    def test_without_a_tweet_it_says_what_is_missing(self):
        for params in ({}, {"tweet_id": ""}):
            body = self.assert_refused(self.nobody().get("comments/", **params), 400, field="tweet_id")

            self.assertEqual(body["message"], "missing tweet_id in request")

    def test_a_tweet_that_is_not_there_is_refused(self):
        for tweet_id in (self.tweet_id + 10**9, 0, -1, MAX_ID, 2**63, 2**70, "abc", "1.5", "9" * 5000, "١"):
            with self.subTest(tweet_id=str(tweet_id)[:20]):
                self.assert_refused(self.nobody().get("comments/", tweet_id=tweet_id), 400, field="tweet_id")

    def test_a_deleted_tweet_has_no_comments_any_more(self):
        self.comments(self.bob, self.tweet_id)
        self.page(self.tweet_id)

        self.alice.delete(f"tweets/{self.tweet_id}/")

        self.assert_refused(self.nobody().get("comments/", tweet_id=self.tweet_id), 400, field="tweet_id")

    def test_other_tweets_comments_are_not_among_them(self):
        other_id = self.alice.tweets()
        self.comments(self.bob, other_id)
        comment_id = self.comments(self.bob, self.tweet_id)

        self.assertEqual(self.ids(self.page(self.tweet_id)), [comment_id])


class CostTests(ListTestCase):
    def test_it_costs_the_same_for_one_and_for_a_hundred_cold_and_warm(self):
        self.page(self.tweet_id, self.bob)
        cold, warm = [], []
        for more in (1, 19, 80):
            self.crowd_says(more)
            for counts in (cold, warm):
                counts.append(self.count_queries(self.bob.get, "comments/", tweet_id=self.tweet_id, limit=100))

        self.assertEqual((cold, warm), ([cold[0]] * 3, [warm[0]] * 3))
        # Warm: the tweet and the comments. Cold: Bob's token, Bob, the authors and what he likes as well.
        self.assertEqual(warm[0], 2)
        self.assertEqual(cold[0], 6)

    def test_a_tweets_page_costs_the_same_for_one_and_for_a_hundred_comments(self):
        self.detail(self.tweet_id, self.bob)
        counts = []
        for more in (1, 19, 80):
            self.crowd_says(more)
            counts.append(self.count_queries(self.bob.get, f"tweets/{self.tweet_id}/"))

        self.assertEqual(counts, [counts[0]] * 3)


class HiddenAuthorsTests(ListTestCase):
    def setUp(self):
        super().setUp()
        self.staff = self.person("staff1", is_staff=True)

    def test_a_suspended_ones_comments_are_for_staff_until_restored(self):
        comment_id = self.comments(self.bob, self.tweet_id)
        self.page(self.tweet_id)

        self.suspend(self.bob.user)
        hidden = [self.ids(self.page(self.tweet_id, viewer)) for viewer in (None, self.alice, self.staff)]
        self.restore(self.bob.user)

        self.assertEqual(hidden, [[], [], [comment_id]])
        self.assertEqual(self.ids(self.page(self.tweet_id)), [comment_id])
        self.assertEqual(self.detail(self.tweet_id)["comments_count"], 1)

    def test_pages_are_refilled_and_never_short(self):
        user_ids = self.crowd(60, following=self.alice)
        ids = self.many_say(user_ids, self.tweet_id)
        suspended = set(user_ids[:15] + user_ids[20:40:2])
        User.objects.filter(id__in=suspended).update(suspended_at="2026-01-01T00:00:00Z")
        self.caches_are_lost()
        visible = [id for user_id, id in zip(user_ids, ids) if user_id not in suspended]

        first = self.page(self.tweet_id, limit=12)

        self.assertEqual(self.ids(first), visible[:12])
        self.assertEqual(self.walk(first), visible)
        self.assertEqual(self.walk(self.page(self.tweet_id, self.staff), self.staff), ids)

    def test_under_a_suspended_authors_tweet_there_are_none(self):
        comment_id = self.comments(self.bob, self.tweet_id)

        self.suspend(self.alice.user)

        self.assert_refused(self.bob.get("comments/", tweet_id=self.tweet_id), 400, field="tweet_id")
        self.assertEqual(self.ids(self.page(self.tweet_id, self.staff)), [comment_id])

    def test_a_closed_accounts_comments_are_gone_at_once_for_staff_too(self):
        self.comments(self.bob, self.tweet_id)
        kept = self.comments(self.alice, self.tweet_id)
        self.page(self.tweet_id)

        self.closes(self.bob)

        for viewer in (None, self.alice, self.staff):
            self.assertEqual(self.ids(self.page(self.tweet_id, viewer)), [kept])


class TweetDetailTests(ListTestCase):
    def test_its_first_comments_and_comments_next_are_the_whole_list(self):
        ids = self.crowd_says(SHOWN_COMMENTS * 2 + 3)

        tweet = self.detail(self.tweet_id)

        rest = self.walk(self.nobody().client.get(tweet["comments_next"]).json())
        self.assertEqual([comment["id"] for comment in tweet["comments"]], ids[:SHOWN_COMMENTS])
        self.assertEqual(rest, ids[SHOWN_COMMENTS:])

    def test_it_is_the_same_for_somebody_who_sees_fewer(self):
        user_ids = self.crowd(50, following=self.alice)
        ids = self.many_say(user_ids, self.tweet_id)
        User.objects.filter(id__in=user_ids[::3]).update(suspended_at="2026-01-01T00:00:00Z")
        self.caches_are_lost()

        tweet = self.detail(self.tweet_id)

        rest = self.walk(self.nobody().client.get(tweet["comments_next"]).json())
        shown = [comment["id"] for comment in tweet["comments"]] + rest
        self.assertEqual(shown, [id for number, id in enumerate(ids) if number % 3])

    def test_comments_next_is_the_absolute_address_of_the_list(self):
        ids = self.crowd_says(SHOWN_COMMENTS + 1)

        url = urlsplit(self.detail(self.tweet_id)["comments_next"])

        self.assertEqual((url.scheme, url.netloc, url.path), ("http", "testserver", "/api/comments/"))
        query = parse_qs(url.query)
        self.assertEqual(query["tweet_id"], [str(self.tweet_id)])
        self.assertEqual(IdRange.decode(query["cursor"][0]), IdRange(after=ids[SHOWN_COMMENTS - 1]))

    def test_where_all_fit_there_is_no_next(self):
        self.crowd_says(SHOWN_COMMENTS)

        tweet = self.detail(self.tweet_id)

        self.assertEqual((len(tweet["comments"]), tweet["comments_next"]), (SHOWN_COMMENTS, None))

"""
The list of somebody's tweets: who sees it, and what it costs.
"""

from accounts.services import AccountService
from tweets.tests.timelines import TimelineTestCase


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

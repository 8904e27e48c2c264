"""
Looking at one tweet.
"""

from accounts.models import UserProfile
from accounts.services import AccountService
from testing.testcases import ApiTestCase
from utils.database.time_ids import MAX_ID


class RetrievingTests(ApiTestCase):
    def test_everybody_may_look(self):
        alice = self.person("alice")
        posted = alice.post("tweets/", content="Look at this").json()

        seen_by_nobody = self.nobody().get(f"tweets/{posted['id']}/")
        seen_by_bob = self.person("bob").get(f"tweets/{posted['id']}/")

        for response in (seen_by_nobody, seen_by_bob):
            self.assertEqual(response.status_code, 200)
            self.assertEqual({key: response.json()[key] for key in posted}, posted)

    def test_a_tweet_that_never_was_is_not_found(self):
        for unknown in ("1", "0", str(MAX_ID), str(2**63), "9" * 30, "9" * 400):
            with self.subTest(unknown=unknown[:25]):
                self.assert_refused(self.nobody().get(f"tweets/{unknown}/"), 404)

    def test_an_id_of_thousands_of_digits_is_not_found(self):
        self.assert_refused(self.nobody().get(f"tweets/{'9' * 5000}/"), 404)

    def test_an_id_that_is_no_number_is_not_found(self):
        for junk in ("abc", "-1", "1.5", "١٢", "1%00", "%F0%9F%98%80"):
            with self.subTest(junk=junk):
                self.assert_refused(self.nobody().get(f"tweets/{junk}/"), 404)

    def test_a_suspended_authors_tweet_is_for_staff_until_she_is_restored(self):
        alice, staff = self.person("alice"), self.person("staff", is_staff=True)
        tweet_id = alice.tweets()
        with self.captureOnCommitCallbacks(execute=True):
            AccountService.suspend(user=alice.user)

        hidden = self.nobody().get(f"tweets/{tweet_id}/")
        seen_by_staff = staff.get(f"tweets/{tweet_id}/")
        with self.captureOnCommitCallbacks(execute=True):
            AccountService.restore(user=alice.user)

        self.assert_refused(hidden, 404)
        self.assertEqual(seen_by_staff.status_code, 200)
        self.assertEqual(self.nobody().get(f"tweets/{tweet_id}/").status_code, 200)

    def test_it_costs_the_same_queries_whoever_wrote_how_much(self):
        alice, bob = self.person("alice"), self.person("bob")
        alone = alice.tweets()
        bob.get(f"tweets/{alone}/")
        self.caches_are_lost()
        first = self.count_queries(bob.get, f"tweets/{alone}/")
        for _ in range(30):
            tweet_id = alice.tweets()
        self.caches_are_lost()

        second = self.count_queries(bob.get, f"tweets/{tweet_id}/")

        # Bob's token, Bob, the tweet, its photos, Alice, what Bob likes, comments, likes.
        self.assertEqual((first, second), (8, 8))


class ConditionalTests(ApiTestCase):
    def test_a_client_that_has_it_already_is_told_so(self):
        tweet_id = self.person("alice").tweets()
        etag = self.nobody().get(f"tweets/{tweet_id}/")["ETag"]

        response = self.nobody().client.get(f"/api/tweets/{tweet_id}/", headers={"If-None-Match": etag})

        self.assertEqual((response.status_code, response.content), (304, b""))
        self.assertEqual(response["ETag"], etag)

    def test_a_client_that_has_another_gets_this_one(self):
        tweet_id = self.person("alice").tweets()

        response = self.nobody().client.get(f"/api/tweets/{tweet_id}/", headers={"If-None-Match": '"another"'})

        self.assertEqual((response.status_code, response.json()["id"]), (200, tweet_id))

    def test_a_new_nickname_of_the_author_makes_it_another(self):
        alice = self.person("alice")
        tweet_id = alice.tweets()
        etag = self.nobody().get(f"tweets/{tweet_id}/")["ETag"]
        profile = UserProfile.objects.get(user_id=alice.id)
        profile.nickname = "Alice in Wonderland"
        with self.captureOnCommitCallbacks(execute=True):
            profile.save()

        response = self.nobody().client.get(f"/api/tweets/{tweet_id}/", headers={"If-None-Match": etag})

        self.assertEqual((response.status_code, response.json()["user"]["nickname"]), (200, "Alice in Wonderland"))

    def test_a_deleted_tweet_is_not_found_whatever_the_client_has(self):
        alice = self.person("alice")
        tweet_id = alice.tweets()
        etag = self.nobody().get(f"tweets/{tweet_id}/")["ETag"]
        alice.delete(f"tweets/{tweet_id}/")

        response = self.nobody().client.get(f"/api/tweets/{tweet_id}/", headers={"If-None-Match": etag})

        self.assert_refused(response, 404)

"""
Deleting tweets.
"""

from functools import partial

from accounts.services import AccountService
from outbox.models import Message
from testing.testcases import ApiTestCase, CommittedTestCase
from tweets.models import Tweet


class DeletingTests(ApiTestCase):
    def test_alice_deletes_and_it_is_gone_everywhere_at_once(self):
        alice, bob = self.person("alice"), self.person("bob")
        bob.follows(alice)
        kept, tweet_id = alice.tweets("This one stays"), alice.tweets("This one goes")
        self.tasks_run()
        self.assertEqual((alice.feed(), bob.feed()), ([tweet_id, kept], [tweet_id, kept]))
        self.nobody().get("tweets/", user_id=alice.id)

        response = alice.delete(f"tweets/{tweet_id}/")

        self.assertEqual((response.status_code, response.content), (204, b""))
        self.assertEqual((alice.feed(), bob.feed()), ([kept], [kept]))
        self.assert_refused(self.nobody().get(f"tweets/{tweet_id}/"), 404)
        timeline = self.nobody().get("tweets/", user_id=alice.id).json()["results"]
        self.assertEqual([tweet["id"] for tweet in timeline], [kept])

    def test_it_then_leaves_every_feed_for_good(self):
        alice, bob = self.person("alice"), self.person("bob")
        bob.follows(alice)
        kept, tweet_id = alice.tweets(), alice.tweets()
        self.tasks_run()

        alice.delete(f"tweets/{tweet_id}/")
        self.tasks_run()

        self.assertEqual(self.feed_rows(), [(alice.id, kept), (bob.id, kept)])
        self.assertFalse(Message.objects.exists())

    def test_a_tweet_that_is_deleted_before_its_fan_out_reaches_nobody(self):
        alice, bob = self.person("alice"), self.person("bob")
        bob.follows(alice)
        self.tasks_run()

        alice.delete(f"tweets/{alice.tweets()}/")
        self.tasks_run()

        self.assertEqual((alice.feed(), bob.feed()), ([], []))
        self.assertEqual(self.feed_rows(), [])

    def test_the_count_goes_down(self):
        alice = self.person("alice")
        tweet_id = alice.tweets()
        alice.tweets()

        alice.delete(f"tweets/{tweet_id}/")

        self.assertEqual(alice.get(f"users/{alice.id}/").json()["tweets_count"], 1)

    def test_its_row_says_when_and_is_another_version(self):
        alice = self.person("alice")
        tweet_id = alice.tweets()

        alice.delete(f"tweets/{tweet_id}/")

        tweet = Tweet.objects.get(id=tweet_id)
        self.assertIsNotNone(tweet.deleted_at)
        self.assertEqual((tweet.version, tweet.revision), (2, 2))

    def test_a_second_delete_finds_nothing_and_counts_nothing(self):
        alice = self.person("alice")
        tweet_id = alice.tweets()
        alice.tweets()
        alice.delete(f"tweets/{tweet_id}/")
        self.tasks_run()

        response = alice.delete(f"tweets/{tweet_id}/")

        self.assert_refused(response, 404)
        self.assertEqual(alice.get(f"users/{alice.id}/").json()["tweets_count"], 1)
        self.assertEqual(Tweet.objects.get(id=tweet_id).version, 2)
        self.assertFalse(Message.objects.exists())

    def test_a_tweet_that_never_was_is_not_found(self):
        alice = self.person("alice")

        for unknown in ("1", str(2**63), "9" * 400, "9" * 5000, "abc"):
            with self.subTest(unknown=unknown[:25]):
                self.assert_refused(alice.delete(f"tweets/{unknown}/"), 404)


class WhoMayDeleteTests(ApiTestCase):
    def assert_still_there(self, alice, tweet_id):
        self.assertEqual(self.nobody().get(f"tweets/{tweet_id}/").status_code, 200)
        self.assertEqual(alice.get(f"users/{alice.id}/").json()["tweets_count"], 1)

    def test_bob_may_not_delete_what_alice_said(self):
        alice, bob = self.person("alice"), self.person("bob")
        tweet_id = alice.tweets()

        response = bob.delete(f"tweets/{tweet_id}/")

        self.assert_refused(response, 403)
        self.assert_still_there(alice, tweet_id)

    def test_staff_may_not_either(self):
        alice, staff = self.person("alice"), self.person("staff", is_staff=True)
        tweet_id = alice.tweets()

        response = staff.delete(f"tweets/{tweet_id}/")

        self.assert_refused(response, 403)
        self.assert_still_there(alice, tweet_id)

    def test_nobody_may_not(self):
        alice = self.person("alice")
        tweet_id = alice.tweets()

        body = self.assert_refused(self.nobody().delete(f"tweets/{tweet_id}/"), 403)

        self.assertEqual(body["detail"], "Authentication credentials were not provided.")
        self.assert_still_there(alice, tweet_id)

    def test_nobody_does_not_learn_whether_a_tweet_is_there(self):
        self.assert_refused(self.nobody().delete("tweets/12345/"), 403)

    def test_bob_does_not_learn_of_a_suspended_authors_tweets(self):
        alice, bob = self.person("alice"), self.person("bob")
        tweet_id = alice.tweets()
        with self.captureOnCommitCallbacks(execute=True):
            AccountService.suspend(user=alice.user)

        self.assert_refused(bob.delete(f"tweets/{tweet_id}/"), 404)

    def test_a_tweet_cannot_be_edited(self):
        alice = self.person("alice")
        tweet_id = alice.tweets()

        response = alice.put(f"tweets/{tweet_id}/", content="I never said that")

        self.assert_refused(response, 405)
        self.assertEqual(set(response["Allow"].split(", ")) - {"HEAD", "OPTIONS"}, {"GET", "DELETE"})


class DeletingAtOnceTests(CommittedTestCase):
    def test_of_two_deletes_at_one_moment_one_finds_nothing(self):
        alice = self.person("alice")
        tweet_ids = [alice.tweets() for _ in range(5)]

        for tweet_id in tweet_ids[1:]:
            responses = self.together(*[partial(alice.delete, f"tweets/{tweet_id}/")] * 2)
            self.assertEqual(sorted(response.status_code for response in responses), [204, 404])

        self.assertEqual(alice.get(f"users/{alice.id}/").json()["tweets_count"], 1)
        self.assertEqual(Message.objects.filter(event="tweet_deleted").count(), 4)

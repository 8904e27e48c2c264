"""
Posting tweets.
"""

from datetime import timedelta

import time_machine
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.services import AccountService
from testing.testcases import ApiTestCase
from tweets.models import Tweet
from utils.database.time_ids import EPOCH, datetime_to_id, format_time


class PostingTests(ApiTestCase):
    def test_alice_posts_and_finds_it_in_her_timeline_and_feed(self):
        alice = self.person("alice")

        response = alice.post("tweets/", content="  Hello world  ")

        self.assertEqual(response.status_code, 201, response.json())
        tweet = response.json()
        self.assertEqual(alice.feed(), [tweet["id"]])
        self.assertEqual(self.nobody().get("tweets/", user_id=alice.id).json()["results"], [tweet])

    def test_the_answer_is_the_tweet_and_says_where_it_is(self):
        alice = self.person("alice")

        response = alice.post("tweets/", content="Hello world")

        tweet = response.json()
        self.assertEqual(response["Location"], f"http://testserver/api/tweets/{tweet['id']}/")
        self.assertEqual(
            tweet,
            {
                "id": tweet["id"],
                "user": {"id": alice.id, "username": "alice", "nickname": None, "avatar_url": None},
                "created_at": tweet["created_at"],
                "content": "Hello world",
                "comments_count": 0,
                "likes_count": 0,
                "has_liked": False,
                "photo_urls": [],
            },
        )

    def test_a_tweets_id_is_the_microsecond_at_which_it_was_posted(self):
        alice = self.person("alice")

        before = timezone.now()
        tweet = alice.post("tweets/", content="What time is it?").json()
        after = timezone.now()

        posted_at = EPOCH + timedelta(microseconds=tweet["id"])
        self.assertEqual(tweet["created_at"], format_time(posted_at))
        self.assertEqual(Tweet.objects.get(id=tweet["id"]).created_at, posted_at)
        self.assertTrue(before - timedelta(milliseconds=1) <= posted_at <= after, (before, posted_at, after))

    def test_a_new_tweet_is_the_first_version_of_itself(self):
        alice = self.person("alice")

        tweet = Tweet.objects.get(id=alice.tweets())

        self.assertEqual((tweet.version, tweet.revision, tweet.deleted_at), (1, 1, None))

    def test_posting_counts(self):
        alice = self.person("alice")

        alice.tweets()
        alice.tweets()

        self.assertEqual(alice.get(f"users/{alice.id}/").json()["tweets_count"], 2)

    def test_the_same_words_twice_are_two_tweets(self):
        alice = self.person("alice")

        first, second = alice.tweets("Hello again"), alice.tweets("Hello again")

        self.assertEqual(alice.feed(), [second, first])

    def test_two_tweets_of_one_microsecond_both_live(self):
        alice, bob = self.person("alice"), self.person("bob")
        moment = timezone.now() + timedelta(milliseconds=5)
        taken = datetime_to_id(moment)
        Tweet.objects.create(id=taken, user=bob.user, content="I was first")
        Tweet.objects.create(id=taken + 1, user=bob.user, content="And second")

        with time_machine.travel(moment, tick=False):
            tweet_id = alice.tweets("I am third")

        self.assertEqual(tweet_id, taken + 2)
        self.assertEqual(Tweet.objects.get(id=taken).content, "I was first")
        self.assertEqual(alice.get(f"users/{alice.id}/").json()["tweets_count"], 1)
        self.assertEqual(alice.feed(), [tweet_id])

    def test_ids_grow_even_when_the_clock_steps_back(self):
        alice = self.person("alice")
        first = alice.tweets()

        with time_machine.travel(timezone.now() - timedelta(minutes=5)):
            second = alice.tweets()

        self.assertGreater(second, first)

    def test_nobody_else_decides_what_a_tweet_is(self):
        alice, bob = self.person("alice"), self.person("bob")

        tweet = alice.post(
            "tweets/",
            content="Only this counts",
            id=1,
            pk=1,
            user=bob.id,
            user_id=bob.id,
            author_id=bob.id,
            created_at="2020-01-01T00:00:00Z",
            deleted_at="2020-01-01T00:00:00Z",
            version=9,
            revision=9,
            likes_count=1000,
            comments_count=1000,
            has_liked=True,
        ).json()

        row = Tweet.objects.get()
        self.assertEqual((row.id, row.user_id), (tweet["id"], alice.id))
        self.assertNotEqual(row.id, 1)
        self.assertEqual((row.version, row.revision, row.deleted_at), (1, 1, None))
        self.assertEqual((row.likes_count, row.comments_count, tweet["has_liked"]), (0, 0, False))
        self.assertEqual(bob.get(f"users/{bob.id}/").json()["tweets_count"], 0)


class ContentTests(ApiTestCase):
    def assert_accepted(self, content, stored=None):
        response = self.person("alice").post("tweets/", content=content)

        self.assertEqual(response.status_code, 201, response.json())
        self.assertEqual(response.json()["content"], stored or content)
        self.assertEqual(Tweet.objects.get().content, stored or content)

    def assert_not_accepted(self, content):
        alice = self.person("alice")

        self.assert_refused(alice.post("tweets/", content=content), 400, "content")

        self.assertEqual(alice.feed(), [])
        self.assertFalse(Tweet.objects.exists())

    def test_six_characters_are_enough(self):
        self.assert_accepted("abcdef")

    def test_five_characters_are_not(self):
        self.assert_not_accepted("abcde")

    def test_a_hundred_and_forty_characters_fit(self):
        self.assert_accepted("x" * 140)

    def test_one_more_does_not(self):
        self.assert_not_accepted("x" * 141)

    def test_white_space_around_does_not_count_as_text(self):
        self.assert_not_accepted("   abc \n\t ")

    def test_white_space_around_does_not_count_against_the_limit(self):
        self.assert_accepted(f"  {'x' * 140}\n", stored="x" * 140)

    def test_white_space_inside_stays(self):
        self.assert_accepted("one\n\n  two")

    def test_six_emoji_are_six_characters(self):
        self.assert_accepted("😀😁😂🤣😃😄")

    def test_a_hundred_and_forty_emoji_fit_and_come_back_as_they_were(self):
        self.assert_accepted("😀" * 139 + "😁")

    def test_a_hundred_and_forty_one_emoji_do_not(self):
        self.assert_not_accepted("😀" * 141)

    def test_a_family_of_joined_emoji_counts_each_code_point(self):
        self.assert_accepted("👨‍👩‍👧" + "!")

    def test_a_nul_is_refused(self):
        self.assert_not_accepted("hello\0world")

    def test_nothing_is_refused(self):
        self.assert_not_accepted("")

    def test_null_is_refused(self):
        self.assert_not_accepted(None)

    def test_a_list_is_refused(self):
        self.assert_not_accepted(["hello world"])

    def test_a_missing_content_is_a_validation_error(self):
        body = self.assert_refused(self.person("alice").post("tweets/"), 400, "content")

        self.assertEqual(body["message"], "Please check input")

    def test_half_an_emoji_is_refused(self):
        alice = self.person("alice")

        response = alice.client.post(
            "/api/tweets/", rb'{"content": "hello \ud83d world"}', content_type="application/json"
        )

        self.assert_refused(response, 400)
        self.assertFalse(Tweet.objects.exists())

    def test_half_an_emoji_in_a_form_is_refused(self):
        alice = self.person("alice")

        response = alice.client.post(
            "/api/tweets/", b"content=hello+%ED%A0%BD+world", content_type="application/x-www-form-urlencoded"
        )

        self.assertIn(response.status_code, (201, 400))
        self.assertNotIn("\ud83d", str(Tweet.objects.values_list("content", flat=True)))

    def test_a_form_and_multipart_are_as_good_as_json(self):
        alice = self.person("alice")

        by_form = alice.client.post(
            "/api/tweets/", "content=Hello+form+%F0%9F%98%80", content_type="application/x-www-form-urlencoded"
        )
        by_parts = alice.client.post("/api/tweets/", {"content": "Hello parts"}, format="multipart")

        self.assertEqual([by_form.status_code, by_parts.status_code], [201, 201])
        self.assertEqual([by_form.json()["content"], by_parts.json()["content"]], ["Hello form 😀", "Hello parts"])


class WhoMayPostTests(ApiTestCase):
    def test_nobody_may_not(self):
        body = self.assert_refused(self.nobody().post("tweets/", content="Hello world"), 403)

        self.assertEqual(body["detail"], "Authentication credentials were not provided.")
        self.assertFalse(Tweet.objects.exists())

    def test_nobody_is_told_so_before_the_input_is_looked_at(self):
        self.assert_refused(self.nobody().post("tweets/", content=""), 403)

    def test_a_bad_token_is_unauthorized(self):
        stranger = APIClient()
        stranger.credentials(HTTP_AUTHORIZATION="Bearer of-bad-news")

        response = stranger.post("/api/tweets/", {"content": "Hello world"}, format="json")

        self.assert_refused(response, 401)
        self.assertTrue(response["WWW-Authenticate"].startswith("Bearer"))

    def test_a_suspended_alice_may_not(self):
        alice = self.person("alice")
        with self.captureOnCommitCallbacks(execute=True):
            AccountService.suspend(user=alice.user)

        response = alice.post("tweets/", content="Let me in again")

        self.assert_refused(response, 401)
        self.assertFalse(Tweet.objects.exists())

"""
Idempotency-Key: a POST that a client sends again because it lost sight of the first.
"""

from types import SimpleNamespace

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from accounts.services import AccountService
from comments.models import Comment
from outbox.models import Message
from testing.testcases import ApiTestCase, Between
from tweets.models import Tweet
from utils.errors import Refused, Unavailable
from utils.idempotency.api import create_once
from utils.idempotency.models import IdempotentRequest
from utils.idempotency.services import IdempotencyService, StillInFlight
from utils.tests.pictures import encoded, picture

KEY = "5e0f2f0c-7d3c-4c3c-9d3b-0a9d7f2c3f4e"
BODY = {"content": "Only once, please"}


class Keyed:
    """
    Sending requests with a key.
    """

    def send(self, person, body=BODY, *, key=KEY, path="tweets/", format="json"):
        return person.client.post(f"/api/{path}", body, format=format, HTTP_IDEMPOTENCY_KEY=key)

    def claim(self, user_id=1, *, body_hash="a" * 64, key=KEY):
        return IdempotencyService.claim(user_id=user_id, route="tests.create", key=key, body_hash=body_hash)


class SendingAgainTests(Keyed, ApiTestCase):
    def setUp(self):
        self.alice, self.bob = self.person("alice1"), self.person("bobby1")

    def test_the_same_request_gets_the_same_tweet_and_makes_no_second(self):
        first = self.send(self.alice)
        recorded = Message.objects.count()

        again = self.send(self.alice)

        self.assertEqual((first.status_code, again.status_code), (201, 201))
        self.assertEqual(again.json(), first.json())
        self.assertEqual(again["Location"], first["Location"])
        self.assertEqual(Tweet.objects.count(), 1)
        self.assertEqual(len(self.feed_rows()), 1)
        self.assertEqual(Message.objects.count(), recorded)
        self.assertEqual(self.alice.get(f"users/{self.alice.id}/").json()["tweets_count"], 1)

    def test_the_same_comment_is_made_once(self):
        body = {"tweet_id": self.bob.tweets(), "content": "Well said"}

        first, again = [self.send(self.alice, body, path="comments/") for _ in range(2)]

        self.assertEqual((first.status_code, again.status_code), (201, 201), again.json())
        self.assertEqual(again.json()["id"], first.json()["id"])
        self.assertEqual(Comment.objects.count(), 1)
        self.assertEqual(Tweet.objects.get().comments_count, 1)

    def test_a_key_that_is_released_while_it_is_looked_up_is_to_be_sent_again(self):
        self.send(self.alice)
        release = IdempotentRequest.objects.all().delete

        with connection.execute_wrapper(Between("SELECT", "idempotentrequest", release)):
            response = self.send(self.alice)

        self.assert_refused(response, 409)
        self.assertEqual(response["Retry-After"], "1")
        self.assertEqual(self.send(self.alice).status_code, 201)

    def test_without_a_key_the_same_words_are_two_tweets(self):
        for _ in range(2):
            self.alice.post("tweets/", **BODY)

        self.assertEqual(Tweet.objects.count(), 2)
        self.assertFalse(IdempotentRequest.objects.exists())

    def test_the_order_of_keys_in_the_body_does_not_matter(self):
        first = self.alice.client.post(
            "/api/tweets/",
            b'{"content":"Hello world","x":1}',
            content_type="application/json",
            HTTP_IDEMPOTENCY_KEY=KEY,
        )

        again = self.alice.client.post(
            "/api/tweets/",
            b'{ "x": 1, "content": "Hello world" }',
            content_type="application/json",
            HTTP_IDEMPOTENCY_KEY=KEY,
        )

        self.assertEqual((again.status_code, again.json()["id"]), (201, first.json()["id"]))

    def test_another_body_under_the_same_key_is_422_and_makes_nothing(self):
        self.send(self.alice)

        response = self.send(self.alice, {"content": "Something else"})

        self.assertEqual(self.assert_refused(response, 422)["code"], "idempotency_key_reused")
        self.assertEqual(Tweet.objects.count(), 1)

    def test_keys_that_differ_in_case_or_accents_or_spaces_are_different(self):
        for key in ("key-a", "KEY-A", "key-a-", "key_a"):
            self.assertEqual(self.send(self.alice, key=key).status_code, 201)

        self.assertEqual(Tweet.objects.count(), 4)

    def test_the_same_key_of_another_user_is_another_key(self):
        first, other = self.send(self.alice), self.send(self.bob)

        self.assertEqual(other.status_code, 201)
        self.assertEqual(other.json()["user"]["id"], self.bob.id)
        self.assertNotEqual(other.json()["id"], first.json()["id"])

    def test_the_same_key_on_another_route_is_another_key(self):
        tweet_id = self.send(self.alice).json()["id"]

        response = self.send(self.alice, {"tweet_id": tweet_id, "content": "First"}, path="comments/")

        self.assertEqual(response.status_code, 201, response.json())

    def test_a_refused_request_is_not_remembered(self):
        refused = self.send(self.alice, {"content": "short"})

        response = self.send(self.alice)

        self.assert_refused(refused, 400, field="content")
        self.assertEqual(response.status_code, 201)

    def test_what_a_service_refuses_is_not_remembered_either(self):
        with self.assertRaises(Refused):
            create_once(self.view(), self.raising(Refused))

        self.assertFalse(IdempotentRequest.objects.exists())

    def test_what_failed_for_a_moment_keeps_the_key_for_half_a_minute(self):
        with self.assertRaises(Unavailable):
            create_once(self.view(), self.raising(Unavailable))

        with self.assertRaises(StillInFlight):
            create_once(self.view(), self.raising(Unavailable))

    def view(self):
        request = SimpleNamespace(headers={"Idempotency-Key": KEY}, user=self.alice.user, data={})
        return SimpleNamespace(basename="tests", action="create", request=request)

    def raising(self, error):
        def work():
            raise error

        return work

    def test_a_tweet_that_was_deleted_meanwhile_is_not_shown_again(self):
        tweet_id = self.send(self.alice).json()["id"]
        self.alice.delete(f"tweets/{tweet_id}/")

        response = self.send(self.alice)

        self.assert_refused(response, 404)
        self.assertEqual(Tweet.objects.count(), 1)

    def test_a_comment_that_was_deleted_meanwhile_is_not_shown_again(self):
        body = {"tweet_id": self.bob.tweets(), "content": "Well said"}
        comment_id = self.send(self.alice, body, path="comments/").json()["id"]
        self.alice.delete(f"comments/{comment_id}/")

        self.assert_refused(self.send(self.alice, body, path="comments/"), 404)

    def test_the_answer_tells_the_object_as_it_is_now(self):
        self.send(self.alice)
        self.alice.put(f"profiles/{self.alice.user.profile.id}/", nickname="Ally")
        AccountService.announce_change(user_id=self.alice.id)

        self.assertEqual(self.send(self.alice).json()["user"]["nickname"], "Ally")

    def test_anonymous_callers_are_refused_before_their_key_is_looked_at(self):
        self.assert_refused(self.send(self.nobody(), key="x" * 300), 403)


class FilesTests(Keyed, ApiTestCase):
    def setUp(self):
        self.alice = self.person("alice1")

    def form(self, width, name="a.png"):
        photo = encoded(picture(size=(width, 20)), "PNG")
        return {"content": "With something beside it", "files": SimpleUploadedFile(name, photo)}

    def test_files_count_by_what_is_in_them(self):
        first = self.send(self.alice, self.form(width=40), format="multipart")

        again = self.send(self.alice, self.form(width=40, name="b.png"), format="multipart")
        other = self.send(self.alice, self.form(width=41), format="multipart")

        self.assertEqual((first.status_code, again.status_code), (201, 201))
        self.assertEqual(again.json()["id"], first.json()["id"])
        self.assert_refused(other, 422)


class JunkTests(Keyed, ApiTestCase):
    def test_a_key_that_is_none_is_400(self):
        alice = self.person("alice1")

        for key in ("", "x" * 256, "tab\there", "schlüssel", "\x00", "line\nbreak", "\x7f"):
            with self.subTest(key=key[:10]):
                self.assert_refused(self.send(alice, key=key), 400, field="Idempotency-Key")

        self.assertFalse(Tweet.objects.exists())

    def test_the_longest_and_the_strangest_key_are_keys(self):
        alice = self.person("alice1")

        for key in ("x" * 255, "'; DROP TABLE tweets; --", "a b", "%00"):
            with self.subTest(key=key[:10]):
                self.assertEqual(self.send(alice, key=key).status_code, 201)

    def test_a_body_too_deep_to_compare_is_400(self):
        alice = self.person("alice1")
        body = b'{"content": "Hello world", "x": ' + b"[" * 300 + b"]" * 300 + b"}"

        response = alice.client.post("/api/tweets/", body, content_type="application/json", HTTP_IDEMPOTENCY_KEY=KEY)

        self.assert_refused(response, 400)

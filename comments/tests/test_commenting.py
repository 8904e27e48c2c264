"""
Commenting on tweets, saying it differently, and taking it back.
"""

from functools import partial
from unittest import mock

from django.db import connection

from accounts.models import User
from comments.models import Comment
from comments.services import CommentService
from comments.tests.people import Commenting
from likes.models import Like
from testing.testcases import ApiTestCase, Between
from tweets.models import Tweet
from tweets.services import TweetService
from utils.database.time_ids import MAX_ID, format_time, id_to_datetime

COMMENT = {"id", "tweet_id", "user", "content", "created_at", "updated_at", "likes_count", "has_liked"}


class CommentsTestCase(Commenting, ApiTestCase):
    def setUp(self):
        self.alice, self.bob = self.person("alice1"), self.person("bobby1")
        self.tweet_id = self.alice.tweets()

    def count(self, tweet_id=None):
        return self.detail(tweet_id or self.tweet_id)["comments_count"]


class CreatingTests(CommentsTestCase):
    def test_bob_says_something_about_what_alice_said(self):
        response = self.comment(self.bob, self.tweet_id, "Well said")

        body, row = response.json(), Comment.objects.get()
        self.assertEqual((response.status_code, set(body)), (201, COMMENT))
        self.assertEqual((row.user_id, row.tweet_id, row.content), (self.bob.id, self.tweet_id, "Well said"))
        self.assertEqual(
            body,
            {
                "id": row.id,
                "tweet_id": self.tweet_id,
                "user": {"id": self.bob.id, "username": "bobby1", "nickname": None, "avatar_url": None},
                "content": "Well said",
                "created_at": format_time(id_to_datetime(row.id)),
                "updated_at": format_time(row.updated_at),
                "likes_count": 0,
                "has_liked": False,
            },
        )

    def test_it_is_counted_and_everywhere_at_once(self):
        self.bob.follows(self.alice)
        self.tasks_run()
        self.bob.feed()
        self.page(self.tweet_id)

        comment = self.comment(self.bob, self.tweet_id).json()

        self.assertEqual(self.page(self.tweet_id)["comments"], [comment])
        self.assertEqual(self.detail(self.tweet_id)["comments"], [comment])
        self.assertEqual(self.count(), 1)
        self.assertEqual(self.bob.get("newsfeeds/").json()["results"][0]["tweet"]["comments_count"], 1)
        timeline = self.nobody().get("tweets/", user_id=self.alice.id).json()
        self.assertEqual(timeline["results"][0]["comments_count"], 1)

    def test_the_same_words_again_are_a_second_comment(self):
        self.comment(self.bob, self.tweet_id)
        self.comment(self.bob, self.tweet_id)

        self.assertEqual((Comment.objects.count(), self.count()), (2, 2))

    def test_with_an_idempotency_key_they_are_not(self):
        send = partial(self.bob.client.post, "/api/comments/", {"tweet_id": self.tweet_id, "content": "Well said"})

        first, second = (send(format="json", headers={"Idempotency-Key": "a"}) for _ in range(2))

        self.assertEqual(second.json(), first.json())
        self.assertEqual((Comment.objects.count(), self.count()), (1, 1))

    def test_it_has_one_to_140_characters_after_trimming(self):
        for content in ("x", "  x  ", "x" * 140, " " * 50 + "x" * 140, "😀" * 140, "é"):
            with self.subTest(content=content[:10]):
                response = self.comment(self.bob, self.tweet_id, content)

                self.assertEqual((response.status_code, response.json()["content"]), (201, content.strip()))

    def test_other_content_is_refused(self):
        for content in ("", "   ", "\n\t", "x" * 141, "😀" * 141, None, ["x"], {"a": "b"}, "a\x00b"):
            with self.subTest(content=content):
                self.assert_refused(self.comment(self.bob, self.tweet_id, content), 400, field="content")
        self.assertEqual((Comment.objects.count(), self.count()), (0, 0))

    def test_of_a_tweet_that_is_deleted_at_that_moment_nothing_is_said(self):
        delete = partial(TweetService.mark_deleted, tweet=Tweet.objects.get(id=self.tweet_id))

        with connection.execute_wrapper(Between("UPDATE", "tweets_tweet", delete)):
            response = self.comment(self.bob, self.tweet_id)

        self.assert_refused(response, 404)
        self.assertFalse(Comment.objects.exists())

    def test_what_is_missing_is_a_matter_of_validation(self):
        for fields in ({"content": "Well said"}, {"tweet_id": self.tweet_id}, {}):
            with self.subTest(fields=set(fields)):
                body = self.assert_refused(self.bob.post("comments/", **fields), 400)

                self.assertEqual(body["message"], "Please check input")
                self.assertEqual(set(body["errors"]), {"tweet_id", "content"} - set(fields))

    def test_a_tweet_that_is_not_there_is_refused(self):
        for tweet_id in (self.tweet_id + 10**9, 0, -1, MAX_ID, MAX_ID + 1, 2**63, "abc", "1.5", None, [1]):
            with self.subTest(tweet_id=tweet_id):
                self.assert_refused(self.comment(self.bob, tweet_id), 400, field="tweet_id")
        self.assertFalse(Comment.objects.exists())

    def test_a_tweet_that_is_deleted_or_hidden_is_refused(self):
        deleted_id = self.alice.tweets()
        self.alice.delete(f"tweets/{deleted_id}/")
        self.assert_refused(self.comment(self.bob, deleted_id), 400, field="tweet_id")

        self.suspend(self.alice.user)

        self.assert_refused(self.comment(self.bob, self.tweet_id), 400, field="tweet_id")
        self.assertFalse(Comment.objects.exists())

    def test_nobody_does_not_comment(self):
        body = self.assert_refused(self.comment(self.nobody(), self.tweet_id), 403)

        self.assertEqual(body["detail"], "Authentication credentials were not provided.")
        self.assertFalse(Comment.objects.exists())

    def test_what_else_is_sent_changes_nothing(self):
        others = {"id": 7, "user": self.alice.id, "user_id": self.alice.id, "likes_count": 9, "is_staff": True}

        body = self.comment(self.bob, self.tweet_id, created_at="2020-01-01T00:00:00Z", **others).json()

        self.assertEqual((body["user"]["id"], body["likes_count"]), (self.bob.id, 0))
        self.assertNotEqual(body["id"], 7)
        self.assertFalse(User.objects.get(id=self.bob.id).is_staff)


class UpdatingTests(CommentsTestCase):
    def setUp(self):
        super().setUp()
        self.comment_id = self.comments(self.bob, self.tweet_id)

    def update(self, person, comment_id=None, **fields):
        return person.put(f"comments/{comment_id or self.comment_id}/", **fields)

    def assert_unchanged(self):
        self.assertEqual(Comment.objects.get().content, "Well said")

    def test_bob_says_it_differently(self):
        before = self.page(self.tweet_id)["comments"][0]

        response = self.update(self.bob, content="  Better said ")

        body = response.json()
        self.assertEqual(response.status_code, 200)
        self.assertEqual(body, {**before, "content": "Better said", "updated_at": body["updated_at"]})
        self.assertGreater(body["updated_at"], before["updated_at"])
        self.assertEqual(self.page(self.tweet_id)["comments"], [body])
        self.assertEqual(self.detail(self.tweet_id)["comments"], [body])

    def test_everything_but_the_text_is_ignored(self):
        other_id = self.alice.tweets()
        before = Comment.objects.values().get()

        self.update(
            self.bob,
            content="Better said",
            id=7,
            tweet_id=other_id,
            tweet=other_id,
            user_id=self.alice.id,
            user=self.alice.id,
            likes_count=99,
            created_at="2020-01-01T00:00:00Z",
            updated_at="2020-01-01T00:00:00Z",
            is_staff=True,
        )

        after = Comment.objects.values().get()
        changed = {name for name in before if before[name] != after[name]}
        self.assertEqual(changed, {"content", "updated_at", "revision"})
        self.assertEqual(after["updated_at"].year, self.bob.user.date_joined.year)

    def test_again_it_is_the_same(self):
        for _ in range(2):
            self.assertEqual(self.update(self.bob, content="Better said").json()["content"], "Better said")
        self.assertEqual((Comment.objects.count(), self.count()), (1, 1))

    def test_bad_content_is_refused(self):
        for fields in ({}, {"content": ""}, {"content": "x" * 141}, {"content": None}, {"tweet_id": self.tweet_id}):
            with self.subTest(fields=fields):
                self.assert_refused(self.update(self.bob, **fields), 400, field="content")
        self.assert_unchanged()

    def test_nobody_alice_and_staff_may_not(self):
        for person in (self.nobody(), self.alice, self.person("staff1", is_staff=True)):
            self.assert_refused(self.update(person, content="I never said that"), 403)
        self.assert_unchanged()

    def test_one_that_is_not_there_is_not_found(self):
        for comment_id in (1, 2**63, "9" * 400, "abc"):
            with self.subTest(comment_id=str(comment_id)[:20]):
                self.assert_refused(self.update(self.bob, comment_id, content="Better said"), 404)

    def test_one_that_is_deleted_at_this_moment_is_not_found(self):
        comment = Comment.objects.get()
        with mock.patch("comments.api.views.get_object_or_404", return_value=comment):
            Comment.objects.all().delete()

            response = self.update(self.bob, content="Better said")

        self.assert_refused(response, 404)

    def test_it_cannot_be_retrieved_or_patched(self):
        for person in (self.bob, self.alice):
            for method in (person.client.get, partial(person.client.patch, data={"content": "Better said"})):
                response = method(f"/api/comments/{self.comment_id}/")

                self.assert_refused(response, 405)
                self.assertEqual(set(response["Allow"].split(", ")) - {"OPTIONS"}, {"PUT", "DELETE"})
        self.assert_unchanged()


class DeletingTests(CommentsTestCase):
    def setUp(self):
        super().setUp()
        self.kept_id = self.comments(self.alice, self.tweet_id)
        self.comment_id = self.comments(self.bob, self.tweet_id)

    def delete(self, person, comment_id=None):
        return person.delete(f"comments/{comment_id or self.comment_id}/")

    def test_bob_takes_it_back(self):
        self.page(self.tweet_id)

        response = self.delete(self.bob)

        self.assertEqual((response.status_code, response.json()), (200, {"success": True}))
        self.assertEqual(self.ids(self.page(self.tweet_id)), [self.kept_id])
        self.assertEqual([comment["id"] for comment in self.detail(self.tweet_id)["comments"]], [self.kept_id])
        self.assertEqual(self.count(), 1)

    def test_its_likes_go_with_it_and_no_others(self):
        self.likes(self.alice, "comment", self.comment_id)
        self.likes(self.bob, "comment", self.comment_id)
        self.likes(self.bob, "comment", self.kept_id)
        self.likes(self.bob, "tweet", self.tweet_id)

        self.delete(self.bob)

        self.assertEqual(set(Like.objects.values_list("object_id", flat=True)), {self.kept_id, self.tweet_id})

    def test_again_it_is_not_found_and_counted_once(self):
        self.delete(self.bob)

        self.assert_refused(self.delete(self.bob), 404)
        self.assertEqual(self.count(), 1)

    def test_nobody_alice_and_staff_may_not(self):
        for person in (self.nobody(), self.alice, self.person("staff1", is_staff=True)):
            self.assert_refused(self.delete(person), 403)
        self.assertEqual(self.count(), 2)

    def test_one_that_is_not_there_is_not_found(self):
        for comment_id in (1, 2**63, "9" * 400, "abc"):
            with self.subTest(comment_id=str(comment_id)[:20]):
                self.assert_refused(self.delete(self.bob, comment_id), 404)

    def test_under_a_deleted_tweet_there_is_nothing_to_delete(self):
        self.alice.delete(f"tweets/{self.tweet_id}/")

        self.assert_refused(self.delete(self.bob), 404)

    def test_those_of_a_closed_account_are_deleted_by_tasks_and_the_counter_knows(self):
        self.likes(self.alice, "comment", self.comment_id)
        self.closes(self.bob)

        self.everything_settles()

        self.assertEqual(list(Comment.objects.values_list("id", flat=True)), [self.kept_id])
        self.assertFalse(Like.objects.exists())
        self.assertEqual(self.count(), 1)
        CommentService.purge_some(user_id=self.bob.id)
        self.assertEqual(self.count(), 1)

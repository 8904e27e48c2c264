"""
Liking tweets and comments, and taking it back.
"""

from django.contrib.contenttypes.models import ContentType

from likes.models import Like
from likes.tests.people import Liking
from testing.testcases import ApiTestCase
from tweets.models import Tweet
from utils.database.time_ids import MAX_ID, format_time, id_to_datetime

NAMES = ("content_type", "object_id")
BAD_IDS = (MAX_ID, MAX_ID + 1, 2**63, 2**70, 0, -1, "abc", "1.5", [1], {"a": 1}, True, "٣", "+3", "3.0", " 3")


class LikesTestCase(Liking, ApiTestCase):
    def setUp(self):
        self.alice, self.bob, self.carol = (self.person(name) for name in ("alice1", "bobby1", "carol1"))
        self.tweet_id = self.alice.tweets()
        self.comment_id = self.comments(self.bob, self.tweet_id)
        self.things = {"tweet": self.tweet_id, "comment": self.comment_id}

    def counts(self):
        tweet = self.detail(self.tweet_id)
        return tweet["likes_count"], tweet["comments"][0]["likes_count"]

    def assert_nobody_likes_anything(self):
        self.assertFalse(Like.objects.exists())
        self.assertEqual(self.counts(), (0, 0))


class LikingTests(LikesTestCase):
    def test_carol_likes_a_tweet_and_a_comment(self):
        responses = [self.likes(self.carol, kind, id) for kind, id in self.things.items()]

        rows = Like.objects.order_by("id")
        self.assertEqual([row.user_id for row in rows], [self.carol.id] * 2)
        carol = {"id": self.carol.id, "username": "carol1", "nickname": None, "avatar_url": None}
        self.assertEqual(
            responses, [{"user": carol, "created_at": format_time(id_to_datetime(row.id))} for row in rows]
        )
        self.assertEqual(self.counts(), (1, 1))

    def test_it_is_the_thing_that_was_named_and_no_other(self):
        other_id = self.alice.tweets("Another one of mine")
        self.likes(self.carol, "tweet", self.tweet_id)

        like = Like.objects.get()

        tweets = ContentType.objects.get_for_model(Tweet)
        self.assertEqual((like.content_type_id, like.object_id), (tweets.id, self.tweet_id))
        self.assertEqual(self.detail(other_id)["likes_count"], 0)
        self.assertEqual(self.counts(), (1, 0))

    def test_one_may_like_ones_own(self):
        self.likes(self.alice, "tweet", self.tweet_id)
        self.likes(self.bob, "comment", self.comment_id)

        self.assertEqual(self.counts(), (1, 1))

    def test_liking_again_is_the_same_like(self):
        for kind, id in self.things.items():
            with self.subTest(kind=kind):
                first = self.likes(self.carol, kind, id)

                self.assertEqual([self.likes(self.carol, kind, id) for _ in range(2)], [first, first])
        self.assertEqual(Like.objects.count(), 2)
        self.assertEqual(self.counts(), (1, 1))

    def test_liking_anew_after_taking_it_back_is_another_like(self):
        first = self.likes(self.carol, "tweet", self.tweet_id)
        self.cancel(self.carol, "tweet", self.tweet_id)

        second = self.likes(self.carol, "tweet", self.tweet_id)

        self.assertGreater(second["created_at"], first["created_at"])
        self.assertEqual(self.counts(), (1, 0))

    def test_what_else_is_sent_changes_nothing(self):
        response = self.carol.post(
            "likes/",
            content_type="tweet",
            object_id=self.tweet_id,
            id=7,
            user=self.bob.id,
            user_id=self.bob.id,
            likes_count=99,
            created_at="2020-01-01T00:00:00Z",
            is_staff=True,
        )

        self.assertEqual((response.status_code, response.json()["user"]["id"]), (201, self.carol.id))
        like = Like.objects.get()
        self.assertEqual(like.user_id, self.carol.id)
        self.assertNotEqual(like.id, 7)
        self.assertEqual(self.counts(), (1, 0))

    def test_there_is_no_list_of_likes(self):
        self.assert_refused(self.carol.get("likes/"), 405)


class CancellingTests(LikesTestCase):
    def test_carol_takes_it_back(self):
        for kind, id in self.things.items():
            self.likes(self.carol, kind, id)
            self.likes(self.bob, kind, id)

        responses = [self.cancel(self.carol, kind, id) for kind, id in self.things.items()]

        for response in responses:
            self.assertEqual((response.status_code, response.json()), (200, {"success": True, "deleted": 1}))
        self.assertEqual(set(Like.objects.values_list("user_id", flat=True)), {self.bob.id})
        self.assertEqual(self.counts(), (1, 1))

    def test_again_there_is_nothing_to_take_back(self):
        for kind, id in self.things.items():
            self.likes(self.carol, kind, id)
            self.cancel(self.carol, kind, id)

            again = self.cancel(self.carol, kind, id)

            self.assertEqual((again.status_code, again.json()), (200, {"success": True, "deleted": 0}))
        self.assert_nobody_likes_anything()

    def test_a_like_that_a_counter_has_lost_is_taken_back_and_nothing_is_counted_below_zero(self):
        self.likes(self.bob, "tweet", self.tweet_id)
        Tweet.objects.update(likes_count=0)

        response = self.cancel(self.bob, "tweet", self.tweet_id)

        self.assertEqual((response.status_code, response.json()["deleted"]), (200, 1))
        self.assertEqual(Tweet.objects.get(id=self.tweet_id).likes_count, 0)
        self.assertEqual(self.cancel(self.bob, "tweet", self.tweet_id).json()["deleted"], 0)

    def test_what_bob_likes_carol_does_not_take_back(self):
        self.likes(self.bob, "tweet", self.tweet_id)

        response = self.carol.post(
            "likes/cancel/",
            content_type="tweet",
            object_id=self.tweet_id,
            user_id=self.bob.id,
            id=Like.objects.get().id,
        )

        self.assertEqual(response.json()["deleted"], 0)
        self.assertEqual(self.counts(), (1, 0))


class RefusedTests(LikesTestCase):
    def test_nobody_likes(self):
        for path in ("likes/", "likes/cancel/"):
            body = self.assert_refused(self.nobody().post(path, content_type="tweet", object_id=self.tweet_id), 403)

            self.assertEqual(body["detail"], "Authentication credentials were not provided.")
        self.assert_nobody_likes_anything()

    def test_all_that_is_missing_is_named(self):
        given = {"content_type": "tweet", "object_id": self.tweet_id}
        for path in ("likes/", "likes/cancel/"):
            for missing in (NAMES, NAMES[:1], NAMES[1:]):
                with self.subTest(path=path, missing=missing):
                    sent = {name: value for name, value in given.items() if name not in missing}

                    body = self.assert_refused(self.carol.post(path, **sent), 400)

                    self.assertEqual(body["message"], f"missing {', '.join(missing)} in request")
                    self.assertEqual(set(body["errors"]), set(missing))
        self.assert_nobody_likes_anything()

    def test_a_kind_that_cannot_be_liked_is_refused(self):
        for path in ("likes/", "likes/cancel/"):
            for kind in ("user", "Tweet", "like", "tweets", "😀", "\x00", ["tweet"], {"a": 1}, 7, True):
                with self.subTest(path=path, kind=kind):
                    response = self.carol.post(path, content_type=kind, object_id=self.tweet_id)

                    self.assert_refused(response, 400, field="content_type")
        self.assert_nobody_likes_anything()

    def test_a_thing_that_is_not_there_is_refused(self):
        for path in ("likes/", "likes/cancel/"):
            for kind in self.things:
                for object_id in (
                    self.tweet_id + 10**9,
                    MAX_ID,
                    MAX_ID + 1,
                    2**63,
                    2**70,
                    0,
                    -1,
                    "abc",
                    "1.5",
                    [1],
                    "٧",
                ):
                    with self.subTest(path=path, kind=kind, object_id=object_id):
                        response = self.carol.post(path, content_type=kind, object_id=object_id)

                        self.assert_refused(response, 400, field="object_id")
        self.assert_nobody_likes_anything()

    def test_a_tweet_is_no_comment_even_if_the_number_fits(self):
        for kind, id in (("comment", self.tweet_id), ("tweet", self.comment_id)):
            self.assert_refused(self.like(self.carol, kind, id), 400, field="object_id")


class DeletedThingsTests(LikesTestCase):
    def test_a_deleted_tweet_and_what_was_said_about_it_cannot_be_liked(self):
        self.alice.delete(f"tweets/{self.tweet_id}/")

        for kind, id in self.things.items():
            for act in (self.like, self.cancel):
                self.assert_refused(act(self.carol, kind, id), 400, field="object_id")
        self.assertFalse(Like.objects.exists())

    def test_a_deleted_comment_cannot_be_liked_and_takes_its_likes_along(self):
        self.likes(self.carol, "comment", self.comment_id)
        self.likes(self.carol, "tweet", self.tweet_id)

        self.bob.delete(f"comments/{self.comment_id}/")

        self.assertEqual([like.object_id for like in Like.objects.all()], [self.tweet_id])
        for act in (self.like, self.cancel):
            self.assert_refused(act(self.carol, "comment", self.comment_id), 400, field="object_id")

    def test_what_a_suspended_author_wrote_cannot_be_liked_until_she_is_back(self):
        self.suspend(self.alice.user)
        for kind, id in self.things.items():
            self.assert_refused(self.like(self.carol, kind, id), 400, field="object_id")

        self.restore(self.alice.user)

        for kind, id in self.things.items():
            self.likes(self.carol, kind, id)

    def test_what_a_closed_account_wrote_cannot_be_liked(self):
        self.closes(self.bob)

        self.assert_refused(self.like(self.carol, "comment", self.comment_id), 400, field="object_id")

"""
Pages that a client has already: 304 as long as nothing on them has changed, however small.
"""

import sys

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import override_settings

from accounts.models import UserProfile
from accounts.services import AccountService
from testing.testcases import ApiTestCase
from tweets.models import TweetPhoto
from tweets.services import PhotoService
from tweets.tests.photos import Photographing

FEED, TIMELINE, TWEET, COMMENTS, FOLLOWERS = "feed", "timeline", "tweet", "comments", "followers"
TWEETS = {FEED, TIMELINE, TWEET}


class UnchangedPageTests(Photographing, ApiTestCase):
    """
    Bob has read Alice's tweets, and what Carol said on one of them.
    """

    def setUp(self):
        self.alice, self.bob, self.carol = (self.person(name) for name in ("alice1", "bobby1", "carol1"))
        self.bob.follows(self.alice)
        self.carol.follows(self.alice)
        self.alice.tweets("An older one")
        self.tweet_id = self.posts(self.alice, self.picture())["id"]
        self.comment_id = self.carol.post("comments/", tweet_id=self.tweet_id, content="First!").json()["id"]
        self.tasks_run()
        self.paths = {
            FEED: "newsfeeds/",
            TIMELINE: f"tweets/?user_id={self.alice.id}",
            TWEET: f"tweets/{self.tweet_id}/",
            COMMENTS: f"comments/?tweet_id={self.tweet_id}",
            FOLLOWERS: f"friendships/{self.alice.id}/followers/",
        }
        self.had = self.read()

    def read(self):
        return {name: self.bob.get(path) for name, path in self.paths.items()}

    def ask_again(self, name, **headers):
        has = {"If-None-Match": self.had[name]["ETag"], **headers}
        return self.bob.client.get(f"/api/{self.paths[name]}", headers=has)

    def shows(self, person, **fields):
        profile_id = UserProfile.objects.get(user_id=person.id).id
        with self.captureOnCommitCallbacks(execute=True):
            response = person.client.patch(f"/api/profiles/{profile_id}/", fields, format="multipart")
        self.assertEqual(response.status_code, 200, response.json())

    def assert_changed(self, expected):
        """
        Check that these pages have changed, that a client with the old ones hears so, and of the others that they stay.
        """
        now = self.read()
        for name, page in now.items():
            with self.subTest(page=name):
                differs = page.content != self.had[name].content
                self.assertEqual(name in expected, differs)
                self.assertEqual(page["ETag"] != self.had[name]["ETag"], differs)

                again = self.ask_again(name)

                self.assertEqual(
                    (again.status_code, again.content), (page.status_code if differs else 304, again.content)
                )
                self.assertEqual(again.content, page.content if differs else b"")
        self.had = now

    def test_nothing_has_changed(self):
        self.assert_changed(set())

    def test_nor_when_the_caches_were_lost(self):
        self.caches_are_lost()

        self.assert_changed(set())

    def test_somebody_likes_and_unlikes_the_tweet(self):
        for verb in ("likes/", "likes/cancel/"):
            self.carol.post(verb, content_type="tweet", object_id=self.tweet_id)
            self.tasks_run()

            self.assert_changed(TWEETS)

    def test_one_like_goes_and_another_comes(self):
        self.carol.post("likes/", content_type="tweet", object_id=self.tweet_id)
        self.tasks_run()
        self.had = self.read()

        self.carol.post("likes/cancel/", content_type="tweet", object_id=self.tweet_id)
        self.bob.post("likes/", content_type="tweet", object_id=self.tweet_id)
        self.tasks_run()

        self.assert_changed(TWEETS)

    def test_a_comment_is_added_changed_liked_and_deleted(self):
        added = self.alice.post("comments/", tweet_id=self.tweet_id, content="Second!").json()["id"]
        self.tasks_run()
        self.assert_changed(TWEETS | {COMMENTS})

        self.carol.put(f"comments/{self.comment_id}/", content="Still first!")
        self.tasks_run()
        self.assert_changed({TWEET, COMMENTS})

        self.bob.post("likes/", content_type="comment", object_id=self.comment_id)
        self.tasks_run()
        self.assert_changed({TWEET, COMMENTS})

        self.alice.delete(f"comments/{added}/")
        self.tasks_run()
        self.assert_changed(TWEETS | {COMMENTS})

    def test_the_author_takes_a_nickname_and_an_avatar(self):
        self.shows(self.alice, nickname="Alice in Wonderland")
        self.assert_changed(TWEETS)

        self.shows(self.alice, avatar=SimpleUploadedFile("me.png", self.picture()))
        self.assert_changed(TWEETS)

    def test_so_does_who_has_commented(self):
        self.shows(self.carol, nickname="Carol of the bells")

        self.assert_changed({TWEET, COMMENTS, FOLLOWERS})

    def test_who_has_commented_is_suspended_and_restored(self):
        for verb in (AccountService.suspend, AccountService.restore):
            with self.captureOnCommitCallbacks(execute=True):
                verb(user=self.carol.user)
            self.tasks_run()

            self.assert_changed({TWEET, COMMENTS, FOLLOWERS})

    def test_a_follower_is_followed_back_and_another_leaves(self):
        self.bob.follows(self.carol)
        self.tasks_run()
        self.assert_changed({FOLLOWERS})

        self.carol.unfollows(self.alice)
        self.tasks_run()
        self.assert_changed({FOLLOWERS})

    def test_a_photo_is_rejected(self):
        with self.captureOnCommitCallbacks(execute=True):
            PhotoService.reject(photo=TweetPhoto.objects.get())
        self.tasks_run()

        self.assert_changed(TWEETS)

    def test_photos_wait_for_a_review_from_now_on(self):
        with override_settings(PHOTO_REVIEW="pre"):
            self.assert_changed(TWEETS)

    def test_a_tweet_is_posted_and_deleted(self):
        newer = self.alice.tweets("A newer one")
        self.tasks_run()
        self.assert_changed({FEED, TIMELINE})

        self.alice.delete(f"tweets/{newer}/")
        self.assert_changed({FEED, TIMELINE})

    def test_where_the_next_page_begins_is_said_once_there_is_one(self):
        self.paths = {FEED: "newsfeeds/?limit=1"}
        self.had = self.read()

        with self.captureOnCommitCallbacks(execute=True):
            self.alice.delete(f"tweets/{self.rows_of(self.bob)[1]}/")
        self.tasks_run()

        self.assertIsNone(self.read()[FEED].json()["next"])
        self.assert_changed({FEED})

    def test_a_deleted_tweet_and_those_of_a_suspended_author_are_gone_for_who_has_them_too(self):
        with self.captureOnCommitCallbacks(execute=True):
            AccountService.suspend(user=self.alice.user)

        self.assert_refused(self.ask_again(TWEET), 404)
        self.assertEqual(self.ask_again(FEED).json()["results"], [])
        self.assertEqual(self.ask_again(TIMELINE).json()["results"], [])

    def test_the_author_who_sees_the_same_is_told_anew(self):
        has = {"If-None-Match": self.had[TIMELINE]["ETag"]}

        response = self.alice.client.get(f"/api/{self.paths[TIMELINE]}", headers=has)

        self.assertEqual(response.status_code, 200)

    def test_another_host_another_format_and_another_release_are_other_answers(self):
        for headers in ({"Host": "localhost"}, {"Accept": "application/json; indent=4"}, {"Accept": "text/html"}):
            with self.subTest(headers=headers):
                self.assertEqual(self.ask_again(FEED, **headers).status_code, 200)
        with override_settings(VERSION=f"{settings.VERSION}.1"):
            self.assertEqual(self.ask_again(FEED).status_code, 200)


class CostTests(ApiTestCase):
    """
    What a client saves that has the page.
    """

    def setUp(self):
        self.alice = self.person("alice1")
        self.person("bobby1").follows(self.alice)
        self.tweet_id = self.alice.tweets()
        self.alice.post("comments/", tweet_id=self.tweet_id, content="First!")
        self.tasks_run()

        self.paths = (
            "newsfeeds/",
            f"tweets/?user_id={self.alice.id}",
            f"tweets/{self.tweet_id}/",
            f"comments/?tweet_id={self.tweet_id}",
            f"friendships/{self.alice.id}/followers/",
        )

    def ask(self, path, **headers):
        return self.alice.client.get(f"/api/{path}", headers=headers)

    def functions_called_to_answer(self, path, **headers):
        """
        Return the qualified names of the Python functions that run for a request.
        """
        names = set()
        sys.setprofile(lambda frame, event, arg: names.add(frame.f_code.co_qualname))
        try:
            self.ask(path, **headers)
        finally:
            sys.setprofile(None)
        return names

    def test_it_takes_no_more_queries(self):
        for path in self.paths:
            with self.subTest(path=path):
                etag = self.ask(path)["ETag"]

                queries = self.count_queries(self.ask, path)
                again = self.count_queries(self.ask, path, **{"If-None-Match": etag})

                self.assertEqual(again, queries)

    def test_nothing_is_rendered(self):
        for path in self.paths:
            with self.subTest(path=path):
                etag = self.ask(path)["ETag"]

                rendering = self.functions_called_to_answer(path)
                unchanged = self.functions_called_to_answer(path, **{"If-None-Match": etag})

                self.assertIn("user_shape", rendering)
                self.assertNotIn("user_shape", unchanged)

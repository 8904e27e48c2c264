"""
Reviewing photos: who sees what before, after, and at once.
"""

from django.test import override_settings

from testing.testcases import ApiTestCase
from tweets.constants import PhotoStatus
from tweets.models import TweetPhoto
from tweets.services import PhotoService
from tweets.tests.photos import Photographing

ALL, NOBODY = {"anonymous", "author", "other", "staff"}, set()
# What has been said about a photo -> who sees it in a tweet, and who may fetch its file, by PHOTO_REVIEW.
UNREVIEWED = {
    "off": (ALL, ALL),
    "post": (ALL, ALL),
    "pre": ({"author"}, {"author", "staff"}),
}
APPROVED = (ALL, ALL)
REJECTED = (NOBODY, {"staff"})


class ReviewTestCase(Photographing, ApiTestCase):
    def setUp(self):
        self.alice, self.bob = self.person("alice1"), self.person("bobby1")
        self.viewers = {
            "anonymous": self.nobody(),
            "author": self.alice,
            "other": self.bob,
            "staff": self.person("staff1", is_staff=True),
        }
        for viewer in (self.bob, self.viewers["staff"]):
            viewer.follows(self.alice)
        self.tasks_run()

    def alice_posts(self):
        """
        Let Alice post a photo, and everything that follows from it happen.
        """
        self.tweet_id = self.posts(self.alice, self.picture())["id"]
        self.tasks_run()

    def pages(self, viewer):
        """
        Return the tweet as each page shows it.
        """
        pages = [
            viewer.get(f"tweets/{self.tweet_id}/").json(),
            viewer.get("tweets/", user_id=self.alice.id).json()["results"][0],
        ]
        if viewer is not self.viewers["anonymous"]:
            pages.append(viewer.get("newsfeeds/").json()["results"][0]["tweet"])
        return pages

    def seen_in_tweets(self):
        """
        Return the names of those who see the photo, and check that all pages agree.
        """
        seen = set()
        for name, viewer in self.viewers.items():
            shown = [page["photo_urls"] for page in self.pages(viewer)]
            self.assertEqual(shown, [shown[0]] * len(shown), name)
            self.assertIn(shown[0], ([], [self.address(self.photo().key)]))
            if shown[0]:
                seen.add(name)
        return seen

    def may_fetch(self):
        """
        Return the names of those who get the file, and check that it is the same for the thumbnail.
        """
        may = set()
        for name, viewer in self.viewers.items():
            photo = self.photo()
            statuses = {self.fetch(viewer, self.address(key)).status_code for key in (photo.key, photo.thumbnail_key)}
            self.assertIn(statuses, ({200}, {404}), name)
            if statuses == {200}:
                may.add(name)
        return may

    def assert_seen(self, in_tweets, files):
        for _ in range(2):
            self.assertEqual((self.seen_in_tweets(), self.may_fetch()), (in_tweets, files))


class ReviewTests(ReviewTestCase):
    def test_before_anybody_has_looked_at_it(self):
        for review, expected in UNREVIEWED.items():
            with self.subTest(review=review), override_settings(PHOTO_REVIEW=review):
                TweetPhoto.objects.all().delete()
                self.alice_posts()

                self.assertEqual(self.photo().status, PhotoStatus.APPROVED if review == "off" else PhotoStatus.PENDING)
                self.assert_seen(*expected)

    def test_the_author_finds_a_pending_one_in_the_answer_to_the_post(self):
        with override_settings(PHOTO_REVIEW="pre"):
            tweet = self.posts(self.alice, self.picture())

        self.assertEqual(tweet["photo_urls"], [self.address(self.photo().key)])

    def test_a_rejected_one_is_nowhere_at_once(self):
        for review in UNREVIEWED:
            with self.subTest(review=review), override_settings(PHOTO_REVIEW=review):
                TweetPhoto.objects.all().delete()
                self.alice_posts()
                # Everybody has looked, so every cache is warm.
                self.assert_seen(*UNREVIEWED[review])

                self.assertIs(self.reject(self.photo()), True)

                self.assert_seen(*REJECTED)

    def test_an_approved_one_is_everywhere_at_once(self):
        for review in UNREVIEWED:
            with self.subTest(review=review), override_settings(PHOTO_REVIEW=review):
                TweetPhoto.objects.all().delete()
                self.alice_posts()
                self.assert_seen(*UNREVIEWED[review])

                self.approve(self.photo())

                self.assert_seen(*APPROVED)

    def test_approving_brings_back_what_was_rejected_and_the_other_way_round(self):
        self.alice_posts()
        for act, expected in ((self.reject, REJECTED), (self.approve, APPROVED)) * 2:
            act(self.photo())

            self.assert_seen(*expected)

    def test_saying_it_twice_changes_nothing_more(self):
        self.alice_posts()
        for act, expected in ((self.reject, REJECTED), (self.approve, APPROVED)):
            self.assertEqual([act(self.photo()), act(self.photo())], [True, False])

            self.assert_seen(*expected)

    def test_it_is_right_without_the_caches_and_when_the_events_come_late(self):
        self.alice_posts()
        PhotoService.reject(photo=self.photo())

        self.caches_are_lost()
        self.assert_seen(*REJECTED)
        self.everything_settles()

        self.assert_seen(*REJECTED)

    def test_of_three_only_the_rejected_one_goes_and_the_order_stays(self):
        self.tweet_id = self.posts(self.alice, *[self.picture(width=10 + n) for n in range(3)])["id"]
        self.tasks_run()
        first, second, third = TweetPhoto.objects.order_by("position")
        self.pages(self.bob)

        self.reject(second)

        for page in self.pages(self.bob):
            self.assertEqual(page["photo_urls"], [self.address(first.key), self.address(third.key)])

    def test_a_photo_that_is_rejected_before_its_thumbnail_is_made_stays_hidden(self):
        self.tweet_id = self.posts(self.alice, self.picture())["id"]
        self.reject(self.photo())

        self.everything_settles()

        self.assertTrue(self.photo().thumbnail_key)
        self.assert_seen(*REJECTED)


class GoneTests(ReviewTestCase):
    def addresses(self):
        return [self.address(key) for key in (self.photo().key, self.photo().thumbnail_key)]

    def statuses(self):
        return {
            name: {self.fetch(viewer, address).status_code for address in self.addresses()}
            for name, viewer in self.viewers.items()
        }

    def test_with_a_deleted_tweet_its_files_are_gone_for_everyone(self):
        self.alice_posts()
        self.assertEqual(self.statuses(), dict.fromkeys(ALL, {200}))

        self.alice.delete(f"tweets/{self.tweet_id}/")

        self.assertEqual(self.statuses(), dict.fromkeys(ALL, {404}))

    def test_a_suspended_authors_files_are_for_staff_until_she_is_restored(self):
        self.alice_posts()
        self.approve(self.photo())

        self.suspend(self.alice.user)
        hidden = {name: self.statuses()[name] for name in ("anonymous", "other", "staff")}
        self.restore(self.alice.user)

        self.assertEqual(hidden, {"anonymous": {404}, "other": {404}, "staff": {200}})
        self.assertEqual(self.statuses()["anonymous"], {200})

    def test_what_staff_sees_of_a_suspended_author_is_kept_by_no_cache(self):
        self.alice_posts()
        self.approve(self.photo())
        self.suspend(self.alice.user)

        response = self.fetch(self.viewers["staff"], self.addresses()[0])

        self.assertEqual((response.status_code, response["Cache-Control"]), (200, "private, no-cache"))

    def test_a_closed_accounts_files_are_gone_for_everyone(self):
        self.alice_posts()

        self.closes(self.alice)

        statuses = self.statuses()
        self.assertEqual([statuses[name] for name in ("anonymous", "other", "staff")], [{404}] * 3)

"""
Photos of tweets that are gone: their addresses at once, their files soon after.
"""

from unittest import mock

from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import UserProfile
from moderation.services import ModerationService
from outbox.models import Message
from testing.testcases import ApiTestCase
from tweets.models import Tweet, TweetPhoto
from tweets.services import PhotoGone, PhotoService
from tweets.tests.photos import Photographing


class RemovingTests(Photographing, ApiTestCase):
    def setUp(self):
        self.alice, self.bob = self.person("alice1"), self.person("bobby1")
        self.tweet = self.posts(self.alice, self.picture(), self.picture(30, 30))
        self.tasks_run()

    def delete(self):
        response = self.alice.delete(f"tweets/{self.tweet['id']}/")
        self.assertEqual(response.status_code, 204)

    def addresses(self):
        """
        Return where the photos and their thumbnails are seen.
        """
        return [self.address(key) for photo in TweetPhoto.objects.all() for key in (photo.key, photo.thumbnail_key)]

    def assert_removed(self):
        self.assertEqual(self.stored(), set())
        self.assertFalse(Message.objects.exists())

    def test_the_addresses_answer_404_at_once_and_the_files_go_with_the_tasks(self):
        addresses, staff = self.addresses(), self.person("staff1", is_staff=True)
        self.assertEqual({self.fetch(self.nobody(), address).status_code for address in addresses}, {200})

        self.delete()

        for viewer in (self.nobody(), self.alice, self.bob, staff):
            for address in addresses:
                self.assert_refused(self.fetch(viewer, address), 404)
        self.assertEqual(len(self.stored()), 4)
        self.tasks_run()
        self.assert_removed()

    def test_rows_stay_for_the_audit_trail_and_lead_nowhere(self):
        photo_ids = set(TweetPhoto.objects.values_list("id", flat=True))

        self.delete()
        self.tasks_run()

        rows = TweetPhoto.objects.filter(tweet_id=self.tweet["id"])
        self.assertEqual({photo.id for photo in rows}, photo_ids)
        self.assertEqual({(photo.key, photo.thumbnail_key) for photo in rows}, {("", "")})

    def test_other_tweets_keep_theirs(self):
        other = self.posts(self.bob, self.picture())
        self.tasks_run()
        before = self.stored()

        self.delete()
        self.tasks_run()

        self.assertEqual(len(before - self.stored()), 4)
        self.assertEqual(self.seen(other["photo_urls"][0]).size, (40, 20))

    def test_a_moderators_deletion_takes_them_too(self):
        moderator = self.person("staff1", is_staff=True).user

        ModerationService.delete_tweet(tweet=Tweet.objects.get(), moderator=moderator, reason="spam")
        self.tasks_run()

        self.assert_removed()

    def test_with_an_account_go_its_photos_and_its_avatar(self):
        avatar = {"avatar": SimpleUploadedFile("me.png", self.picture())}
        address = f"/api/profiles/{self.alice.user.profile.id}/"
        self.assertEqual(self.alice.client.patch(address, avatar, format="multipart").status_code, 200)
        self.posts(self.alice, self.picture())
        self.tasks_run()

        self.closes(self.alice)
        self.everything_settles()

        self.assert_removed()
        self.assertEqual(UserProfile.objects.get(user_id=self.alice.id).avatar, "")

    def test_a_second_run_finds_nothing_to_do(self):
        self.delete()
        message = Message.objects.get(event="tweet_deleted")
        self.tasks_run()

        message.save(force_insert=True)
        self.everything_settles()

        self.assert_removed()

    def test_a_storage_that_fails_is_asked_again_until_they_are_gone(self):
        self.delete()
        with mock.patch.object(default_storage, "delete", side_effect=OSError("gone away")):
            self.tasks_run()
        self.assertEqual(len(self.stored()), 4)

        self.everything_settles()

        self.assert_removed()

    def test_a_tweet_that_is_there_loses_nothing(self):
        self.assertEqual(PhotoService.remove_files_of_deleted(tweet_id=self.tweet["id"]), 0)

        self.assertEqual(len(self.stored()), 4)


class RemovingMeanwhileTests(Photographing, ApiTestCase):
    def setUp(self):
        self.alice = self.person("alice1")
        self.tweet_id = self.posts(self.alice, self.picture())["id"]

    def is_deleted_and_removed(self):
        self.alice.delete(f"tweets/{self.tweet_id}/")
        PhotoService.remove_files_of_deleted(tweet_id=self.tweet_id)

    def test_a_thumbnail_that_is_being_made_does_not_stay(self):
        save = default_storage.save

        def save_after_the_deletion(name, content):
            self.is_deleted_and_removed()
            return save(name, content)

        with mock.patch.object(default_storage, "save", save_after_the_deletion):
            self.assertEqual(PhotoService.make_thumbnails(tweet_id=self.tweet_id), 0)

        self.assertEqual(self.stored(), set())

    def test_a_photo_whose_thumbnail_comes_just_then_is_looked_at_again(self):
        self.alice.delete(f"tweets/{self.tweet_id}/")
        delete, made = default_storage.delete, []

        def delete_after_the_thumbnail(name):
            if not made:
                made.append(PhotoService.make_thumbnails(tweet_id=self.tweet_id))
            return delete(name)

        with mock.patch.object(default_storage, "delete", delete_after_the_thumbnail):
            PhotoService.remove_files_of_deleted(tweet_id=self.tweet_id)

        self.assertEqual((made, self.stored()), ([1], set()))

    def test_one_that_is_just_being_reviewed_stays_gone(self):
        photo = self.photo()
        self.is_deleted_and_removed()

        for review in (self.approve, self.reject):
            self.assertRaises(PhotoGone, review, photo)

        self.assertEqual((self.photo().key, self.stored()), ("", set()))

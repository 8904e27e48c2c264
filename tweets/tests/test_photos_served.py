"""
Photos of a tweet: their files, their thumbnails, and that nothing is left behind.
"""

from datetime import timedelta
from unittest import mock

import time_machine
from django.core.files.storage import default_storage
from django.test import override_settings
from django.utils import timezone

from tweets.constants import THUMBNAIL_PIXELS
from tweets.models import TweetPhoto
from tweets.services import PhotoService
from tweets.tests.posting_photos import PhotosTestCase


class ServedFilesTests(PhotosTestCase):
    def setUp(self):
        super().setUp()
        (self.address_of_photo,) = self.posts(self.alice, self.picture())["photo_urls"]

    def test_a_file_is_never_run_as_a_page(self):
        response = self.fetch(self.nobody(), self.address_of_photo)

        self.assertEqual(response["Content-Type"], "image/png")
        self.assertEqual(response["X-Content-Type-Options"], "nosniff")
        self.assertEqual(response["Content-Security-Policy"], "default-src 'none'; sandbox")
        self.assertEqual(response["Content-Disposition"], "inline")

    def test_nobody_keeps_it_without_asking_again(self):
        self.approve(self.photo())

        response = self.fetch(self.nobody(), self.address_of_photo)

        self.assertEqual(response["Cache-Control"], "private, no-cache")

    def test_whoever_has_it_is_told_so_as_long_as_it_may_be_seen(self):
        reader = self.nobody().client
        has = {"If-None-Match": reader.get(self.address_of_photo)["ETag"]}
        self.assertEqual(reader.get(self.address_of_photo, headers=has).status_code, 304)

        self.reject(self.photo())

        self.assertEqual(reader.get(self.address_of_photo, headers=has).status_code, 404)

    def test_an_image_loader_asks_for_nothing_but_images(self):
        for accept in ("image/*", "image/png", "image/avif,image/webp"):
            response = self.nobody().client.get(self.address_of_photo, headers={"Accept": accept})

            self.assertEqual(response.status_code, 200, accept)

    @override_settings(MEDIA_X_ACCEL="/internal/media/")
    def test_a_web_server_in_front_sends_it_and_we_still_decide(self):
        response = self.fetch(self.nobody(), self.address_of_photo)
        self.assertEqual(response["X-Accel-Redirect"], f"/internal/media/{self.photo().key}")
        self.assertEqual(response.content, b"")

        self.reject(self.photo())

        refused = self.fetch(self.nobody(), self.address_of_photo)
        self.assertEqual(refused.status_code, 404)
        self.assertNotIn("X-Accel-Redirect", refused)

    def test_what_is_not_there_is_not_found(self):
        key = self.photo().key
        for path in (
            key.replace("photos/", "photos/../photos/"),
            key.replace("photos/", "thumbnails/"),
            key[:-4] + ".svg",
            "photos/00/" + "0" * 32 + ".png",
            f"private/{key}",
            "",
            "photos/",
            "../db.sqlite3",
        ):
            with self.subTest(path=path):
                self.assertEqual(self.nobody().client.get(f"/media/{path}").status_code, 404)

    def test_a_lost_file_is_not_found(self):
        default_storage.delete(self.photo().key)

        self.assert_refused(self.fetch(self.nobody(), self.address_of_photo), 404)


class ThumbnailTests(PhotosTestCase):
    def test_a_task_makes_one_for_each_photo(self):
        self.posts(self.alice, self.picture(1000, 500), self.picture(10, 10))

        self.tasks_run()

        large, small = [
            self.seen(self.address(photo.thumbnail_key)) for photo in TweetPhoto.objects.order_by("position")
        ]
        self.assertEqual((large.format, large.size), ("WEBP", (453, 226)))
        self.assertLessEqual(large.width * large.height, THUMBNAIL_PIXELS)
        self.assertEqual(small.size, (10, 10))
        self.assertEqual(len(self.stored()), 4)

    def test_a_second_run_makes_none(self):
        tweet = self.posts(self.alice, self.picture())
        self.tasks_run()
        before = self.stored()

        self.assertEqual(PhotoService.make_thumbnails(tweet_id=tweet["id"]), 0)
        self.assertEqual(self.stored(), before)

    def test_what_two_runs_make_at_once_is_kept_once(self):
        tweet, save, calls = self.posts(self.alice, self.picture()), default_storage.save, []

        def save_after_somebody_else(name, content):
            calls.append(name)
            if len(calls) == 1:
                PhotoService.make_thumbnails(tweet_id=tweet["id"])
            return save(name, content)

        with mock.patch.object(default_storage, "save", save_after_somebody_else):
            PhotoService.make_thumbnails(tweet_id=tweet["id"])

        self.assertEqual(len(calls), 2)
        photo = self.photo()
        self.assertEqual(self.stored(), {photo.key, photo.thumbnail_key})


class NothingIsLeftBehindTests(PhotosTestCase):
    def test_a_tweet_that_fails_leaves_neither_file_nor_row(self):
        crash = mock.patch.object(PhotoService, "attach", side_effect=RuntimeError("crash"))
        with crash, self.assertRaises(RuntimeError):
            self.post(self.alice, self.picture(), self.picture())

        self.assert_nothing_is_left()

    def test_a_file_that_cannot_be_stored_takes_the_others_along(self):
        save, calls = default_storage.save, []

        def save_once(name, content):
            calls.append(name)
            if len(calls) == 2:
                raise OSError("disk full")
            return save(name, content)

        with mock.patch.object(default_storage, "save", save_once), self.assertRaises(OSError):
            self.post(self.alice, self.picture(), self.picture(), self.picture())

        self.assert_nothing_is_left()

    def test_what_a_dead_process_left_goes_with_a_later_upload(self):
        crash = mock.patch.object(PhotoService, "attach", side_effect=RuntimeError("crash"))
        with crash, mock.patch.object(PhotoService, "discard"), self.assertRaises(RuntimeError):
            self.post(self.alice, self.picture())
        orphan = self.photo()
        self.assertEqual(self.fetch(self.alice, self.address(orphan.key)).status_code, 404)

        self.posts(self.alice, self.picture())
        self.assertIn(orphan.key, self.stored())
        with time_machine.travel(timezone.now() + timedelta(hours=2)):
            PhotoService.store(owner=self.alice.user, images=[])

        self.assertEqual(self.stored(), {self.photo().key})

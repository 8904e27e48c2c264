"""
Photos on tweets: what is taken, what is kept of it, and how it is served.
"""

import re
from datetime import timedelta
from unittest import mock

import time_machine
from django.core.files.storage import default_storage
from django.test import override_settings
from django.utils import timezone

from testing.testcases import ApiTestCase
from tweets.constants import MAX_PHOTOS, THUMBNAIL_PIXELS, PhotoKind
from tweets.models import Tweet, TweetPhoto
from tweets.services import PhotoService
from tweets.tests.photos import Photographing
from utils.tests.pictures import (
    HIDING_PLACES,
    NO_IMAGES,
    SECOND_FILES,
    exif_with,
    jpeg_segment,
    jpeg_with,
    many_frames,
    pixel_bomb,
)

ADDRESS = re.compile(r"http://testserver/media/(photos/[0-9a-f]{2}/[0-9a-f]{32}\.(?:jpg|png|webp))")


class PhotosTestCase(Photographing, ApiTestCase):
    def setUp(self):
        self.alice = self.person("alice1")

    def assert_nothing_is_left(self):
        self.assertFalse(Tweet.objects.exists())
        self.assertFalse(TweetPhoto.objects.exists())
        self.assertEqual(self.feed_rows(), [])
        self.assertEqual(self.stored(), set())
        self.assertEqual(self.alice.get(f"users/{self.alice.id}/").json()["tweets_count"], 0)


class PostingTests(PhotosTestCase):
    def test_a_tweet_needs_no_photo(self):
        self.assertEqual(self.posts(self.alice)["photo_urls"], [])
        self.assertFalse(TweetPhoto.objects.exists())

    def test_one_to_nine_keep_their_order_everywhere(self):
        for count in (1, MAX_PHOTOS):
            with self.subTest(count=count):
                tweet = self.posts(self.alice, *[self.picture(width=10 + n) for n in range(count)])

                pages = [
                    tweet,
                    self.nobody().get(f"tweets/{tweet['id']}/").json(),
                    self.nobody().get("tweets/", user_id=self.alice.id).json()["results"][0],
                    self.alice.get("newsfeeds/").json()["results"][0]["tweet"],
                ]
                for page in pages:
                    self.assertEqual(page["photo_urls"], tweet["photo_urls"])
                widths = [self.seen(address).width for address in tweet["photo_urls"]]
                self.assertEqual(widths, [10 + n for n in range(count)])

    def test_ten_are_too_many(self):
        response = self.post(self.alice, *[self.picture()] * (MAX_PHOTOS + 1))

        body = self.assert_refused(response, 400)
        self.assertEqual(body["errors"], {"message": ["You can upload 9 photos at most"]})
        self.assert_nothing_is_left()

    def test_a_row_tells_all_about_a_photo(self):
        tweet = self.posts(self.alice, self.picture(30, 60))

        photo = self.photo()

        self.assertEqual((photo.user_id, photo.tweet_id), (self.alice.id, tweet["id"]))
        self.assertEqual((photo.position, photo.kind, photo.alt_text), (0, PhotoKind.IMAGE, ""))
        self.assertEqual((photo.width, photo.height, photo.thumbnail_key), (30, 60, ""))
        self.assertEqual(tweet["photo_urls"], [self.address(photo.key)])
        self.assertEqual(self.stored(), {photo.key})

    def test_nobody_posts_photos(self):
        self.assert_refused(self.post(self.nobody(), self.picture()), 403)
        self.assert_nothing_is_left()

    def test_a_photo_does_not_make_up_for_bad_content(self):
        self.assert_refused(self.post(self.alice, self.picture(), content="short"), 400, field="content")
        self.assert_nothing_is_left()

    def test_text_where_a_file_should_be_is_refused(self):
        for files in (["photo.png"], [{"a": 1}], "photo.png", [None]):
            with self.subTest(files=files):
                response = self.alice.post("tweets/", content="Look what I have seen", files=files)

                self.assert_refused(response, 400)
        self.assert_nothing_is_left()

    def test_a_page_costs_the_same_with_many_photos(self):
        self.alice.feed()
        counts = []
        for photos in (0, 1, MAX_PHOTOS):
            self.posts(self.alice, *[self.picture()] * photos)
            self.caches_are_lost()
            counts.append(self.count_queries(self.alice.get, "newsfeeds/"))

        self.assertEqual(counts, [counts[0]] * 3)

    def test_a_retry_with_the_same_key_and_files_is_the_same_tweet(self):
        def send(data):
            with mock.patch.dict(self.alice.client._credentials, {"HTTP_IDEMPOTENCY_KEY": "a"}):
                return self.post(self.alice, ("a.png", data))

        first, second, other = send(self.picture()), send(self.picture()), send(self.picture(width=41))

        self.assertEqual((second.status_code, second.json()), (201, first.json()))
        self.assert_refused(other, 422)
        self.assertEqual((Tweet.objects.count(), len(self.stored())), (1, 1))


class BadFilesTests(PhotosTestCase):
    def test_what_is_no_picture_of_ours_is_refused_whatever_its_name(self):
        for kind, data in NO_IMAGES.items():
            for name in ("photo.png", "photo.jpg"):
                with self.subTest(kind=kind, name=name):
                    self.assert_refused(self.post(self.alice, (name, data)), 400, field="files")
        self.assert_nothing_is_left()

    def test_a_bomb_a_film_and_a_torso_are_refused(self):
        whole = self.picture(300, 300, "JPEG")
        bad = {
            "bomb": pixel_bomb(),
            "ten thousand frames": many_frames("GIF", 10_000),
            "truncated": whole[: len(whole) // 2],
            "truncated PNG": self.picture(300, 300)[:-40],
        }
        for kind, data in bad.items():
            with self.subTest(kind=kind):
                self.assert_refused(self.post(self.alice, data), 400, field="files")
        self.assert_nothing_is_left()

    def test_one_bad_file_among_good_ones_refuses_them_all_and_is_named(self):
        response = self.post(self.alice, self.picture(), ("evil.svg", NO_IMAGES["SVG"]), self.picture())

        body = self.assert_refused(response, 400, field="files")
        self.assertIn("evil.svg", str(body["errors"]))
        self.assert_nothing_is_left()

    def test_nothing_of_a_polyglot_is_served_wherever_it_hides(self):
        for where, make in HIDING_PLACES.items():
            for kind, more in SECOND_FILES.items():
                with self.subTest(where=where, kind=kind):
                    (address,) = self.posts(self.alice, make(more))["photo_urls"]

                    self.assertNotIn(more, self.fetch(self.nobody(), address).getvalue())

    def test_a_cameras_place_and_orientation_are_gone_and_the_picture_stands_upright(self):
        camera = jpeg_with(jpeg_segment(0xE1, exif_with(orientation=6)))
        self.assertIn(b"GPS", camera)

        (address,) = self.posts(self.alice, camera)["photo_urls"]

        self.assertNotIn(b"GPS", self.fetch(self.nobody(), address).getvalue())
        image = self.seen(address)
        self.assertEqual((dict(image.getexif()), image.size), ({}, (20, 40)))

    def test_the_name_that_the_user_gave_is_used_for_nothing(self):
        names = (
            "../../etc/evil.png",
            "..\\evil.php.png",
            "evil\x00.png",
            "x" * 300 + ".png",
            "<script>.png",
            "ä😀.png",
        )
        for name in names:
            with self.subTest(name=name[:20]):
                (address,) = self.posts(self.alice, (name, self.picture()))["photo_urls"]

                self.assertRegex(address, ADDRESS)
        self.assertEqual(self.stored(), set(TweetPhoto.objects.values_list("key", flat=True)))


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

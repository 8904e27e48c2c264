"""
Photos on an S3-compatible server.
"""

import subprocess
import sys
import time
import urllib.error
import urllib.request
from copy import deepcopy
from unittest import mock
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings
from django.core.files.storage import default_storage
from django.test import override_settings

from testing.stack_processes import answers, free_port
from testing.testcases import ApiTestCase
from tweets.models import TweetPhoto
from tweets.services import PhotoService
from tweets.tests.photos import Photographing
from utils.images.media import PRIVATE, move

BUCKET = "photos-of-a-test"


@pytest.mark.stack
class PhotosOnS3Tests(Photographing, ApiTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.endpoint = f"http://127.0.0.1:{free_port()}"
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(urlsplit(cls.endpoint).port)]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        cls.addClassCleanup(server.wait)
        cls.addClassCleanup(server.kill)
        cls.until(cls, lambda: answers(cls.endpoint), "the S3 server answers")

    def setUp(self):
        storages = deepcopy(settings.STORAGES)
        storages["default"] = {
            "BACKEND": "storages.backends.s3.S3Storage",
            "OPTIONS": {
                "bucket_name": BUCKET,
                "endpoint_url": self.endpoint,
                "region_name": "us-east-1",
                "access_key": "key",
                "secret_key": "secret",
                "default_acl": None,
                "file_overwrite": False,
                "querystring_expire": settings.S3_ADDRESS_SECONDS,
            },
        }
        on_s3 = override_settings(STORAGES=storages, MEDIA_ON_S3=True)
        on_s3.enable()
        self.addCleanup(on_s3.disable)
        self.bucket = default_storage.bucket
        self.bucket.create()
        self.addCleanup(lambda: self.bucket.objects.all().delete())
        self.alice = self.person("alice1")
        self.tweet = self.posts(self.alice, self.picture(30, 60))
        self.tasks_run()

    def keys(self):
        return {item.key for item in self.bucket.objects.all()}

    def photo_urls(self, viewer=None):
        return (viewer or self.nobody()).get(f"tweets/{self.tweet['id']}/").json()["photo_urls"]

    def location(self, address, viewer=None):
        """
        Return where an address of ours leads.
        """
        response = (viewer or self.nobody()).client.get(address)
        self.assertEqual(response.status_code, 302, address)
        return response["Location"]

    def status(self, address, viewer=None):
        """
        Return the status at an address; where ours leads on, that of the S3 server.
        """
        if not address.startswith(self.endpoint):
            response = (viewer or self.nobody()).client.get(address)
            if response.status_code != 302:
                return response.status_code
            address = response["Location"]
        try:
            with urllib.request.urlopen(address) as response:
                return response.status
        except urllib.error.HTTPError as error:
            return error.code

    def test_a_photo_and_its_thumbnail_are_there_and_nothing_is_local(self):
        photo = self.photo()

        self.assertEqual(self.keys(), {photo.key, photo.thumbnail_key})
        self.assertFalse([key for key in self.keys() if key.startswith(PRIVATE)])
        self.assertEqual(self.stored(), set())

    def test_a_reader_is_led_to_a_signed_address_that_is_soon_over(self):
        (ours,) = self.photo_urls()

        address = self.location(ours)

        self.assertTrue(ours.startswith("http://testserver/media/photos/"), ours)
        self.assertTrue(address.startswith(f"{self.endpoint}/"), address)
        self.assertIn("Signature", address)
        # Whether as an end or as a duration.
        query = parse_qs(urlsplit(address).query)
        lasts = int(query["X-Amz-Expires"][0]) if "X-Amz-Expires" in query else int(query["Expires"][0]) - time.time()
        self.assertLessEqual(lasts, 60, query)
        with urllib.request.urlopen(address) as response:
            self.assertEqual(response.headers["Content-Type"], "image/png")
            self.assertTrue(response.read().startswith(b"\x89PNG"))

    def test_of_a_suspended_person_nobody_is_led_there_any_more(self):
        (address,) = self.photo_urls()

        self.suspend(self.alice.user)
        suspended = self.nobody().client.get(address)
        self.restore(self.alice.user)

        self.assertEqual(suspended.status_code, 404)
        self.assertEqual(self.status(address), 200)

    def test_whoever_has_a_redirect_is_given_a_new_one(self):
        (address,) = self.photo_urls()

        response = self.nobody().client.get(address, headers={"If-None-Match": "*"})

        self.assertEqual(response.status_code, 302)
        self.assertNotIn("ETag", response)
        self.assertEqual(response["Cache-Control"], "private, no-cache")

    def test_a_rejected_one_moves_out_of_reach_at_once(self):
        before, (address,) = self.photo(), self.photo_urls()
        thumbnail_address = default_storage.url(before.thumbnail_key)
        self.assertEqual((self.status(address), self.status(thumbnail_address)), (200, 200))

        self.reject(before)

        self.assertEqual((self.status(address), self.status(thumbnail_address)), (404, 404))
        self.assertEqual(self.keys(), {PRIVATE + before.key, PRIVATE + before.thumbnail_key})
        for viewer in (self.nobody(), self.alice, self.person("staff1", is_staff=True)):
            self.assertEqual(self.photo_urls(viewer), [])

    def test_approving_brings_it_back_to_its_old_place(self):
        before = self.photo()
        self.reject(self.photo())

        self.approve(self.photo())

        self.assertEqual((self.photo().key, self.photo().thumbnail_key), (before.key, before.thumbnail_key))
        self.assertEqual(self.keys(), {before.key, before.thumbnail_key})
        self.assertEqual(self.status(self.photo_urls()[0]), 200)

    def test_rejecting_twice_moves_once(self):
        before = self.photo()
        self.reject(before)

        self.assertIs(self.reject(before), False)

        self.assertEqual(self.keys(), {PRIVATE + before.key, PRIVATE + before.thumbnail_key})
        self.assertEqual(self.photo().key, PRIVATE + before.key)

    def test_a_move_that_was_interrupted_is_completed_by_the_next(self):
        key = self.photo().key
        with mock.patch.object(type(default_storage._wrapped), "delete", side_effect=OSError("gone away")):
            self.assertRaises(OSError, move, key, to_private=True)
        self.assertLessEqual({key, PRIVATE + key}, self.keys())

        self.assertEqual(move(key, to_private=True), PRIVATE + key)

        self.assertEqual({name for name in self.keys() if name.endswith(key)}, {PRIVATE + key})

    def test_with_a_deleted_tweet_they_are_gone_wherever_they_lie(self):
        addresses = [default_storage.url(key) for key in self.keys()]
        # A rejection that was interrupted: the photo lies in both places.
        with mock.patch.object(type(default_storage._wrapped), "delete", side_effect=OSError("gone away")):
            self.assertRaises(OSError, move, self.photo().key, to_private=True)

        self.alice.delete(f"tweets/{self.tweet['id']}/")
        self.tasks_run()

        self.assertEqual([self.status(address) for address in addresses], [404, 404])
        self.assertEqual(self.keys(), set())

    def test_one_that_waits_for_review_lies_out_of_reach_and_its_author_sees_it(self):
        TweetPhoto.objects.all().delete()
        with override_settings(PHOTO_REVIEW="pre"):
            self.tweet = self.posts(self.alice, self.picture())
            self.tasks_run()
            photo = self.photo()

            self.assertTrue(photo.key.startswith(PRIVATE) and photo.thumbnail_key.startswith(PRIVATE))
            self.assertEqual(self.photo_urls(), [])
            (address,) = self.photo_urls(self.alice)
            self.assertEqual((self.status(address, self.alice), self.status(address)), (200, 404))

            self.approve(photo)

            self.assertEqual(self.photo().key, photo.key.removeprefix(PRIVATE))
            self.assertEqual(self.status(self.photo_urls()[0]), 200)

    def test_a_thumbnail_that_is_made_during_a_rejection_lies_out_of_reach_too(self):
        TweetPhoto.objects.update(thumbnail_key="")
        save, rejected = default_storage.save, []

        def save_after_a_rejection(name, content):
            if not rejected:
                rejected.append(name)
                self.reject(self.photo())
            return save(name, content)

        with mock.patch.object(default_storage, "save", save_after_a_rejection):
            PhotoService.make_thumbnails(tweet_id=self.tweet["id"])

        self.assertTrue(self.photo().thumbnail_key.startswith(PRIVATE))
        self.assertLessEqual({self.photo().key, self.photo().thumbnail_key}, self.keys())

    def test_a_tweet_that_fails_leaves_no_file(self):
        before = self.keys()

        crash = mock.patch.object(PhotoService, "attach", side_effect=RuntimeError("crash"))
        with crash, self.assertRaises(RuntimeError):
            self.post(self.alice, self.picture())

        self.assertEqual(self.keys(), before)

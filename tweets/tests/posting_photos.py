"""
The test case of tweets with photos.
"""

import re

from testing.testcases import ApiTestCase
from tweets.models import Tweet, TweetPhoto
from tweets.tests.photos import Photographing

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

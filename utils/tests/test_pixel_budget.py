"""
Pictures that many people send at once, or one person again and again: decoding them is rationed.
"""

from unittest import mock

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import SimpleTestCase

from testing.testcases import ApiTestCase
from tweets.constants import MAX_PHOTOS
from utils.api.throttling import LocalCounter
from utils.images import decoder, limits
from utils.tests.pictures import encoded, picture, sample
from utils.tests.test_dead_servers import ServersElsewhere

MEGAPIXEL = encoded(picture("1", (1000, 1000), 1), "PNG")


class PicturesTestCase(ServersElsewhere, ApiTestCase):
    def setUp(self):
        self.alice, self.bob = self.person("alice1"), self.person("bobby1")

    def sends(self, person, data):
        path = f"/api/profiles/{person.user.profile.id}/"
        return person.client.patch(path, {"avatar": SimpleUploadedFile("me.png", data)}, format="multipart")

    def posts(self, person, *photos):
        files = [SimpleUploadedFile("photo.png", data) for data in photos]
        return person.client.post("/api/tweets/", {"content": "Look here", "files": files}, format="multipart")


class WhileDecodersAreBusyTests(PicturesTestCase):
    def test_a_third_request_is_told_at_once_to_come_back(self):
        with decoder.admitted(), decoder.admitted():
            avatar, tweet = self.sends(self.alice, sample("PNG")), self.posts(self.alice, sample("JPEG"))

        for response in (avatar, tweet):
            self.assert_refused(response, 503)
            self.assertEqual(response["Retry-After"], "2")
        self.assertEqual(self.sends(self.alice, sample("PNG")).status_code, 200)

    def test_photos_that_take_too_long_together_may_come_again(self):
        with mock.patch.object(limits, "MAX_REQUEST_SECONDS", -1):
            self.assert_refused(self.posts(self.alice, *[sample("PNG")] * MAX_PHOTOS), 503)

        self.assertEqual(self.posts(self.alice, *[sample("PNG")] * MAX_PHOTOS).status_code, 201)

    def test_what_is_no_picture_is_refused_as_ever(self):
        with decoder.admitted(), decoder.admitted():
            response = self.sends(self.alice, b"no picture")

        self.assert_refused(response, 400)

    def test_everybody_else_reads_on(self):
        with decoder.admitted(), decoder.admitted():
            self.assertEqual(self.alice.get("newsfeeds/").status_code, 200)


class HonestUseTests(SimpleTestCase):
    def test_five_tweets_of_nine_phone_photos_fit_into_a_minute_and_so_do_nine_of_50_mpx(self):
        self.assertLessEqual(5 * MAX_PHOTOS * 4032 * 3024, limits.MAX_PIXELS_PER_MINUTE)
        self.assertLessEqual(MAX_PHOTOS * 8160 * 6120, limits.MAX_PIXELS_PER_MINUTE)


class BudgetTests(PicturesTestCase):
    def setUp(self):
        super().setUp()
        self.enterContext(mock.patch("utils.api.pixels.local_counter", LocalCounter()))
        self.enterContext(mock.patch.object(limits, "MAX_PIXELS_PER_MINUTE", 3_000_000))
        rates = {**settings.RATES, "profiles.update": ["1000/s"], "tweets.create": ["1000/s"]}
        self.enterContext(self.settings(RATELIMIT_ENABLE=True, RATES=rates))

    def test_more_pixels_than_the_budget_are_too_many_requests(self):
        responses = [self.sends(self.alice, MEGAPIXEL) for _ in range(4)]

        self.assertEqual([response.status_code for response in responses], [200, 200, 200, 429])
        self.assertLessEqual(int(responses[3]["Retry-After"]), 60)
        self.assertEqual(self.sends(self.bob, MEGAPIXEL).status_code, 200)

    def test_the_photos_of_a_tweet_are_counted_together_and_what_is_refused_counts_for_nothing(self):
        self.assert_refused(self.posts(self.alice, *[MEGAPIXEL] * 4), 429)

        self.assertEqual(self.posts(self.alice, *[MEGAPIXEL] * 3).status_code, 201)
        self.assert_refused(self.posts(self.alice, sample("PNG")), 429)

    def test_a_picture_that_is_refused_by_its_header_costs_nothing(self):
        for _ in range(5):
            self.assert_refused(self.sends(self.alice, MEGAPIXEL[:100]), 400)

        self.assertEqual(self.sends(self.alice, MEGAPIXEL).status_code, 200)

    def test_the_budget_holds_while_nobody_else_counts(self):
        self.nobody_listens()

        statuses = [self.sends(self.alice, MEGAPIXEL).status_code for _ in range(4)]

        self.assertEqual(statuses, [200, 200, 200, 429])

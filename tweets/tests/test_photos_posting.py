"""
Photos on tweets: what is taken, what is kept of it, and how it is served.
"""

from unittest import mock

from tweets.constants import MAX_PHOTOS, PhotoKind
from tweets.models import Tweet, TweetPhoto
from tweets.tests.posting_photos import ADDRESS, PhotosTestCase
from utils.tests.hostile_pictures import HIDING_PLACES, NO_IMAGES, SECOND_FILES
from utils.tests.pictures import exif_with, jpeg_segment, jpeg_with, many_frames, pixel_bomb


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

"""
What people show of themselves: nickname and avatar.
"""

import io
import re
from pathlib import Path
from unittest import mock

from django.conf import settings
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from accounts.constants import AVATAR_PIXELS
from accounts.models import User, UserProfile
from accounts.services import AccountService
from testing.testcases import ApiTestCase
from utils.tests.hostile_pictures import NO_IMAGES
from utils.tests.pictures import encoded, exif_with, jpeg_segment, jpeg_with, picture, pixel_bomb

ADDRESS = re.compile(r"http://testserver/media/(avatars/[0-9a-f]{2}/[0-9a-f]{32}\.(?:jpg|png|webp))")


class ProfilesTestCase(ApiTestCase):
    def setUp(self):
        self.alice, self.bob = self.person("alice1"), self.person("bobby1")
        self.profile_id = self.nobody().get(f"users/{self.alice.id}/").json()["profile_id"]
        self.path = f"/api/profiles/{self.profile_id}/"

    def put(self, person, **fields):
        return person.client.put(self.path, fields, format="json")

    def send_avatar(self, person, data, name="me.png", method="patch", **fields):
        fields["avatar"] = SimpleUploadedFile(name, data)
        return getattr(person.client, method)(self.path, fields, format="multipart")

    def gives_avatar(self, **size):
        response = self.send_avatar(self.alice, encoded(picture(**size), "PNG"))
        self.assertEqual(response.status_code, 200, response.json())
        return response.json()["avatar"]

    def profile(self):
        return UserProfile.objects.get(id=self.profile_id)

    def stored(self):
        root = Path(settings.MEDIA_ROOT)
        return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}

    def assert_unchanged(self):
        self.assertEqual((self.profile().nickname, self.profile().avatar), (None, ""))
        self.assertEqual(self.stored(), set())


class NicknameTests(ProfilesTestCase):
    def test_put_and_patch_both_change_it(self):
        for method in (self.alice.client.put, self.alice.client.patch):
            for nickname in ("Alice", "  Alice in Wonderland ", "😀" * 200, "x"):
                with self.subTest(method=method.__name__, nickname=nickname[:10]):
                    response = method(self.path, {"nickname": nickname}, format="json")

                    self.assertEqual(response.status_code, 200)
                    self.assertEqual(response.json(), {"nickname": nickname.strip(), "avatar": None})
                    self.assertEqual(self.profile().nickname, nickname.strip())

    def test_it_can_be_taken_away_again(self):
        for nothing in (None, "", "   "):
            with self.subTest(nothing=nothing):
                self.put(self.alice, nickname="Alice")

                self.assertIsNone(self.put(self.alice, nickname=nothing).json()["nickname"])
                self.assertIsNone(self.nobody().get(f"users/{self.alice.id}/").json()["nickname"])

    def test_again_it_is_the_same(self):
        responses = [self.put(self.alice, nickname="Alice").json() for _ in range(2)]

        self.assertEqual(responses[0], responses[1])

    def test_what_is_not_sent_stays(self):
        avatar = self.gives_avatar()
        self.put(self.alice, nickname="Alice")

        for response in (self.put(self.alice), self.put(self.alice, nickname="Alice")):
            self.assertEqual(response.json(), {"nickname": "Alice", "avatar": avatar})

    def test_a_bad_one_is_refused(self):
        for nickname in ("x" * 201, "a\x00b", ["Alice"], {"a": "b"}):
            with self.subTest(nickname=str(nickname)[:10]):
                self.assert_refused(self.put(self.alice, nickname=nickname), 400, field="nickname")
        self.assert_unchanged()

    def test_everything_else_is_ignored(self):
        before = UserProfile.objects.values().get(id=self.profile_id), User.objects.values().get(id=self.alice.id)

        self.put(
            self.alice,
            id=self.profile_id + 1,
            user=self.bob.id,
            user_id=self.bob.id,
            username="mallory",
            email="mallory@example.com",
            is_staff=True,
            is_superuser=True,
            followers_count=10**6,
            tweets_count=10**6,
            created_at="2020-01-01T00:00:00Z",
        )

        after = UserProfile.objects.values().get(id=self.profile_id), User.objects.values().get(id=self.alice.id)
        changed = {name for old, new in zip(before, after) for name in old if old[name] != new[name]}
        self.assertLessEqual(changed, {"updated_at"})


class WhoMayTests(ProfilesTestCase):
    def test_nobody_bob_and_staff_may_not(self):
        for person in (self.nobody(), self.bob, self.person("staff1", is_staff=True)):
            self.assert_refused(self.put(person, nickname="Not me"), 403)
            self.assert_refused(self.send_avatar(person, encoded(picture(), "PNG")), 403)
        self.assert_unchanged()

    def test_one_that_is_not_there_is_not_found(self):
        for unknown in (10**9, 0, 2**63, "9" * 400, "abc"):
            with self.subTest(unknown=str(unknown)[:20]):
                response = self.alice.client.put(f"/api/profiles/{unknown}/", {"nickname": "Alice"}, format="json")

                self.assert_refused(response, 404)

    def test_a_suspended_ones_is_not_found(self):
        with self.captureOnCommitCallbacks(execute=True):
            AccountService.suspend(user=self.alice.user)

        self.assert_refused(self.put(self.bob, nickname="Not me"), 404)

    def test_it_can_only_be_changed(self):
        for person in (self.alice, self.bob):
            for method in (person.client.get, person.client.post, person.client.delete):
                self.assert_refused(method(self.path), 405)
        self.assert_unchanged()


class AvatarTests(ProfilesTestCase):
    def test_put_and_patch_both_take_one(self):
        for method in ("put", "patch"):
            response = self.send_avatar(self.alice, encoded(picture(), "PNG"), method=method)

            self.assertEqual(response.status_code, 200)
            self.assertRegex(response.json()["avatar"], ADDRESS)

    def test_everybody_sees_it_shrunk_and_cleaned(self):
        camera = jpeg_with(jpeg_segment(0xE1, exif_with(orientation=6)))
        large = encoded(picture(size=(2000, 1000)), "PNG")
        for data, size in ((camera, (20, 40)), (large, (724, 362))):
            address = self.send_avatar(self.alice, data).json()["avatar"]

            response = self.nobody().client.get(address)

            content = response.getvalue()
            self.assertEqual(Image.open(io.BytesIO(content)).size, size)
            self.assertLessEqual(size[0] * size[1], AVATAR_PIXELS)
            self.assertNotIn(b"GPS", content)
            self.assertEqual(response["X-Content-Type-Options"], "nosniff")
            self.assertEqual(response["Content-Security-Policy"], "default-src 'none'; sandbox")
            self.assertEqual(response["Cache-Control"], "private, no-cache")

    def test_an_image_loader_asks_for_nothing_but_images(self):
        response = self.nobody().client.get(self.gives_avatar(), headers={"Accept": "image/*"})

        self.assertEqual(response.status_code, 200)

    def test_a_new_one_has_a_new_address_and_the_old_file_is_gone(self):
        first = self.gives_avatar()

        second = self.gives_avatar()

        self.assertNotEqual(second, first)
        self.assertEqual(self.stored(), {self.profile().avatar})
        self.assertEqual(self.nobody().client.get(first).status_code, 404)
        self.assertEqual(self.nobody().client.get(second).status_code, 200)

    def test_it_can_be_taken_away_again(self):
        address = self.gives_avatar()

        response = self.put(self.alice, avatar=None)

        self.assertEqual(response.json(), {"nickname": None, "avatar": None})
        self.assertEqual(self.nobody().client.get(address).status_code, 404)
        self.assert_unchanged()

    def test_what_is_no_picture_is_refused_and_the_old_one_stays(self):
        address = self.gives_avatar()
        for kind, data in {**NO_IMAGES, "bomb": pixel_bomb(), "torso": encoded(picture(), "PNG")[:60]}.items():
            with self.subTest(kind=kind):
                self.assert_refused(self.send_avatar(self.alice, data), 400, field="avatar")
        for text in ("me.png", ["me.png"], 7, address):
            with self.subTest(text=text):
                self.assert_refused(self.put(self.alice, avatar=text), 400, field="avatar")

        self.assertEqual(self.nobody().client.get(address).status_code, 200)
        self.assertEqual(self.stored(), {self.profile().avatar})

    def test_a_bad_picture_keeps_a_good_nickname_out(self):
        self.assert_refused(self.send_avatar(self.alice, b"no picture", nickname="Alice"), 400, field="avatar")
        self.assert_unchanged()

    def test_the_name_of_the_file_is_used_for_nothing(self):
        for name in ("../../evil.png", "evil\x00.php", "x" * 300 + ".png"):
            with self.subTest(name=name[:20]):
                response = self.send_avatar(self.alice, encoded(picture(), "PNG"), name)

                self.assertRegex(response.json()["avatar"], ADDRESS)
        self.assertEqual(self.stored(), {self.profile().avatar})

    def test_a_change_that_fails_leaves_no_new_file_and_keeps_the_old_one(self):
        self.gives_avatar()
        before = self.stored()

        with mock.patch.object(AccountService, "announce_change", side_effect=RuntimeError("crash")):
            self.assertRaises(RuntimeError, self.gives_avatar)

        self.assertEqual(self.stored(), before)
        self.assertEqual({self.profile().avatar}, before)

    def test_an_old_file_that_cannot_be_deleted_is_no_error(self):
        self.gives_avatar()

        with mock.patch.object(default_storage, "delete", side_effect=ValueError("some storage's own")):
            self.gives_avatar()

        self.assertEqual(len(self.stored()), 2)


class EverywhereTests(ProfilesTestCase):
    def setUp(self):
        super().setUp()
        self.bob.follows(self.alice)
        self.tweet_id = self.alice.tweets()
        self.alice.post("comments/", tweet_id=self.tweet_id, content="As I said")
        self.alice.post("likes/", content_type="tweet", object_id=self.tweet_id)
        self.tasks_run()

    def users_on_pages(self):
        """
        Return Alice as every page shows her.
        """
        detail = self.nobody().get(f"tweets/{self.tweet_id}/").json()
        return [
            detail["user"],
            detail["comments"][0]["user"],
            detail["likes"][0]["user"],
            self.bob.get("newsfeeds/").json()["results"][0]["tweet"]["user"],
            self.nobody().get("tweets/", user_id=self.alice.id).json()["results"][0]["user"],
            self.nobody().get("comments/", tweet_id=self.tweet_id).json()["comments"][0]["user"],
            self.nobody().get(f"friendships/{self.bob.id}/followings/").json()["results"][0]["user"],
        ]

    def test_a_new_nickname_and_avatar_are_on_every_page_at_once(self):
        alice = {"id": self.alice.id, "username": "alice1", "nickname": None, "avatar_url": None}
        self.assertEqual(self.users_on_pages(), [alice] * 7)
        for nickname in ("Alice", "Alice in Wonderland", None):
            address = self.gives_avatar()
            self.put(self.alice, nickname=nickname)

            for _ in range(2):
                expected = {**alice, "nickname": nickname, "avatar_url": address}
                self.assertEqual(self.users_on_pages(), [expected] * 7)

    def test_a_change_in_the_admin_is_too(self):
        self.users_on_pages()
        profile = self.profile()
        profile.nickname = "Alice"

        with self.captureOnCommitCallbacks(execute=True):
            profile.save()

        self.assertEqual({user["nickname"] for user in self.users_on_pages()}, {"Alice"})

    def test_profiles_cost_no_query_of_their_own_in_lists(self):
        staff, counts = self.person("staff1", is_staff=True), []
        staff.get("users/")
        for more in (1, 19, 80):
            self.crowd(more, following=self.alice)
            self.caches_are_lost()
            counts.append(
                [
                    self.count_queries(staff.get, "users/"),
                    self.count_queries(staff.get, f"friendships/{self.alice.id}/followers/", limit=100),
                ]
            )

        self.assertEqual(counts, [counts[0]] * 3)

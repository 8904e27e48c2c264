"""
Who sees the file of an avatar: with its owner it is hidden, and comes back.
"""

from urllib.parse import urlsplit

from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import UserProfile
from accounts.services import AccountService, ProfileGone, ProfileService
from testing.people import PASSWORD
from testing.testcases import ApiTestCase
from utils.tests.pictures import encoded, picture


class AvatarFilesTests(ApiTestCase):
    def setUp(self):
        self.alice = self.browser()
        self.alice.signs_up("alice1")
        self.viewers = [self.nobody(), self.person("bobby1"), self.person("staff1", is_staff=True)]
        self.profile = UserProfile.objects.get(user_id=self.alice.id)
        self.address = self.gives_avatar()

    def gives_avatar(self):
        response = self.alice.client.patch(
            f"/api/profiles/{self.profile.id}/",
            {"avatar": SimpleUploadedFile("me.png", encoded(picture(), "PNG"))},
            format="multipart",
            **self.alice.csrf_header(),
        )
        self.assertEqual(response.status_code, 200, response.json())
        return response.json()["avatar"]

    def statuses(self):
        """
        Return what nobody, Bob and staff get at the address.
        """
        return [viewer.client.get(self.address).status_code for viewer in self.viewers]

    def happens(self, verb, **arguments):
        with self.captureOnCommitCallbacks(execute=True):
            verb(user=self.alice.user, **arguments)

    def test_everybody_sees_it(self):
        self.assertEqual(self.statuses(), [200, 200, 200])

    def test_a_suspended_users_is_for_staff_at_once_and_back_for_everybody_when_she_is(self):
        for _ in range(2):
            self.happens(AccountService.suspend)
            self.assertEqual(self.statuses(), [404, 404, 200])

            self.happens(AccountService.restore)
            self.assertEqual(self.statuses(), [200, 200, 200])

    def test_a_closed_accounts_is_gone_for_everybody_at_once(self):
        self.happens(AccountService.delete_account, password=PASSWORD)

        self.assertEqual(self.statuses(), [404, 404, 404])

    def test_whoever_has_it_is_told_so_as_long_as_it_may_be_seen(self):
        bob = self.viewers[1]
        tag = bob.client.get(self.address)["ETag"]

        again = bob.client.get(self.address, headers={"If-None-Match": tag})
        self.happens(AccountService.suspend)
        hidden = bob.client.get(self.address, headers={"If-None-Match": tag})

        self.assertEqual((again.status_code, hidden.status_code), (304, 404))
        self.assertEqual(again["Cache-Control"], "private, no-cache")

    def test_the_tasks_leave_nothing_of_a_closed_accounts_profile(self):
        self.alice.client.patch(
            f"/api/profiles/{self.profile.id}/", {"nickname": "Alice"}, format="json", **self.alice.csrf_header()
        )
        self.happens(AccountService.delete_account, password=PASSWORD)
        self.everything_settles()

        for _ in range(2):
            profile = UserProfile.objects.get(user_id=self.alice.id)
            self.assertEqual((profile.nickname, profile.avatar), (None, ""))
            self.assertFalse(default_storage.exists(urlsplit(self.address).path.removeprefix("/media/")))
            # Once more, as the task may.
            ProfileService.empty_profile(user_id=self.alice.id)

    def test_a_new_one_does_not_come_after_the_account_is_closed(self):
        self.happens(AccountService.delete_account, password=PASSWORD)

        with self.assertRaises(ProfileGone):
            ProfileService.update_profile(profile=self.profile, nickname="Alice")

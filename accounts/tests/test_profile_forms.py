"""
The forms that browsers and libraries make of a profile: what nobody chose stays, what is taken away is said.
"""

from accounts.tests.test_profiles import ProfilesTestCase
from testing.forms import part, send_form, untouched
from utils.tests.pictures import encoded, picture

HTML = "text/html,application/xhtml+xml"


class ProfileFormsTestCase(ProfilesTestCase):
    def setUp(self):
        super().setUp()
        self.avatar = self.gives_avatar()
        self.file = self.profile().avatar

    def send(self, *parts, method="PUT", **headers):
        return send_form(self.alice.client, method, self.path, *parts, **headers)

    def assert_avatar_stays(self):
        self.assertEqual(self.profile().avatar, self.file)
        self.assertEqual(self.stored(), {self.file})
        self.assertEqual(self.nobody().client.get(self.avatar).status_code, 200)


class NothingChosenTests(ProfileFormsTestCase):
    def test_a_new_nickname_alone_keeps_the_avatar_and_its_file(self):
        for method in ("PUT", "PATCH"):
            for nothing in (untouched("avatar"), part("avatar", "")):
                with self.subTest(method=method, nothing=nothing):
                    response = self.send(part("nickname", f"By {method}"), nothing, method=method)

                    self.assertEqual(response.json(), {"nickname": f"By {method}", "avatar": self.avatar})
                    self.assert_avatar_stays()

    def test_so_it_does_in_an_urlencoded_form(self):
        for method in ("PUT", "PATCH"):
            with self.subTest(method=method):
                response = self.alice.client.generic(
                    method, self.path, b"nickname=Alice&avatar=", content_type="application/x-www-form-urlencoded"
                )

                self.assertEqual(response.json(), {"nickname": "Alice", "avatar": self.avatar})
                self.assert_avatar_stays()


class RemovingTests(ProfileFormsTestCase):
    def test_a_checked_box_removes_the_avatar_and_its_file(self):
        for method in ("PUT", "PATCH"):
            for checked in ("true", "on"):
                with self.subTest(method=method, checked=checked):
                    self.gives_avatar()

                    response = self.send(untouched("avatar"), part("avatar_remove", checked), method=method)

                    self.assertEqual((response.status_code, response.json()["avatar"]), (200, None))
                    self.assert_unchanged()

    def test_one_that_is_not_checked_removes_nothing(self):
        for parts in ([part("avatar_remove", "false")], []):
            with self.subTest(parts=parts):
                self.assertEqual(self.send(*parts, part("nickname", "Alice")).status_code, 200)
                self.assert_avatar_stays()

    def test_json_null_removes_it_too(self):
        self.assertIsNone(self.put(self.alice, avatar=None).json()["avatar"])
        self.assert_unchanged()

    def test_a_new_one_and_the_box_are_a_contradiction(self):
        new = part("avatar", encoded(picture(), "PNG"), filename="new.png")

        self.assert_refused(self.send(new, part("avatar_remove", "true")), 400, field="avatar_remove")
        self.assert_avatar_stays()

    def test_the_page_has_the_box(self):
        page = self.alice.client.get(self.path, HTTP_ACCEPT=HTML)

        self.assertContains(page, 'name="avatar_remove"', status_code=405)
        self.assertContains(page, "Remove the avatar", status_code=405)


class OtherFilesTests(ProfileFormsTestCase):
    def test_a_file_under_any_other_name_is_refused_by_the_name_it_should_have(self):
        for name in ("file", "photo", "files", "avatar[]", "avatar[0]", "nickname", ""):
            for method in ("PUT", "PATCH"):
                with self.subTest(name=name, method=method):
                    response = self.send(part(name, encoded(picture(), "PNG"), filename="me.png"), method=method)

                    body = self.assert_refused(response, 400, field="avatar")
                    self.assertIn("`avatar`", body["errors"]["avatar"][0])
        self.assert_avatar_stays()

    def test_of_two_avatars_none_is_dropped_in_silence(self):
        new = part("avatar", encoded(picture(), "PNG"), filename="new.png")

        self.assert_refused(self.send(new, new), 400, field="avatar")
        self.assert_avatar_stays()

    def test_permission_comes_before_the_names_of_files(self):
        response = send_form(self.nobody().client, "PUT", self.path, part("photo", "x", filename="me.png"))

        self.assert_refused(response, 403)

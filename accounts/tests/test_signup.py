"""
Opening an account.
"""

from accounts.models import User, UserProfile
from testing.people import PASSWORD
from testing.testcases import ApiTestCase, CommittedTestCase

LOOK_ALIKES = ("аlice1", "ａlice1", "álice1", "alice1\u200b", "alice１", "ali\u0441e1")


class SigningUpTests(ApiTestCase):
    def sign_up(self, **changes):
        fields = {"username": "alice1", "email": "alice1@example.com", "password": PASSWORD, **changes}
        return self.browser().post("accounts/signup/", **fields)

    def test_alice_signs_up_and_is_logged_in_by_cookie_and_by_token(self):
        browser = self.browser()

        response = browser.post("accounts/signup/", username="alice1", email="a@example.com", password=PASSWORD)

        self.assertEqual(response.status_code, 201, response.json())
        body = response.json()
        self.assertEqual(set(body), {"success", "user", "token"})
        self.assertIs(body["success"], True)
        self.assertEqual(body["user"], {"id": User.objects.get().id, "username": "alice1"})
        self.assertEqual(browser.status()["user"], body["user"])
        self.assertEqual(self.phone(body["token"]).get("accounts/login_status/").json()["user"], body["user"])

    def test_her_profile_is_there_at_once_with_nothing_counted(self):
        user_id = self.sign_up().json()["user"]["id"]

        detail = self.nobody().get(f"users/{user_id}/").json()

        profile = UserProfile.objects.get(user_id=user_id)
        self.assertEqual(detail["profile_id"], profile.id)
        counters = [detail[name] for name in ("followers_count", "followings_count", "tweets_count")]
        self.assertEqual(counters, [0, 0, 0])
        self.assertIsNone(detail["nickname"])
        self.assertIsNone(detail["avatar_url"])

    def test_name_and_mail_are_kept_in_lower_case(self):
        response = self.sign_up(username="ALICE_In_Caps", email="Alice@Example.COM")

        self.assertEqual(response.json()["user"]["username"], "alice_in_caps")
        user = User.objects.get()
        self.assertEqual((user.username, user.email), ("alice_in_caps", "alice@example.com"))

    def test_names_of_six_and_of_twenty_characters_are_long_and_short_enough(self):
        for name in ("a_b_c6", "0123456789_abcdefghi"):
            with self.subTest(name=name):
                response = self.sign_up(username=name, email=f"{name}@example.com")

                self.assertEqual(response.status_code, 201, response.json())

    def test_a_bad_name_is_refused(self):
        bad = ("", "short", "a" * 21, "alice 1", "alice-1", "alice.1", "alice1\n", "\nalice1", " alice1 ", "alice1\x00")
        strange = (None, [], {}, ["alice1"], True, "~deleted_1", "😀alice1", "alice1'--", "alice1\u202e")
        for name in (*bad, *strange, *LOOK_ALIKES):
            with self.subTest(name=name):
                response = self.sign_up(username=name)

                self.assert_refused(response, 400, field="username")
                self.assertFalse(User.objects.exists())

    def test_a_bad_mail_is_refused(self):
        for mail in (
            "",
            "alice",
            "alice@",
            "@example.com",
            "a b@example.com",
            "a@b@c.de",
            "a@" + "b" * 250 + ".de",
            None,
        ):
            with self.subTest(mail=mail):
                self.assert_refused(self.sign_up(email=mail), 400, field="email")

    def test_a_password_of_five_or_of_129_characters_is_refused(self):
        for password in ("q7#zK", "x7" * 64 + "y", "", None, {}):
            with self.subTest(password=password):
                self.assert_refused(self.sign_up(password=password), 400, field="password")
                self.assertFalse(User.objects.exists())

    def test_a_password_of_six_or_of_128_characters_works(self):
        for number, password in enumerate(("q7#zK!", "x7" * 64, "щукарь", "🐎🔋📎🐴🔌🧷")):
            with self.subTest(password=password):
                browser = self.browser()
                browser.signs_up(f"alice{number}", password)

                self.assertTrue(self.browser().logs_in(f"alice{number}", password))

    def test_a_password_is_used_whole_to_its_last_character(self):
        self.browser().signs_up("alice1", "x7" * 63 + "ab")

        response = self.browser().post("accounts/login/", username="alice1", password="x7" * 63 + "ac")

        self.assert_refused(response, 400)

    def test_spaces_in_a_password_are_kept(self):
        self.browser().signs_up("alice1", "  two spaces each  ")

        without = self.browser().post("accounts/login/", username="alice1", password="two spaces each")

        self.assert_refused(without, 400)
        self.assertTrue(self.browser().logs_in("alice1", "  two spaces each  "))

    def test_a_well_known_password_is_refused(self):
        for password in ("123456", "password", "PassWord", "qwerty123", "iloveyou", "football"):
            with self.subTest(password=password):
                self.assert_refused(self.sign_up(password=password), 400, field="password")
                self.assertFalse(User.objects.exists())

    def test_a_password_that_is_the_name_or_the_mail_is_refused(self):
        for password in ("alice1", "ALICE1", "alice.liddell@example.com", "Alice.Liddell@Example.com", "alice.liddell"):
            with self.subTest(password=password):
                response = self.sign_up(email="Alice.Liddell@example.com", password=password)

                body = self.assert_refused(response, 400, field="password", text="user name or your email")
                self.assertEqual(body["message"], "Please check input")
                self.assertFalse(User.objects.exists())

    def test_a_password_that_only_holds_the_name_works(self):
        self.assertEqual(self.sign_up(password="alice1 and more").status_code, 201)

    def test_each_missing_field_is_named(self):
        body = self.assert_refused(self.browser().post("accounts/signup/"), 400)

        self.assertEqual(set(body["errors"]), {"username", "email", "password"})
        self.assertEqual(body["message"], "Please check input")

    def test_a_taken_name_is_refused_in_any_case(self):
        self.sign_up()

        for name in ("alice1", "ALICE1", "aLiCe1"):
            with self.subTest(name=name):
                response = self.sign_up(username=name, email="other@example.com")

                self.assert_refused(response, 400, field="username", text="has been occupied")
        self.assertEqual(User.objects.count(), 1)

    def test_a_taken_mail_is_refused_in_any_case(self):
        self.sign_up()

        for mail in ("alice1@example.com", "ALICE1@EXAMPLE.COM", "Alice1@example.com"):
            with self.subTest(mail=mail):
                response = self.sign_up(username="somebody", email=mail)

                self.assert_refused(response, 400, field="email", text="has been occupied")
        self.assertEqual(User.objects.count(), 1)

    def test_the_same_request_again_makes_no_second_account(self):
        self.sign_up()

        response = self.sign_up()

        self.assert_refused(response, 400, field="username")
        self.assertEqual((User.objects.count(), UserProfile.objects.count()), (1, 1))

    def test_a_refused_signup_opens_no_session(self):
        browser = self.browser()

        browser.post("accounts/signup/", username="no", email="a@example.com", password=PASSWORD)

        self.assertIs(browser.status()["has_logged_in"], False)
        self.assertNotIn("sessionid", browser.client.cookies)

    def test_nobody_becomes_staff_by_asking_for_it(self):
        response = self.sign_up(
            id=77,
            user_id=77,
            is_staff=True,
            is_superuser=True,
            is_active=False,
            suspended_at="2026-01-01T00:00:00Z",
            email_verified_at="2026-01-01T00:00:00Z",
            followers_count=1000,
            profile={"followers_count": 1000},
        )

        user = User.objects.select_related("profile").get()
        self.assertEqual(response.status_code, 201)
        self.assertNotEqual(user.id, 77)
        self.assertEqual((user.is_staff, user.is_superuser, user.is_active), (False, False, True))
        self.assertEqual((user.suspended_at, user.email_verified_at, user.profile.followers_count), (None, None, 0))

    def test_forms_work_as_well_as_json(self):
        for number, kind in enumerate(("multipart", "application/x-www-form-urlencoded")):
            with self.subTest(kind=kind):
                name = f"alice{number}"
                form = {"username": name, "email": f"{name}@example.com", "password": "with & and = in it"}
                client = self.nobody().client
                if kind == "multipart":
                    response = client.post("/api/accounts/signup/", form, format="multipart")
                else:
                    body = f"username={name}&email={name}%40example.com&password=with+%26+and+%3D+in+it"
                    response = client.post("/api/accounts/signup/", body, content_type=kind)

                self.assertEqual(response.status_code, 201, response.json())
                self.assertTrue(self.browser().logs_in(name, "with & and = in it"))

    def test_the_password_is_kept_as_argon2id_at_the_owasp_minimum(self):
        self.sign_up()

        stored = User.objects.get().password

        self.assertTrue(stored.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$"), stored[:45])


class SigningUpAtOnceTests(CommittedTestCase):
    def sign_up(self, username, email):
        return self.nobody().post("accounts/signup/", username=username, email=email, password=PASSWORD)

    def test_of_two_people_who_want_one_name_at_one_moment_one_gets_it(self):
        responses = self.together(
            lambda: self.sign_up("alice1", "one@example.com"), lambda: self.sign_up("ALICE1", "two@example.com")
        )

        won, lost = sorted(responses, key=lambda response: response.status_code)
        self.assertEqual(won.status_code, 201, won.json())
        self.assert_refused(lost, 400, field="username", text="has been occupied")
        self.assertEqual((User.objects.count(), UserProfile.objects.count()), (1, 1))

    def test_of_two_people_who_want_one_mail_at_one_moment_one_gets_it(self):
        responses = self.together(
            lambda: self.sign_up("alice1", "one@example.com"), lambda: self.sign_up("alice2", "ONE@example.com")
        )

        won, lost = sorted(responses, key=lambda response: response.status_code)
        self.assertEqual(won.status_code, 201, won.json())
        self.assert_refused(lost, 400, field="email", text="has been occupied")
        self.assertEqual((User.objects.count(), UserProfile.objects.count()), (1, 1))

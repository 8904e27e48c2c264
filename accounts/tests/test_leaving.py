"""
Changing the password, closing an account, being suspended.
"""

from accounts.models import User
from testing.people import PASSWORD
from testing.testcases import ApiTestCase

NEW_PASSWORD = "another horse entirely"


class ChangingThePasswordTests(ApiTestCase):
    def setUp(self):
        self.alice = self.browser()
        self.token = self.alice.signs_up("alice1")

    def change(self, person, old=PASSWORD, new=NEW_PASSWORD):
        return person.post("accounts/password/", old_password=old, new_password=new)

    def test_the_new_one_opens_and_the_old_one_does_not(self):
        response = self.change(self.alice)

        self.assertEqual((response.status_code, set(response.json())), (200, {"success", "token"}))
        self.assertTrue(self.browser().logs_in("alice1", NEW_PASSWORD))
        self.assert_refused(self.browser().post("accounts/login/", username="alice1", password=PASSWORD), 400)

    def test_every_other_session_and_token_ends_and_the_present_session_goes_on(self):
        elsewhere = self.browser()
        other_token = elsewhere.logs_in("alice1")
        self.assertEqual(self.phone(self.token).get("newsfeeds/").status_code, 200)

        new_token = self.change(self.alice).json()["token"]

        self.assertIs(elsewhere.status()["has_logged_in"], False)
        for token in (self.token, other_token):
            self.assert_refused(self.phone(token).get("newsfeeds/"), 401)
        self.assertIs(self.alice.status()["has_logged_in"], True)
        self.assertEqual(self.phone(new_token).get("newsfeeds/").status_code, 200)

    def test_a_phone_changes_it_too_and_goes_on_with_the_new_token(self):
        response = self.change(self.phone(self.token))

        self.assertNotIn("sessionid", response.cookies)
        self.assert_refused(self.phone(self.token).get("newsfeeds/"), 401)
        self.assertEqual(self.phone(response.json()["token"]).get("newsfeeds/").status_code, 200)
        self.assertIs(self.alice.status()["has_logged_in"], False)

    def test_a_wrong_old_one_changes_nothing(self):
        response = self.change(self.alice, old="wrong battery")

        self.assert_refused(response, 400, field="old_password")
        self.assertTrue(self.browser().logs_in("alice1", PASSWORD))
        self.assertEqual(self.phone(self.token).get("newsfeeds/").status_code, 200)

    def test_a_bad_new_one_changes_nothing(self):
        for new in ("short", "x" * 129, "password", "", None, "Alice1", "alice1@example.com"):
            with self.subTest(new=new):
                self.assert_refused(self.change(self.alice, new=new), 400, field="new_password")
        self.assertTrue(self.browser().logs_in("alice1", PASSWORD))

    def test_the_same_request_again_is_refused_because_the_old_one_is_gone(self):
        self.change(self.alice)

        self.assert_refused(self.change(self.alice), 400, field="old_password")
        self.assertTrue(self.browser().logs_in("alice1", NEW_PASSWORD))

    def test_nobody_cannot(self):
        self.assert_refused(self.change(self.browser()), 403)

    def test_alice_cannot_change_bobs(self):
        bob = self.browser()
        bob.signs_up("bobby1")

        self.alice.post(
            "accounts/password/",
            old_password=PASSWORD,
            new_password=NEW_PASSWORD,
            user_id=bob.id,
            id=bob.id,
            username="bobby1",
        )

        self.assertTrue(self.browser().logs_in("bobby1", PASSWORD))
        self.assertTrue(self.browser().logs_in("alice1", NEW_PASSWORD))


class ClosingAnAccountTests(ApiTestCase):
    def setUp(self):
        self.alice = self.browser()
        self.token = self.alice.signs_up("alice1")
        self.bob, self.staff = self.person("bobby1"), self.person("staff1", is_staff=True)

    def test_it_is_gone_for_everyone_at_once(self):
        self.bob.follows(self.alice)
        self.nobody().get(f"users/{self.alice.id}/")

        response = self.alice.delete("accounts/me/", password=PASSWORD)

        self.assertEqual((response.status_code, response.content), (204, b""))
        for viewer in (self.nobody(), self.bob, self.staff):
            for path in ("users/{}/", "friendships/{}/followers/", "friendships/{}/followings/"):
                with self.subTest(viewer=type(viewer).__name__, path=path):
                    self.assert_refused(viewer.get(path.format(self.alice.id)), 404)
            self.assert_refused(viewer.get("users/by/alice1/"), 404)
        self.assert_refused(self.bob.post(f"friendships/{self.alice.id}/follow/"), 404)
        self.assert_refused(self.bob.post(f"friendships/{self.alice.id}/unfollow/"), 404)
        self.assertEqual(self.bob.get(f"friendships/{self.bob.id}/followings/").json()["results"], [])

    def test_what_she_wrote_leaves_every_page_at_once(self):
        self.bob.follows(self.alice)
        tweet_id = self.phone(self.token).tweets("I will be gone soon")
        self.tasks_run()
        self.assertEqual(self.bob.feed(), [tweet_id])

        self.alice.delete("accounts/me/", password=PASSWORD)

        for viewer in (self.bob, self.staff):
            self.assert_refused(viewer.get(f"tweets/{tweet_id}/"), 404)
            self.assertEqual(viewer.get("tweets/", user_id=self.alice.id).json()["results"], [])
        self.assertEqual(self.bob.feed(), [])

    def test_sessions_and_tokens_end(self):
        elsewhere = self.browser()
        elsewhere.logs_in("alice1")
        self.assertEqual(self.phone(self.token).get("newsfeeds/").status_code, 200)

        self.alice.delete("accounts/me/", password=PASSWORD)

        self.assert_refused(self.phone(self.token).get("newsfeeds/"), 401)
        self.assertIs(elsewhere.status()["has_logged_in"], False)
        self.assertIs(self.alice.status()["has_logged_in"], False)
        self.assert_refused(self.browser().post("accounts/login/", username="alice1", password=PASSWORD), 400)

    def test_name_and_mail_are_free_for_somebody_else(self):
        self.alice.delete("accounts/me/", password=PASSWORD)

        newcomer = self.browser()
        newcomer.signs_up("alice1")

        self.assertNotEqual(newcomer.id, self.alice.id)
        self.assertEqual(self.nobody().get("users/by/alice1/").json()["id"], newcomer.id)

    def test_the_tombstone_keeps_neither_name_nor_mail_nor_password(self):
        self.alice.delete("accounts/me/", password=PASSWORD)

        row = User.objects.filter(id=self.alice.id).values().get()

        self.assertFalse([name for name, value in row.items() if "alice1" in str(value)])
        self.assertTrue(row["password"].startswith("!"))

    def test_a_wrong_or_missing_password_closes_nothing(self):
        for fields in ({"password": "wrong battery"}, {"password": ""}, {}):
            with self.subTest(fields=fields):
                self.assert_refused(self.alice.delete("accounts/me/", **fields), 400, field="password")
        self.assertEqual(self.nobody().get(f"users/{self.alice.id}/").status_code, 200)

    def test_a_second_request_comes_from_nobody(self):
        self.phone(self.token).delete("accounts/me/", password=PASSWORD)

        self.assert_refused(self.phone(self.token).delete("accounts/me/", password=PASSWORD), 401)
        self.assert_refused(self.browser().delete("accounts/me/", password=PASSWORD), 403)


class BeingSuspendedTests(ApiTestCase):
    def setUp(self):
        self.alice, self.bob = self.person("alice1"), self.person("bobby1")
        self.staff = self.person("staff1", is_staff=True)

    def test_she_is_hidden_from_everyone_but_staff(self):
        self.nobody().get(f"users/{self.alice.id}/")

        self.suspend(self.alice.user)

        for viewer in (self.nobody(), self.bob):
            self.assert_refused(viewer.get(f"users/{self.alice.id}/"), 404)
            self.assert_refused(viewer.get("users/by/alice1/"), 404)
            self.assert_refused(viewer.get(f"friendships/{self.alice.id}/followers/"), 404)
        self.assert_refused(self.bob.post(f"friendships/{self.alice.id}/follow/"), 404)
        self.assertEqual(self.staff.get(f"users/{self.alice.id}/").json()["username"], "alice1")
        self.assertIn("alice1", [user["username"] for user in self.staff.get("users/").json()["results"]])

    def test_her_sessions_and_tokens_end(self):
        carol = self.browser()
        token = carol.signs_up("carol1")
        self.assertEqual(self.phone(token).get("newsfeeds/").status_code, 200)

        self.suspend(carol.user)

        self.assertIs(carol.status()["has_logged_in"], False)
        self.assert_refused(self.phone(token).get("newsfeeds/"), 401)

    def test_counters_stay_and_restoring_brings_everything_back(self):
        self.bob.follows(self.alice)
        self.suspend(self.alice.user)
        hidden = self.nobody().get(f"friendships/{self.bob.id}/followings/").json()["results"]
        counted = self.nobody().get(f"users/{self.bob.id}/").json()["followings_count"]

        self.restore(self.alice.user)

        self.assertEqual((hidden, counted), ([], 1))
        self.assertEqual(self.nobody().get(f"users/{self.alice.id}/").json()["followers_count"], 1)
        back = self.nobody().get(f"friendships/{self.bob.id}/followings/").json()["results"]
        self.assertEqual([row["user"]["username"] for row in back], ["alice1"])

    def test_suspending_and_restoring_twice_change_nothing_more(self):
        self.suspend(self.alice.user)
        since = User.objects.get(id=self.alice.id).suspended_at
        self.suspend(self.alice.user)
        self.assertEqual(User.objects.get(id=self.alice.id).suspended_at, since)

        self.restore(self.alice.user)
        self.restore(self.alice.user)

        self.assertEqual(self.nobody().get(f"users/{self.alice.id}/").status_code, 200)

    def test_pages_of_followers_are_refilled_and_never_short(self):
        fan_ids = self.crowd(40, following=self.alice)
        newest_first = fan_ids[::-1]
        suspended = set(newest_first[:15] + newest_first[20:25])
        User.objects.filter(id__in=suspended).update(suspended_at="2026-01-01T00:00:00Z")

        first = self.nobody().get(f"friendships/{self.alice.id}/followers/", limit=12).json()
        second = self.nobody().client.get(first["next"]).json()

        visible = [user_id for user_id in newest_first if user_id not in suspended]
        self.assertEqual([row["user"]["id"] for row in first["results"]], visible[:12])
        self.assertEqual([row["user"]["id"] for row in second["results"]], visible[12:])
        self.assertEqual((first["has_next_page"], second["has_next_page"]), (True, False))
        everybody = self.staff.get(f"friendships/{self.alice.id}/followers/", limit=40).json()
        self.assertEqual([row["user"]["id"] for row in everybody["results"]], newest_first)

    def test_numbered_pages_leave_them_out_of_the_count_too(self):
        fan_ids = self.crowd(25, following=self.alice)
        User.objects.filter(id__in=fan_ids[-6:]).update(suspended_at="2026-01-01T00:00:00Z")

        page = self.nobody().get(f"friendships/{self.alice.id}/followers/", page=1).json()

        self.assertEqual((page["total_results"], page["total_pages"], page["has_next_page"]), (19, 1, False))
        self.assertEqual([row["user"]["id"] for row in page["results"]], fan_ids[18::-1])

"""
Who may do something to whose account: nobody to somebody of their own rank or above, and a superuser always remains.
"""

from accounts.models import User
from accounts.services import AccessTokenService, AccountService, LastSuperuser, RoleService
from moderation.tests.people import Moderating
from testing.people import PASSWORD
from testing.testcases import ApiTestCase, CommittedTestCase


class RankTestCase(Moderating, ApiTestCase):
    def setUp(self):
        self.alice = self.person("alice1")
        self.mod = self.moderator()
        self.chief = self.superuser("chief1")

    def superuser(self, name, **fields):
        person = self.person(name, **{"is_staff": True, "is_superuser": True, **fields})
        person.user.set_password(PASSWORD)
        person.user.save()
        # The password ended the token that the person came with.
        token = AccessTokenService.create_token(user=person.user)
        person.client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
        return self.in_admin(person)

    def suspend(self, actor, person):
        return self.act(actor, "accounts/user", "suspend", person.user, reason="Spam")

    def edit(self, actor, person, **form):
        return actor.browser.post(f"/admin/accounts/user/{person.id}/change/", form)


class SuspendingTests(RankTestCase):
    def test_a_moderator_suspends_nobody_of_the_same_rank_or_above(self):
        others = self.moderator("moder2"), self.person("staff1", is_staff=True)
        for person in (self.mod, *others, self.chief, self.superuser("chief2", is_staff=False)):
            with self.subTest(person=person.name):
                (told,) = self.suspend(self.mod, person)

                self.assertIn("They stand as high as you, or higher.", told)
                self.assertFalse(self.is_suspended(person))
        self.assertEqual(self.trail(), [])

    def test_a_superuser_suspends_a_moderator_and_no_superuser(self):
        other = self.superuser("chief2")

        told = [self.suspend(self.chief, person)[0] for person in (self.mod, other, self.chief)]

        self.assertEqual(told[0], "1 suspended.")
        self.assertEqual([self.is_suspended(person) for person in (self.mod, other, self.chief)], [True, False, False])

    def test_a_moderator_does_not_bring_a_moderator_back(self):
        self.suspend(self.chief, self.mod)

        (told,) = self.act(self.moderator("moder2"), "accounts/user", "restore", self.mod.user)

        self.assertIn("They stand as high as you, or higher.", told)
        self.assertTrue(self.is_suspended(self.mod))


class EditingTests(RankTestCase):
    def is_staff(self, person):
        return User.objects.get(id=person.id).is_staff

    def test_a_superuser_makes_somebody_staff_and_takes_it_back(self):
        for form, expected in (({"is_staff": "on"}, True), ({}, False)):
            self.assertEqual(self.edit(self.chief, self.alice, **form).status_code, 302)
            self.assertIs(self.is_staff(self.alice), expected)

    def test_no_superuser_puts_another_one_outside(self):
        other = self.superuser("chief2")

        response = self.edit(self.chief, other)

        self.assertEqual((response.status_code, self.is_staff(other)), (403, True))
        self.assertEqual(other.browser.get("/admin/").status_code, 200)

    def test_a_superuser_may_leave_the_admin_and_the_last_one_may_not(self):
        other = self.superuser("chief2")

        self.assertEqual(self.edit(other, other).status_code, 302)
        refused = self.edit(self.chief, self.chief)

        self.assertContains(refused, LastSuperuser.message)
        self.assertEqual((self.is_staff(other), self.is_staff(self.chief)), (False, True))


class LeavingTests(RankTestCase):
    def close(self, person):
        return person.delete("accounts/me/", password=PASSWORD)

    def test_the_last_superuser_does_not_close_the_account(self):
        body = self.assert_refused(self.close(self.chief), 403)

        self.assertEqual(body["code"], "last_superuser")
        self.assertEqual(self.chief.get("accounts/login_status/").json()["user"]["username"], "chief1")

    def test_one_of_two_does(self):
        self.superuser("chief2")

        self.assertEqual(self.close(self.chief).status_code, 204)

    def test_one_who_is_suspended_or_outside_the_admin_is_no_second_one(self):
        for name, fields in (("chief2", {"is_staff": False}), ("chief3", {"is_active": False})):
            self.superuser(name, **fields)

        self.assert_refused(self.close(self.chief), 403)

    def test_nobody_suspends_the_last_one_not_even_a_command(self):
        with self.assertRaises(LastSuperuser):
            AccountService.suspend(user=self.chief.user)

        self.assertFalse(self.is_suspended(self.chief))

    def test_nor_puts_them_outside_the_admin(self):
        with self.assertRaises(LastSuperuser):
            RoleService.set_staff(user=self.chief.user, actor=self.chief.user, is_staff=False)


class AtOnceTests(CommittedTestCase):
    def test_of_two_superusers_who_leave_at_one_moment_one_stays(self):
        people = [User.objects.create_superuser(name, f"{name}@example.com", PASSWORD) for name in ("chief1", "chief2")]

        def leave(user):
            try:
                AccountService.delete_account(user=user, password=PASSWORD)
            except LastSuperuser:
                return "stays"
            return "left"

        done = self.together(*[lambda user=user: leave(user) for user in people])

        self.assertEqual(sorted(done), ["left", "stays"])
        self.assertEqual(User.objects.filter(is_superuser=True, deleted_at=None).count(), 1)

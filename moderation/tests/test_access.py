"""
Who may do what in the admin.
"""

from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.core.management.sql import emit_post_migrate_signal

from accounts.models import User
from moderation.constants import MODERATORS
from moderation.models import AuditEntry
from moderation.tests.people import SCREENS, Browser, Moderating
from testing.testcases import ApiTestCase, CommittedTestCase
from tweets.models import Tweet

OTHERS = ("outbox/message", "auth/group")


class AccessTestCase(Moderating, ApiTestCase):
    def setUp(self):
        self.alice = self.person("alice1")
        self.alice.tweets()


class ModeratorTests(AccessTestCase):
    def setUp(self):
        super().setUp()
        self.mod = self.moderator()

    def test_a_moderator_is_no_superuser_and_sees_every_screen_of_moderation(self):
        self.assertFalse(self.mod.user.is_superuser)
        index = self.look(self.mod, "moderation/report") and self.mod.browser.get("/admin/").content.decode()
        for screen in SCREENS:
            with self.subTest(screen=screen):
                self.look(self.mod, screen)
                self.assertIn(f"/admin/{screen}/", index)

    def test_but_neither_the_outbox_nor_the_groups(self):
        index = self.mod.browser.get("/admin/").content.decode()
        for screen in OTHERS:
            with self.subTest(screen=screen):
                self.look(self.mod, screen, answer=403)
                self.assertNotIn(f"/admin/{screen}/", index)

    def test_nothing_is_added_or_deleted_by_hand(self):
        tweet = Tweet.objects.get()
        for path in (
            "tweets/tweet/add",
            "accounts/user/add",
            f"tweets/tweet/{tweet.id}/delete",
            f"accounts/user/{self.alice.id}/delete",
        ):
            with self.subTest(path=path):
                self.look(self.mod, path, answer=403)
                self.assertEqual(self.mod.browser.post(f"/admin/{path}/", {"post": "yes"}).status_code, 403)
        self.act(self.mod, "tweets/tweet", "delete_selected", tweet)

        self.assertTrue(Tweet.objects.not_deleted().exists())
        self.assertNotIn("delete_selected", self.look(self.mod, "tweets/tweet"))

    def test_a_moderator_makes_nobody_staff(self):
        for user in (self.alice.user, self.mod.user):
            path = f"/admin/accounts/user/{user.id}/change/"
            self.assertEqual(self.mod.browser.get(path).status_code, 200)

            response = self.mod.browser.post(path, {"is_staff": "on", "is_superuser": "on", "groups": ["1"]})

            self.assertEqual(response.status_code, 403)
        self.assertFalse(User.objects.filter(is_superuser=True).exists())
        self.assertFalse(User.objects.get(id=self.alice.id).is_staff)

    def test_the_audit_trail_is_only_read(self):
        self.act(self.mod, "accounts/user", "suspend", self.alice.user, reason="Spam")
        entry = AuditEntry.objects.get()

        for path in ("add", f"{entry.id}/delete"):
            self.look(self.mod, f"moderation/auditentry/{path}", answer=403)
        changed = self.mod.browser.post(f"/admin/moderation/auditentry/{entry.id}/change/", {"reason": "None"})

        self.assertEqual(changed.status_code, 403)
        self.assertEqual(AuditEntry.objects.get().reason, "Spam")


class OthersTests(AccessTestCase):
    def test_a_plain_user_and_nobody_are_sent_to_the_login(self):
        nobody = self.nobody()
        nobody.browser = Browser()
        for person in (self.in_admin(self.alice), nobody):
            for screen in (*SCREENS, *OTHERS):
                response = person.browser.get(f"/admin/{screen}/")

                self.assertEqual(response.status_code, 302)
                self.assertTrue(response["Location"].startswith("/admin/login/"))

    def test_a_plain_users_action_does_nothing(self):
        bob = self.person("bobby1")

        self.act(self.in_admin(bob), "accounts/user", "suspend", self.alice.user, reason="I do not like her")

        self.assertIsNone(User.objects.get(id=self.alice.id).suspended_at)

    def test_a_token_does_not_open_the_admin(self):
        staff = self.person("staff1", is_staff=True)

        self.assertEqual(staff.client.get("/admin/accounts/user/").status_code, 302)

    def test_staff_outside_the_group_sees_nothing_of_it(self):
        staff = self.in_admin(self.person("staff1", is_staff=True))

        self.assertEqual(staff.browser.get("/admin/").status_code, 200)
        for screen in (*SCREENS, *OTHERS):
            self.look(staff, screen, answer=403)

    def test_staff_that_may_only_look_is_offered_no_action(self):
        staff = self.person("staff1", is_staff=True)
        staff.user.user_permissions.add(*Permission.objects.filter(codename__in=("view_user", "view_tweet")))
        self.in_admin(staff)

        self.assertNotIn('name="action"', self.look(staff, "accounts/user"))
        self.assertIn('name="action"', self.look(self.moderator(), "accounts/user"))
        self.act(staff, "accounts/user", "suspend", self.alice.user, reason="Spam")
        self.act(staff, "tweets/tweet", "delete_tweets", Tweet.objects.get(), reason="Spam")

        self.assertIsNone(User.objects.get(id=self.alice.id).suspended_at)
        self.assertTrue(Tweet.objects.not_deleted().exists())
        self.assertFalse(AuditEntry.objects.exists())

    def test_a_superuser_finds_the_group_by_how_its_name_begins(self):
        chief = self.in_admin(self.person("chief1", is_staff=True, is_superuser=True))

        form = self.look(chief, f"accounts/user/{self.alice.id}/change")
        found = chief.browser.get(
            "/admin/autocomplete/",
            {"term": "moder", "app_label": "accounts", "model_name": "user", "field_name": "groups"},
        ).json()["results"]

        self.assertIn("/admin/autocomplete/", form)
        self.assertNotIn("<option", form.partition('id="id_groups"')[2].partition("</select>")[0])
        self.assertEqual([group["text"] for group in found], [MODERATORS])

    def test_a_superuser_makes_somebody_a_moderator(self):
        root = self.in_admin(self.person("rooty1", is_staff=True, is_superuser=True))
        self.look(root, "outbox/message")

        self.in_admin(self.alice)
        group_id = self.moderator().user.groups.get().id
        root.browser.post(f"/admin/accounts/user/{self.alice.id}/change/", {"is_staff": "on", "groups": [group_id]})

        self.assertEqual(self.alice.browser.get("/admin/moderation/report/").status_code, 200)
        self.assertEqual(User.objects.get(id=self.alice.id).username, "alice1")


class GroupTests(Moderating, ApiTestCase):
    def test_every_migration_gives_it_what_it_lacks_and_leaves_the_rest(self):
        group = Group.objects.get(name=MODERATORS)
        own = set(group.permissions.values_list("codename", flat=True))
        group.permissions.set(Permission.objects.filter(codename="add_group"))

        emit_post_migrate_signal(verbosity=0, interactive=False, db="default")

        self.assertEqual(set(group.permissions.values_list("codename", flat=True)), own | {"add_group"})


class EmptiedTablesTests(Moderating, CommittedTestCase):
    def test_moderators_are_there_again_after_somebody_emptied_the_tables(self):
        call_command("flush", interactive=False, verbosity=0)

        mod = self.moderator()

        for screen in SCREENS:
            self.look(mod, screen)

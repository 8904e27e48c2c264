"""
What the address of an admin screen may ask for: what the screen offers, and no column beside it.
"""

from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.db.models import Field

from accounts.models import User
from moderation.tests.people import Moderating
from testing.testcases import ApiTestCase

# What a filter of some screen is called in the address.
OFFERED = {
    "accounts/user": {"state"},
    "tweets/tweetphoto": {"status"},
    "moderation/report": {"status", "content_type"},
    "moderation/auditentry": {"verb", "verb__exact", "verb__isnull"},
    "outbox/message": {"event", "event__exact", "event__isnull"},
}


def list_url(model):
    return f"{model._meta.app_label}/{model._meta.model_name}"


def related_paths(model, *, depth=2):
    """
    Yield (lookup path, lookups of its last field) of every field and relation, those of related tables too.
    """
    for field in model._meta.get_fields():
        name = field.name if isinstance(field, Field) else field.get_accessor_name() or field.name
        lookups = getattr(field, "get_lookups", dict)()
        yield name, lookups
        if isinstance(field, Field):
            yield field.attname, lookups
        if depth > 1 and field.is_relation and field.related_model:
            for path, deeper in related_paths(field.related_model, depth=depth - 1):
                yield f"{name}__{path}", deeper


class LookupTests(Moderating, ApiTestCase):
    def setUp(self):
        self.chief = self.in_admin(self.person("chief1", is_staff=True, is_superuser=True))

    def test_no_field_of_any_screen_filters_unless_the_screen_offers_it(self):
        for model in admin.site._registry:
            screen = list_url(model)
            for path in sorted({path for path, _ in related_paths(model)} - OFFERED.get(screen, set())):
                response = self.chief.browser.get(f"/admin/{screen}/", {path: "1"})

                self.assertEqual(response.status_code, 400, f"{screen}/?{path}=1")

    def test_nor_by_any_lookup_of_it(self):
        for model, screen in admin.site._registry.items():
            offered = OFFERED.get(list_url(model), set())
            for path, lookups in related_paths(model):
                for lookup in {f"{path}__{lookup}" for lookup in [*lookups, "year", "date__gt", "nonsense"]} - offered:
                    self.assertFalse(screen.lookup_allowed(lookup, "1", None), f"{list_url(model)}/?{lookup}=1")

    def test_what_a_screen_offers_is_still_there(self):
        for screen, names in OFFERED.items():
            for name in names:
                response = self.chief.browser.get(f"/admin/{screen}/", {name: "0"})

                self.assertNotEqual(response.status_code, 400, f"{screen}/?{name}=0")

    def test_a_moderator_reads_no_password_letter_by_letter(self):
        mod = self.moderator()
        for lookup in ("password__startswith", "password__regex", "access_tokens__key_hash__startswith"):
            for guess in ("argon2", "!", "("):
                with self.subTest(lookup=lookup, guess=guess):
                    address = f"/admin/accounts/user/?username=chief1&{lookup}={guess}"

                    response = mod.browser.get(address, headers={"Accept": "application/json"})

                    self.assert_refused(response, 400)

    def test_a_pattern_that_is_none_is_refused_and_no_crash(self):
        response = self.chief.browser.get("/admin/accounts/user/?username__regex=(")

        self.assert_refused(response, 400)


class MailTests(Moderating, ApiTestCase):
    def setUp(self):
        self.alice = self.person("alice1")
        self.mod = self.moderator()
        self.chief = self.in_admin(self.person("chief1", is_staff=True, is_superuser=True))
        self.screens = ("accounts/user", f"accounts/user/{self.alice.id}/change")

    def test_a_moderator_sees_a_mask(self):
        for screen in self.screens:
            page = self.look(self.mod, screen)

            self.assertNotIn("alice1@example.com", page)
            self.assertIn("a***@e***.com", page)

    def test_a_superuser_and_who_has_the_permission_see_the_address(self):
        trusted = self.moderator("moder2")
        trusted.user.user_permissions.add(Permission.objects.get(codename="view_email"))
        for person in (self.chief, trusted):
            for screen in self.screens:
                self.assertIn("alice1@example.com", self.look(person, screen))

    def test_the_group_of_moderators_has_no_such_permission(self):
        self.assertFalse(Group.objects.get(name="moderators").permissions.filter(codename="view_email").exists())

    def test_a_search_finds_mails_only_for_who_may_see_them(self):
        for screen in ("accounts/user", "accounts/userprofile"):
            self.assertEqual(self.rows(self.mod, screen, q="alice1@ex"), [])
            self.assertEqual(len(self.rows(self.chief, screen, q="alice1@ex")), 1)

    def test_so_does_the_list_of_the_api(self):
        found = [person.get("users/", search="alice1@ex").json()["count"] for person in (self.mod, self.chief)]

        self.assertEqual(found, [0, 1])

    def test_the_list_is_not_sorted_by_what_is_masked(self):
        User.objects.filter(id=self.alice.id).update(email="zzz@example.com")
        newest_first = [user.id for user in self.rows(self.mod, "accounts/user")]

        for order in ("2", "-2"):
            self.assertEqual([user.id for user in self.rows(self.mod, "accounts/user", o=order)], newest_first)

    def test_a_mask_is_as_long_whatever_it_hides(self):
        for email, mask in (("a@b.co.uk", "a***@b***.uk"), ("alice.a.long.name@example.uk", "a***@e***.uk")):
            self.assertEqual(User(email=email).masked_email, mask)

"""
`manage.py demo`: a small world to look at, and to keep out of production.
"""

import os
from io import StringIO
from unittest.mock import patch

from django.core.management import CommandError, call_command
from django.core.management.base import SystemCheckError

from accounts.models import User
from friendships.models import Friendship
from testing.testcases import ApiTestCase
from tweets.models import Tweet


class DemoTests(ApiTestCase):
    def demo(self):
        output = StringIO()
        call_command("demo", stdout=output)
        return output.getvalue()

    def test_it_makes_people_who_follow_each_other_and_say_something(self):
        output = self.demo()
        self.tasks_run()

        alice = self.nobody().post("accounts/login/", username="alice_demo", password="demo-password")
        self.assertEqual(alice.status_code, 200)
        self.assertIn("alice_demo", output)
        self.assertGreater(Friendship.objects.count(), 20)
        self.assertGreater(Tweet.objects.count(), 5)

    def test_alice_finds_a_feed(self):
        self.demo()
        self.tasks_run()
        visitor = self.nobody()
        visitor.post("accounts/login/", username="alice_demo", password="demo-password")

        self.assertGreater(len(visitor.feed()), 3)

    def test_a_second_time_changes_nothing(self):
        self.demo()
        before = User.objects.count(), Friendship.objects.count(), Tweet.objects.count()

        output = self.demo()

        self.assertIn("exist already", output)
        self.assertEqual((User.objects.count(), Friendship.objects.count(), Tweet.objects.count()), before)


class ProductionTests(ApiTestCase):
    def test_secure_refuses_demo_people(self):
        with self.settings(SECURE=True), self.assertRaisesMessage(CommandError, "SECURE=on refuses demo people"):
            call_command("demo")

        self.assertFalse(User.objects.exists())

    def test_secure_does_not_start_where_they_are_until_their_accounts_are_closed(self):
        call_command("demo", stdout=StringIO())
        self.assertIsNone(self.start(SECURE=False))

        refusal = self.start(SECURE=True)
        with self.settings(SECURE=True):
            call_command("demo", "--close", stdout=StringIO())
        self.tasks_run()

        self.assertIn("13 demo people with a published password", refusal)
        self.assertIn("manage.py demo --close", refusal)
        self.assertIsNone(self.start(SECURE=True))
        alice = self.nobody().post("accounts/login/", username="alice_demo", password="demo-password")
        self.assertEqual(alice.status_code, 400)

    def test_who_has_chosen_a_password_of_their_own_stays(self):
        call_command("demo", stdout=StringIO())
        alice = User.objects.get(username="alice_demo")
        alice.set_password("correct horse battery")
        alice.save()

        call_command("demo", "--close", stdout=StringIO())

        self.assertEqual(list(User.objects.filter(is_active=True)), [alice])

    def start(self, **settings):
        """
        Return what Django refuses to start with, None where it has nothing against it.
        """
        with self.settings(**settings):
            try:
                call_command("check", databases=["default"], stdout=StringIO(), stderr=StringIO())
            except SystemCheckError as error:
                return str(error)
        return None


class FirstSuperuserTests(ApiTestCase):
    def test_one_command_makes_a_superuser_whom_the_admin_and_the_api_let_in(self):
        self.enterContext(patch.dict(os.environ, DJANGO_SUPERUSER_PASSWORD="correct horse battery"))

        call_command("createsuperuser", "--noinput", username="Rootsu", email="Root@example.com", stdout=StringIO())

        rootsu = self.nobody()
        login = rootsu.post("accounts/login/", username="rootsu", password="correct horse battery")
        self.assertEqual(login.status_code, 200)
        self.assertEqual(rootsu.client.get("/admin/").status_code, 200)
        self.assertEqual(rootsu.get(f"users/{login.json()['user']['id']}/").json()["tweets_count"], 0)

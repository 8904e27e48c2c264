"""
`manage.py demo`: a small world to look at.
"""

from io import StringIO

from django.core.management import call_command

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

        self.assertIn("are there", output)
        self.assertEqual((User.objects.count(), Friendship.objects.count(), Tweet.objects.count()), before)

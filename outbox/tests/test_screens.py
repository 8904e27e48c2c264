"""
The screen of events that are not handled yet, for superusers.
"""

from datetime import timedelta

from django.test import Client
from django.utils import timezone

from outbox.models import Message
from testing.testcases import ApiTestCase


class TryingAgainTests(ApiTestCase):
    def setUp(self):
        self.alice, self.bob = self.person("alice1"), self.person("bobby1")
        self.bob.follows(self.alice)
        self.everything_settles()
        self.tweet_id = self.alice.tweets()
        # As after a week of failures.
        Message.objects.update(due_at=timezone.now() + timedelta(days=7), attempts=50)
        self.tasks_run()

    def post(self, person):
        browser = Client()
        browser.force_login(person.user)
        ids = list(Message.objects.values_list("id", flat=True))
        form = {"action": "try_again", "_selected_action": ids}
        return browser.post("/admin/outbox/message/", form, follow=True)

    def test_what_waits_for_its_time_is_tried_at_once(self):
        self.assertEqual(self.bob.feed(), [])

        page = self.post(self.person("chief1", is_staff=True, is_superuser=True))
        self.tasks_run()

        self.assertContains(page, "The messages will be tried again now.")
        self.assertEqual(self.bob.feed(), [self.tweet_id])

    def test_nobody_else_may_do_that(self):
        for name, fields in (("staff1", {"is_staff": True}), ("carol1", {})):
            with self.subTest(name=name):
                self.post(self.person(name, **fields))
                self.tasks_run()

                self.assertEqual(self.bob.feed(), [])

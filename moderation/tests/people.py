"""
Moderators, what they look at and what they do.
"""

from django.contrib.auth.models import Group
from django.contrib.messages import get_messages
from django.test import Client, TestCase

from accounts.models import User
from moderation.constants import MODERATORS
from moderation.models import AuditEntry

# The screens of the admin that moderators see.
SCREENS = (
    "accounts/user",
    "accounts/userprofile",
    "tweets/tweet",
    "tweets/tweetphoto",
    "comments/comment",
    "likes/like",
    "friendships/friendship",
    "moderation/report",
    "moderation/auditentry",
)


class Browser(Client):
    """
    A browser whose forms are forms; its requests run their after-commit work.
    """

    def request(self, **kwargs):
        with TestCase.captureOnCommitCallbacks(execute=True):
            return super().request(**kwargs)


class Moderating:
    """
    The admin as a moderator uses it.
    """

    def moderator(self, name="moder1"):
        """
        Return somebody of the staff in the group of moderators, with a browser in the admin.
        """
        person = self.person(name, is_staff=True)
        person.user.groups.add(Group.objects.get(name=MODERATORS))
        return self.in_admin(person)

    def is_suspended(self, person):
        return User.objects.get(id=person.id).suspended_at is not None

    def in_admin(self, person):
        person.browser = Browser()
        person.browser.force_login(person.user)
        return person

    def look(self, person, screen, answer=200, **params):
        """
        Return a page of the admin as text.
        """
        response = person.browser.get(f"/admin/{screen}/", params)
        self.assertEqual(response.status_code, answer, response)
        return response.content.decode()

    def rows(self, person, screen, **params):
        """
        Return the objects that a list shows, in its order.
        """
        response = person.browser.get(f"/admin/{screen}/", params)
        self.assertEqual(response.status_code, 200)
        return list(response.context["cl"].result_list)

    def act(self, person, screen, action, *things, reason="", **headers):
        """
        Run an action on things, and return what the moderator is told.
        """
        data = {"action": action, "_selected_action": [thing.pk for thing in things], "reason": reason}
        response = person.browser.post(f"/admin/{screen}/", data, headers=headers)
        self.assertIn(response.status_code, (302, 200), response)
        told = [str(message) for message in get_messages(response.wsgi_request)]
        # Read, so that they are not told again.
        person.browser.get("/admin/")
        return told

    def trail(self):
        """
        Return the audit trail as (moderator, verb, kind, id, reason), in order.
        """
        entries = AuditEntry.objects.order_by("id")
        return list(entries.values_list("moderator__username", "verb", "target_type", "target_id", "reason"))

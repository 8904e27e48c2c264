"""
Our table in the place of the library's.
"""

from django.db import IntegrityError, connection, transaction
from notifications.signals import notify

from inbox.models import Notification
from inbox.tests.people import InboxTestCase


class SwappedTableTests(InboxTestCase):
    def test_the_librarys_table_is_never_made(self):
        tables = [table for table in connection.introspection.table_names() if table.endswith("notification")]

        self.assertEqual(tables, ["inbox_notification"])

    def test_the_librarys_own_verbs_work_on_ours(self):
        notify.send(self.alice.user, recipient=self.bob.user, verb="followed you", target=self.bob.user, key="wave:1")

        self.assertEqual(self.told(self.bob), [("alice1", "followed you", True)])
        self.assertEqual(self.bob.user.notifications.unread().get().actor, self.alice.user)

    def test_the_same_thing_cannot_be_told_twice(self):
        wave = {"recipient": self.bob.user, "verb": "followed you", "target": self.bob.user, "key": "wave:1"}
        notify.send(self.alice.user, **wave)

        with self.assertRaises(IntegrityError), transaction.atomic():
            notify.send(self.alice.user, **wave)

        self.assertEqual(Notification.objects.count(), 1)

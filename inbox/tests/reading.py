"""
The test case of reading the inbox.
"""

from inbox.services import FollowFact, NotificationService
from inbox.tests.people import InboxTestCase


class ReadingTestCase(InboxTestCase):
    def fans(self, size):
        """
        Let `size` more people follow Bob, in bulk, and tell him; return their ids, the latest first.
        """
        fan_ids = self.crowd(size, following=self.bob)
        NotificationService.reconcile_follows(facts=[FollowFact(fan_id, self.bob.id) for fan_id in fan_ids])
        return fan_ids[::-1]

    def page(self, person=None, **params):
        response = (person or self.bob).get("notifications/", **params)
        self.assertEqual(response.status_code, 200, response.json())
        return response.json()

    def actor_ids(self, page):
        return [row["actor"]["id"] for row in page["results"]]

    def unread_count(self, person):
        response = person.get("notifications/unread-count/")
        self.assertEqual((response.status_code, set(response.json())), (200, {"unread_count"}))
        return response.json()["unread_count"]

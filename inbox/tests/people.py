"""
Alice, Bob and Carol, and what they do to each other.
"""

from testing.testcases import ApiTestCase

FOLLOWED, COMMENTED = "followed you", "commented on your tweet"
LIKED_TWEET, LIKED_COMMENT = "liked your tweet", "liked your comment"


class Doings:
    """
    What people do that somebody is told about, and what they are shown of it.
    """

    def three_people(self):
        self.alice, self.bob, self.carol = (self.person(name) for name in ("alice1", "bobby1", "carol1"))

    def unlikes(self, person, kind, object_id):
        response = person.post("likes/cancel/", content_type=kind, object_id=object_id)
        self.assertEqual(response.status_code, 200, response.json())

    def uncomments(self, person, comment_id):
        response = person.delete(f"comments/{comment_id}/")
        self.assertEqual(response.status_code, 200, response.json())

    def inbox(self, person, **params):
        """
        Return the first page of somebody's notifications, once all tasks have run.
        """
        self.tasks_run()
        response = person.get("notifications/", **params)
        self.assertEqual(response.status_code, 200, response.json())
        return response.json()["results"]

    def told(self, person):
        """
        Return (who, what, still unread) of everything somebody was told, newest first.
        """
        return [(row["actor"]["username"], row["verb"], row["unread"]) for row in self.inbox(person)]

    def reads_all(self, person):
        self.tasks_run()
        return person.post("notifications/mark-all-as-read/").json()["marked_count"]


class InboxTestCase(Doings, ApiTestCase):
    def setUp(self):
        self.three_people()

"""
Bob and the pages of his feed, for the tests of home feeds.
"""

from testing.testcases import ApiTestCase
from utils.database.time_ids import format_time, id_to_datetime


def to_time(tweet_id):
    return format_time(id_to_datetime(tweet_id))


class HomeFeedTestCase(ApiTestCase):
    def bob_who_follows(self, *people):
        bob = self.person("bob")
        for person in people:
            bob.follows(person)
        self.tasks_run()
        return bob

    def page(self, person, **params):
        response = person.get("newsfeeds/", **params)
        self.assertEqual(response.status_code, 200, response.json())
        return response.json()

    def follow_next(self, person, page):
        """
        Return the ids of a page and of all that come after it, in one list a page.
        """
        pages = [[row["id"] for row in page["results"]]]
        while page["has_next_page"]:
            self.assertLess(len(pages), 50, "the pages do not end")
            page = person.client.get(page["next"]).json()
            pages.append([row["id"] for row in page["results"]])
        self.assertIsNone(page["next"])
        return pages

"""
Alice with her tweets, for the tests of timelines.
"""

from testing.testcases import ApiTestCase
from utils.database.time_ids import format_time, id_to_datetime


def to_time(tweet_id):
    return format_time(id_to_datetime(tweet_id))


class TimelineTestCase(ApiTestCase):
    def alice_with_tweets(self, count):
        """
        Return Alice and the ids of her tweets, newest first.
        """
        alice = self.person("alice")
        return alice, [alice.tweets(f"Tweet number {number}") for number in range(count)][::-1]

    def page(self, person, **params):
        response = self.nobody().get("tweets/", user_id=person.id, **params)
        self.assertEqual(response.status_code, 200, response.json())
        return response.json()

    def ids(self, person, **params):
        return [tweet["id"] for tweet in self.page(person, **params)["results"]]

    def follow_next(self, page):
        """
        Return the ids of a page and of all that come after it, in one list a page.
        """
        pages = [[row["id"] for row in page["results"]]]
        while page["has_next_page"]:
            self.assertLess(len(pages), 50, "the pages do not end")
            page = self.nobody().client.get(page["next"]).json()
            pages.append([row["id"] for row in page["results"]])
        self.assertIsNone(page["next"])
        return pages

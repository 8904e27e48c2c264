"""
The test case of lists of followers and followings.
"""

from testing.testcases import ApiTestCase

BAD_LIMITS = ("", "0", "-1", "abc", "1.5", "1e3", " 5", "５", "0x10", "null", "NaN", "-" + "9" * 50, "\x00")


class ListTestCase(ApiTestCase):
    def setUp(self):
        self.alice = self.person("alice1")
        self.path = f"friendships/{self.alice.id}/followers/"

    def page(self, viewer=None, path=None, **params):
        response = (viewer or self.nobody()).get(path or self.path, **params)
        self.assertEqual(response.status_code, 200, response.json())
        return response.json()

    def ids(self, page):
        return [row["user"]["id"] for row in page["results"]]

    def follow(self, url):
        return self.nobody().client.get(url).json()

    def walk(self, page):
        """
        Return the ids of this page and of all that `next` leads to.
        """
        ids = self.ids(page)
        while page["next"]:
            page = self.follow(page["next"])
            ids += self.ids(page)
        return ids

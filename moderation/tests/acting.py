"""
The test case of what moderators do.
"""

from comments.models import Comment
from moderation.models import Report
from moderation.tests.people import Moderating
from testing.testcases import ApiTestCase
from tweets.models import Tweet


class ActionsTestCase(Moderating, ApiTestCase):
    def setUp(self):
        self.alice, self.bob = self.person("alice1"), self.person("bobby1")
        self.mod = self.moderator()

    def report(self, person, kind, object_id):
        response = person.post("reports/", content_type=kind, object_id=object_id, reason="Spam")
        return Report.objects.get(id=response.json()["id"])


class PostedTestCase(ActionsTestCase):
    def setUp(self):
        super().setUp()
        self.bob.follows(self.alice)
        self.tweet_id = self.alice.tweets()
        self.comment_id = self.bob.post("comments/", tweet_id=self.tweet_id, content="Well said").json()["id"]
        self.tasks_run()
        self.tweet, self.comment = Tweet.objects.get(), Comment.objects.get()

    def assert_tweet_is_gone(self):
        self.assert_refused(self.bob.get(f"tweets/{self.tweet_id}/"), 404)
        self.assertEqual((self.bob.feed(), self.alice.feed()), ([], []))
        self.assertEqual(self.nobody().get(f"users/{self.alice.id}/").json()["tweets_count"], 0)

"""
`manage.py feed_count`: how many feeds hold a tweet.
"""

from io import StringIO

from django.core.management import CommandError, call_command

from testing.testcases import ApiTestCase


class FeedCountTests(ApiTestCase):
    def feed_count(self, tweet_id):
        output = StringIO()
        call_command("feed_count", str(tweet_id), stdout=output)
        return output.getvalue()

    def test_it_grows_with_the_fan_out(self):
        alice = self.person("alice")
        self.crowd(5, following=alice)
        tweet_id = alice.tweets()

        before = self.feed_count(tweet_id)
        self.tasks_run()
        after = self.feed_count(tweet_id)

        self.assertIn(f"0 of 5 followers' feeds hold tweet {tweet_id} of user {alice.id}", before)
        self.assertIn("5 of 5 followers' feeds hold", after)
        self.assertIn("the author's own feed holds it too", after)

    def test_of_a_deleted_tweet_it_goes_down_to_none(self):
        alice = self.person("alice")
        self.crowd(3, following=alice)
        tweet_id = alice.tweets()
        self.tasks_run()

        alice.delete(f"tweets/{tweet_id}/")
        self.tasks_run()

        self.assertIn("0 of 3 followers' feeds hold", self.feed_count(tweet_id))
        self.assertIn("the author's own feed does not", self.feed_count(tweet_id))

    def test_of_a_tweet_that_never_was_it_says_so(self):
        with self.assertRaisesMessage(CommandError, "there is no tweet 12345"):
            self.feed_count(12345)

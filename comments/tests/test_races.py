"""
Commenting and taking it back at one moment.
"""

from functools import partial

from comments.models import Comment
from comments.tests.people import Commenting
from likes.models import Like
from testing.testcases import CommittedTestCase
from tweets.models import Tweet


class AtOnceTests(Commenting, CommittedTestCase):
    def test_one_comment_that_is_deleted_six_times_at_once_is_counted_once(self):
        alice = self.person("alice1")
        tweet_id = alice.tweets()
        for others in (0, 1):
            with self.subTest(others=others):
                comment_id = self.comments(alice, tweet_id)

                responses = self.together(*[partial(alice.delete, f"comments/{comment_id}/")] * 6)

                self.assertEqual(sorted(response.status_code for response in responses), [200] + [404] * 5)
                self.assertEqual(Tweet.objects.get().comments_count, others)
                self.comments(alice, tweet_id)

    def test_a_comment_that_is_liked_while_it_is_deleted_leaves_no_like_behind(self):
        alice, bob = self.person("alice1"), self.person("bobby1")
        tweet_id = alice.tweets()
        for _ in range(8):
            comment_id = self.comments(alice, tweet_id)

            responses = self.together(
                partial(alice.delete, f"comments/{comment_id}/"),
                partial(self.like, bob, "comment", comment_id),
                partial(alice.put, f"comments/{comment_id}/", content="Better said"),
            )

            self.assertLess(max(response.status_code for response in responses), 500)
            self.assertFalse(Like.objects.exists())
            self.assertFalse(Comment.objects.exists())

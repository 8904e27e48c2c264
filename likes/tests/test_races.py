"""
Likes, cancels and comments at one moment: rows and counters agree to the last one.
"""

import random
from functools import partial

from django.db.models import Count

from comments.models import Comment
from likes.models import Like
from likes.tests.people import Liking
from testing.testcases import CommittedTestCase
from tweets.models import Tweet

THREADS, ACTS = 8, 25


class AtOnceTests(Liking, CommittedTestCase):
    def setUp(self):
        self.alice = self.person("alice1")
        self.tweet_id = self.alice.tweets()
        self.comment_id = self.comments(self.alice, self.tweet_id)

    def assert_exact(self):
        """
        Check each counter against the rows, in the database and in the API, with caches as they are and without.
        """
        counted = dict(Like.objects.order_by().values_list("object_id").annotate(Count("id")))
        comments = list(Comment.objects.order_by("id"))
        tweet = Tweet.objects.get(id=self.tweet_id)
        self.assertEqual((tweet.comments_count, tweet.likes_count), (len(comments), counted.get(self.tweet_id, 0)))
        for comment in comments:
            self.assertEqual(comment.likes_count, counted.get(comment.id, 0))
        self.everything_settles()
        for _ in range(2):
            detail = self.detail(self.tweet_id)
            feed = self.alice.get("newsfeeds/").json()["results"][0]["tweet"]
            for shown in (detail, feed):
                self.assertEqual(
                    (shown["comments_count"], shown["likes_count"]), (tweet.comments_count, tweet.likes_count)
                )
            self.assertEqual(detail["comments"][0]["likes_count"], comments[0].likes_count)
            self.caches_are_lost()

    def test_two_hundred_likes_cancels_and_comments_from_eight_threads_end_exact(self):
        people = [self.person(f"person{number}") for number in range(THREADS)]
        self.detail(self.tweet_id)
        self.alice.feed()

        def acts(person):
            dice, own, statuses = random.Random(person.id), [], []
            for _ in range(ACTS):
                act = dice.choice(("like", "like", "cancel", "comment", "uncomment", "like comment", "cancel comment"))
                if act == "comment" or (act == "uncomment" and not own):
                    response = person.post("comments/", tweet_id=self.tweet_id, content="Me too")
                    own.append(response.json().get("id"))
                elif act == "uncomment":
                    response = person.delete(f"comments/{own.pop()}/")
                else:
                    kind, id = ("comment", self.comment_id) if "comment" in act else ("tweet", self.tweet_id)
                    response = (self.cancel if "cancel" in act else self.like)(person, kind, id)
                statuses.append(response.status_code)
            return statuses

        responses = sum(self.together(*[partial(acts, person) for person in people]), [])

        self.assertEqual(len(responses), THREADS * ACTS)
        self.assertEqual(set(responses), {200, 201})
        self.assert_exact()

    def test_one_like_that_is_sent_eight_times_at_once_is_one_like(self):
        bob = self.person("bobby1")
        for kind, id in (("tweet", self.tweet_id), ("comment", self.comment_id)):
            responses = self.together(*[partial(self.like, bob, kind, id)] * THREADS)

            self.assertEqual({response.status_code for response in responses}, {201})
            self.assertEqual(len({response.json()["created_at"] for response in responses}), 1)
        self.assertEqual(Like.objects.count(), 2)
        self.assert_exact()

    def test_one_like_that_is_cancelled_eight_times_at_once_is_cancelled_once(self):
        bob = self.person("bobby1")
        self.likes(bob, "tweet", self.tweet_id)

        responses = self.together(*[partial(self.cancel, bob, "tweet", self.tweet_id)] * THREADS)

        self.assertEqual(sorted(response.json()["deleted"] for response in responses), [0] * (THREADS - 1) + [1])
        self.assert_exact()

    def test_a_tweet_that_is_deleted_while_it_is_liked_and_commented_on_stays_exact(self):
        people = [self.person(f"person{number}") for number in range(3)]

        responses = self.together(
            partial(self.alice.delete, f"tweets/{self.tweet_id}/"),
            *[partial(self.like, person, "tweet", self.tweet_id) for person in people],
            *[partial(person.post, "comments/", tweet_id=self.tweet_id, content="Me too") for person in people],
        )

        self.assertLess(max(response.status_code for response in responses), 500)
        tweet = Tweet.objects.get(id=self.tweet_id)
        self.assertEqual(tweet.likes_count, Like.objects.count())
        self.assertEqual(tweet.comments_count, Comment.objects.count())

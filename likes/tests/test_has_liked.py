"""
Whether the reader likes what is on the page: right everywhere, and what it costs.
"""

from unittest import mock

import pytest

from comments.models import Comment
from likes import cache
from likes.services import LikeService
from likes.tests.people import Liking
from testing.testcases import ApiTestCase
from tweets.models import Tweet


class HasLikedTestCase(Liking, ApiTestCase):
    def setUp(self):
        self.alice, self.bob = self.person("alice1"), self.person("bobby1")
        self.bob.follows(self.alice)
        self.tasks_run()

    def alice_tweets(self, count):
        """
        Let Alice tweet some more, and return the ids, oldest first.
        """
        ids = [self.alice.tweets(f"Number {number} of mine") for number in range(count)]
        self.tasks_run()
        return ids

    def rows(self, person, path, **params):
        page = person.get(path, **params).json()
        return [row.get("tweet", row) for row in page.get("results", page.get("comments"))]

    def liked(self, person, path, **params):
        return {row["id"] for row in self.rows(person, path, **params) if row["has_liked"]}


class EverywhereTests(HasLikedTestCase):
    def seen(self, viewer, tweet_id, comment_id):
        """
        Return what every page says: of the tweet, and of the comment.
        """
        tweets = [
            viewer.get(f"tweets/{tweet_id}/").json(),
            self.rows(viewer, "tweets/", user_id=self.alice.id)[0],
        ]
        if viewer in (self.alice, self.bob):
            tweets.append(self.rows(viewer, "newsfeeds/")[0])
        comments = [tweets[0]["comments"][0], self.rows(viewer, "comments/", tweet_id=tweet_id)[0]]
        self.assertEqual({tweet["id"] for tweet in tweets}, {tweet_id})
        return {tweet["has_liked"] for tweet in tweets}, {comment["has_liked"] for comment in comments}

    def test_it_is_about_the_reader_and_turns_with_each_like(self):
        (tweet_id,) = self.alice_tweets(1)
        comment_id = self.comments(self.alice, tweet_id)
        expected = ({False}, {False})
        for step, (act, kind) in enumerate(
            [(self.like, "tweet"), (self.like, "comment"), (self.cancel, "tweet"), (self.cancel, "comment")]
        ):
            with self.subTest(step=step):
                self.assertEqual(self.seen(self.bob, tweet_id, comment_id), expected)

                act(self.bob, kind, tweet_id if kind == "tweet" else comment_id)

                expected = [({True}, {False}), ({True}, {True}), ({False}, {True}), ({False}, {False})][step]
                self.assertEqual(self.seen(self.bob, tweet_id, comment_id), expected)
                for other in (self.alice, self.nobody()):
                    self.assertEqual(self.seen(other, tweet_id, comment_id), ({False}, {False}))

    def test_the_answer_to_a_new_tweet_and_comment_has_it_too(self):
        tweet = self.alice.post("tweets/", content="Fresh from the press").json()
        comment = self.bob.post("comments/", tweet_id=tweet["id"], content="Well said").json()

        self.assertIs(tweet["has_liked"], False)
        self.assertIs(comment["has_liked"], False)

    def test_it_survives_an_edit_of_the_comment(self):
        (tweet_id,) = self.alice_tweets(1)
        comment_id = self.comments(self.bob, tweet_id)
        self.likes(self.bob, "comment", comment_id)

        edited = self.bob.put(f"comments/{comment_id}/", content="Better said").json()

        self.assertEqual((edited["has_liked"], edited["likes_count"]), (True, 1))

    def test_a_page_of_twenty_says_it_of_each(self):
        ids = self.alice_tweets(20)
        for tweet_id in ids[::3]:
            self.likes(self.bob, "tweet", tweet_id)

        self.assertEqual(self.liked(self.bob, "newsfeeds/"), set(ids[::3]))
        self.assertEqual(self.liked(self.bob, "tweets/", user_id=self.alice.id), set(ids[::3]))
        self.assertEqual(self.liked(self.alice, "newsfeeds/"), set())

    def test_it_is_right_when_every_cache_is_lost(self):
        ids = self.alice_tweets(3)
        self.likes(self.bob, "tweet", ids[1])

        self.caches_are_lost()

        self.assertEqual(self.liked(self.bob, "newsfeeds/"), {ids[1]})


class MoreThanAreCachedTests(HasLikedTestCase):
    def setUp(self):
        super().setUp()
        self.enterContext(mock.patch.object(cache, "CACHED_LIKES", 3))
        self.ids = self.alice_tweets(10)

    def test_older_likes_are_found_too(self):
        for tweet_id in self.ids[::2]:
            self.likes(self.bob, "tweet", tweet_id)

        for _ in range(2):
            self.assertEqual(self.liked(self.bob, "newsfeeds/"), set(self.ids[::2]))

    def test_taking_an_older_one_back_is_seen(self):
        for tweet_id in self.ids:
            self.likes(self.bob, "tweet", tweet_id)
        self.assertEqual(self.liked(self.bob, "newsfeeds/"), set(self.ids))

        self.cancel(self.bob, "tweet", self.ids[0])

        self.assertEqual(self.liked(self.bob, "newsfeeds/"), set(self.ids[1:]))

    def test_an_old_tweet_that_is_liked_late_is_seen(self):
        for tweet_id in self.ids[5:]:
            self.likes(self.bob, "tweet", tweet_id)
        self.assertEqual(self.liked(self.bob, "newsfeeds/"), set(self.ids[5:]))

        self.likes(self.bob, "tweet", self.ids[0])

        self.assertEqual(self.liked(self.bob, "newsfeeds/"), {self.ids[0], *self.ids[5:]})

    def test_exactly_as_many_as_are_cached_is_no_special_case(self):
        for tweet_id in self.ids[2:5]:
            self.likes(self.bob, "tweet", tweet_id)

        self.assertEqual(self.liked(self.bob, "newsfeeds/"), set(self.ids[2:5]))

    def test_they_cost_one_query_a_page(self):
        for tweet_id in self.ids:
            self.likes(self.bob, "tweet", tweet_id)
        self.caches_are_lost()
        liked_ids = LikeService.load_liked_among(viewer=self.bob.user, model=Tweet, ids=self.ids)

        count = self.count_queries(LikeService.load_liked_among, viewer=self.bob.user, model=Tweet, ids=self.ids)

        self.assertEqual(liked_ids, set(self.ids))
        self.assertEqual(count, 1)

    def test_comments_have_a_cache_of_their_own(self):
        comment_ids = [self.comments(self.alice, self.ids[0]) for _ in range(6)]
        for comment_id in comment_ids[:5]:
            self.likes(self.bob, "comment", comment_id)
        self.likes(self.bob, "tweet", self.ids[9])

        self.assertEqual(self.liked(self.bob, "comments/", tweet_id=self.ids[0]), set(comment_ids[:5]))
        self.assertEqual(LikeService.load_liked_among(viewer=self.bob.user, model=Comment, ids=self.ids), set())


class CostTests(HasLikedTestCase):
    def test_a_page_costs_the_same_whatever_is_liked_on_it(self):
        counts, ids = [], []
        for size in (1, 20, 100):
            ids += self.alice_tweets(size - len(ids))
            for tweet_id in ids[::2]:
                self.likes(self.bob, "tweet", tweet_id)
            self.caches_are_lost()
            counts.append(self.count_queries(self.bob.get, "newsfeeds/", limit=100))
            self.assertEqual(self.liked(self.bob, "newsfeeds/", limit=100), set(ids[::2]))

        # Bob's token and its note of use, Bob, the ids, the tweets, the photos or authors, the likes.
        self.assertEqual(counts, [counts[0]] * 3)
        self.assertLessEqual(counts[0], 8)

    @pytest.mark.stack
    def test_on_a_warm_feed_likes_cost_no_query(self):
        ids = self.alice_tweets(20)
        for tweet_id in ids[::2]:
            self.likes(self.bob, "tweet", tweet_id)
        self.tasks_run()
        self.caches_are_lost()
        liked = self.liked(self.bob, "newsfeeds/")

        count = self.count_queries(self.bob.get, "newsfeeds/")

        self.assertEqual(count, 0)
        self.assertEqual(liked, set(ids[::2]))

    @pytest.mark.stack
    def test_a_like_changes_a_number_and_not_the_cached_text(self):
        (tweet_id,) = self.alice_tweets(1)
        self.caches_are_lost()
        self.rows(self.alice, "newsfeeds/")
        self.likes(self.bob, "tweet", tweet_id)

        with self.assertNumQueries(0):
            (row,) = self.rows(self.alice, "newsfeeds/")

        self.assertEqual((row["likes_count"], row["has_liked"]), (1, False))

"""
Who likes a tweet, as its page shows it: newest first, bounded, without those who are hidden.
"""

from accounts.models import User
from likes.constants import SHOWN_LIKES
from likes.models import Like
from likes.services import LikeService
from likes.tests.people import Liking
from testing.testcases import ApiTestCase
from tweets.models import Tweet


class LikesOfATweetTestCase(Liking, ApiTestCase):
    def setUp(self):
        self.alice = self.person("alice1")
        self.staff = self.person("staff1", is_staff=True)
        self.tweet_id = self.alice.tweets()

    def crowd_likes(self, size):
        """
        Let a crowd like the tweet; return their ids, the latest first.
        """
        user_ids = self.crowd(size, following=self.alice)
        self.all_like(user_ids, Tweet.objects.get(id=self.tweet_id))
        return user_ids[::-1]

    def likers(self, viewer=None):
        return [like["user"]["id"] for like in self.detail(self.tweet_id, viewer)["likes"]]


class ShownLikesTests(LikesOfATweetTestCase):
    def test_nobody_likes_it_yet(self):
        self.assertEqual(self.detail(self.tweet_id)["likes"], [])

    def test_the_newest_come_first_and_no_more_than_twenty(self):
        likers = self.crowd_likes(SHOWN_LIKES + 5)

        tweet = self.detail(self.tweet_id)

        self.assertEqual([like["user"]["id"] for like in tweet["likes"]], likers[:SHOWN_LIKES])
        times = [like["created_at"] for like in tweet["likes"]]
        self.assertEqual(times, sorted(times, reverse=True))
        self.assertEqual(tweet["likes_count"], SHOWN_LIKES + 5)

    def test_a_row_is_what_liking_answered(self):
        bob = self.person("bobby1")

        like = self.likes(bob, "tweet", self.tweet_id)

        self.assertEqual(self.detail(self.tweet_id)["likes"], [like])

    def test_likes_of_its_comments_are_not_among_them(self):
        bob = self.person("bobby1")
        comment_id = self.comments(bob, self.tweet_id)

        self.likes(bob, "comment", comment_id)

        tweet = self.detail(self.tweet_id)
        self.assertEqual((tweet["likes"], tweet["likes_count"]), ([], 0))

    def test_it_costs_the_same_for_one_and_for_a_hundred_cold_and_warm(self):
        bob, cold, warm = self.person("bobby1"), [], []
        self.detail(self.tweet_id, bob)
        for more in (1, 19, 80):
            self.crowd_likes(more)
            cold.append(self.count_queries(bob.get, f"tweets/{self.tweet_id}/"))
            warm.append(self.count_queries(bob.get, f"tweets/{self.tweet_id}/"))

        self.assertEqual((cold, warm), ([cold[0]] * 3, [warm[0]] * 3))
        # The tweet, its comments, its likes and those who like it; Bob, his token, and what he likes.
        self.assertLessEqual(cold[0], 11)
        self.assertLess(warm[0], cold[0])


class HiddenLikersTests(LikesOfATweetTestCase):
    def test_a_suspended_one_is_hidden_from_all_but_staff_until_restored(self):
        bob = self.person("bobby1")
        self.likes(bob, "tweet", self.tweet_id)
        self.assertEqual(self.likers(), [bob.id])

        self.suspend(bob.user)
        hidden = self.likers(), self.likers(self.alice), self.likers(self.staff)
        self.restore(bob.user)

        self.assertEqual(hidden, ([], [], [bob.id]))
        self.assertEqual(self.likers(), [bob.id])

    def test_the_counter_counts_them_all_the_same(self):
        bob = self.person("bobby1")
        self.likes(bob, "tweet", self.tweet_id)

        self.suspend(bob.user)

        self.assertEqual(self.detail(self.tweet_id)["likes_count"], 1)

    def test_their_places_are_filled_by_older_ones(self):
        likers = self.crowd_likes(SHOWN_LIKES * 3)
        suspended = set(likers[: SHOWN_LIKES + 10 : 2] + likers[1:20:4])
        User.objects.filter(id__in=suspended).update(suspended_at="2026-01-01T00:00:00Z")
        self.caches_are_lost()

        shown = self.likers()

        self.assertEqual(shown, [user_id for user_id in likers if user_id not in suspended][:SHOWN_LIKES])
        self.assertEqual(self.likers(self.staff), likers[:SHOWN_LIKES])

    def test_a_closed_account_is_gone_for_staff_too(self):
        bob, carol = self.person("bobby1"), self.person("carol1")
        self.likes(carol, "tweet", self.tweet_id)
        self.likes(bob, "tweet", self.tweet_id)

        self.closes(bob)

        for viewer in (self.nobody(), self.staff):
            self.assertEqual(self.likers(viewer), [carol.id])

    def test_when_its_tasks_have_run_the_counter_knows_it_too(self):
        bob = self.person("bobby1")
        comment_id = self.comments(self.alice, self.tweet_id)
        self.likes(bob, "tweet", self.tweet_id)
        self.likes(bob, "comment", comment_id)

        self.closes(bob)
        self.everything_settles()

        tweet = self.detail(self.tweet_id)
        self.assertEqual((tweet["likes_count"], tweet["comments"][0]["likes_count"]), (0, 0))
        self.assertFalse(Like.objects.exists())

    def test_withdrawing_what_is_withdrawn_changes_nothing(self):
        bob = self.person("bobby1")
        self.likes(bob, "tweet", self.tweet_id)
        self.closes(bob)

        for _ in range(2):
            with self.captureOnCommitCallbacks(execute=True):
                LikeService.purge_some(user_id=bob.id)

            self.assertEqual(self.detail(self.tweet_id)["likes_count"], 0)

    def test_nothing_is_withdrawn_of_somebody_whose_account_is_open(self):
        bob = self.person("bobby1")
        self.likes(bob, "tweet", self.tweet_id)

        LikeService.purge_some(user_id=bob.id)

        self.assertEqual(self.detail(self.tweet_id)["likes_count"], 1)

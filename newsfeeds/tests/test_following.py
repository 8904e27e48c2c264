"""
What following and unfollowing do to the follower's feed.
"""

from friendships.models import Friendship
from newsfeeds.services import NewsFeedService, PostingService
from newsfeeds.storage import store_to_read
from testing.testcases import ApiTestCase


class FollowingTests(ApiTestCase):
    def test_bob_finds_what_alice_said_before_he_followed_her(self):
        alice, bob = self.person("alice"), self.person("bob")
        ids = [alice.tweets() for _ in range(3)][::-1]
        self.assertEqual(bob.feed(), [])

        bob.follows(alice)
        self.tasks_run()

        self.assertEqual(bob.feed(), ids)

    def test_of_a_hundred_and_one_tweets_he_finds_the_newest_hundred(self):
        alice, bob = self.person("alice"), self.person("bob")
        ids = [PostingService.post_tweet(author=alice.user, content=f"Tweet {n}").id for n in range(101)][::-1]
        self.tasks_run()

        bob.follows(alice)
        self.tasks_run()

        self.assertEqual(self.rows_of(bob), ids[:100])
        self.assertEqual(bob.feed(limit=100), ids[:100])

    def test_deleted_tweets_do_not_count_among_the_hundred(self):
        alice, bob = self.person("alice"), self.person("bob")
        ids = [PostingService.post_tweet(author=alice.user, content=f"Tweet {n}").id for n in range(101)][::-1]
        alice.delete(f"tweets/{ids[0]}/")

        bob.follows(alice)
        self.tasks_run()

        self.assertEqual(self.rows_of(bob), ids[1:])

    def test_following_twice_brings_each_tweet_once(self):
        alice, bob = self.person("alice"), self.person("bob")
        ids = [alice.tweets(), alice.tweets()][::-1]

        for _ in range(2):
            bob.follows(alice)
            self.tasks_run()

        self.assertEqual(self.rows_of(bob), ids)
        self.assertEqual(bob.feed(), ids)

    def test_unfollowing_takes_her_tweets_away_and_no_others(self):
        alice, bob, carol = self.person("alice"), self.person("bob"), self.person("carol")
        bob.follows(alice)
        bob.follows(carol)
        self.tasks_run()
        alice.tweets()
        kept = [carol.tweets(), bob.tweets()][::-1]
        alice.tweets()
        self.tasks_run()
        self.assertEqual(len(bob.feed()), 4)

        bob.unfollows(alice)
        self.tasks_run()

        self.assertEqual(self.rows_of(bob), kept)
        self.assertEqual(bob.feed(), kept)

    def test_unfollowing_takes_more_than_the_backfilled_hundred_away(self):
        alice, bob = self.person("alice"), self.person("bob")
        bob.follows(alice)
        for number in range(130):
            PostingService.post_tweet(author=alice.user, content=f"Tweet {number}")
        self.tasks_run()
        self.assertEqual(len(self.rows_of(bob)), 130)

        bob.unfollows(alice)
        self.tasks_run()

        self.assertEqual(self.rows_of(bob), [])

    def test_unfollowing_leaves_other_followers_alone(self):
        alice, bob, carol = self.person("alice"), self.person("bob"), self.person("carol")
        bob.follows(alice)
        carol.follows(alice)
        tweet_id = alice.tweets()
        self.tasks_run()

        bob.unfollows(alice)
        self.tasks_run()

        self.assertEqual((alice.feed(), bob.feed(), carol.feed()), ([tweet_id], [], [tweet_id]))

    def test_following_again_brings_each_tweet_back_once(self):
        alice, bob = self.person("alice"), self.person("bob")
        bob.follows(alice)
        ids = [alice.tweets(), alice.tweets()][::-1]
        self.tasks_run()
        bob.feed()

        bob.unfollows(alice)
        self.tasks_run()
        bob.follows(alice)
        self.tasks_run()

        self.assertEqual(self.rows_of(bob), ids)
        self.assertEqual(bob.feed(), ids)

    def test_follow_unfollow_and_follow_before_any_task_ran_end_as_a_follow(self):
        alice, bob = self.person("alice"), self.person("bob")
        tweet_id = alice.tweets()

        bob.follows(alice)
        bob.unfollows(alice)
        bob.follows(alice)
        self.tasks_run()

        self.assertEqual(bob.feed(), [tweet_id])

    def test_follow_and_unfollow_before_any_task_ran_end_as_none(self):
        alice, bob = self.person("alice"), self.person("bob")
        alice.tweets()

        bob.follows(alice)
        bob.unfollows(alice)
        self.tasks_run()

        self.assertEqual(self.rows_of(bob), [])

    def test_unfollowing_somebody_never_followed_changes_nothing(self):
        alice, bob = self.person("alice"), self.person("bob")
        alice.tweets()
        own = bob.tweets()
        self.tasks_run()

        response = bob.post(f"friendships/{alice.id}/unfollow/")
        self.tasks_run()

        self.assertEqual(response.json(), {"success": True, "deleted": 0})
        self.assertEqual(bob.feed(), [own])

    def test_a_tweet_deleted_between_follow_and_backfill_is_not_brought(self):
        alice, bob = self.person("alice"), self.person("bob")
        kept, tweet_id = alice.tweets(), alice.tweets()

        bob.follows(alice)
        alice.delete(f"tweets/{tweet_id}/")
        self.tasks_run()

        self.assertEqual(self.rows_of(bob), [kept])

    def test_each_further_follow_of_a_batch_costs_one_statement_at_most(self):
        alice, costs = self.person("alice"), []
        tweet_id = alice.tweets()
        self.tasks_run()
        for size in (1, 25):
            fan_ids = self.crowd(size, following=alice)
            friendships = Friendship.objects.filter(from_user_id__in=fan_ids, to_user_id=alice.id)
            changes = list(friendships.values_list("from_user_id", "to_user_id", "id"))

            with self.captureOnCommitCallbacks(execute=True):
                costs.append(self.count_queries(NewsFeedService.reconcile, changes=changes))

            self.assertEqual(store_to_read(alice.id).count_feeds_with(tweet_id, fan_ids), size)

        one, many = costs
        self.assertLessEqual(many - one, 24)

    def test_some_follow_some_unfollow_and_some_follow_again_in_one_batch(self):
        alice, bob, carol, dora = (self.person(name) for name in ("alice", "bob", "carol", "dora"))
        tweet_ids = [author.tweets() for author in (alice, dora)]
        for author in (alice, dora):
            bob.follows(author)
        carol.follows(alice)
        self.tasks_run()

        bob.unfollows(alice)
        bob.follows(alice)
        carol.unfollows(alice)
        carol.follows(dora)
        bob.unfollows(dora)
        self.tasks_run()

        self.assertEqual(self.rows_of(bob), tweet_ids[:1])
        self.assertEqual(self.rows_of(carol), tweet_ids[1:])

"""
`manage.py reconcile_counters`: every counter against the rows that it counts.
"""

from functools import partial
from io import StringIO
from unittest import mock

from django.core.management import call_command
from django.utils import timezone

from accounts.models import User, UserProfile
from comments.models import Comment
from comments.services import CommentService
from friendships.services import FriendshipService
from likes.models import Like
from likes.services import LikeService
from testing.testcases import ApiTestCase, CommittedTestCase
from tweets.models import Tweet
from tweets.services import TweetCountService
from twitter.management.commands import reconcile_counters


class World:
    """
    Alice has tweeted, Bob follows her, has commented and likes both.
    """

    def make_world(self):
        self.alice, self.bob = self.person("alice1"), self.person("bobby1")
        self.bob.follows(self.alice)
        self.alice.delete(f"tweets/{self.alice.tweets('Not for long')}/")
        self.tweet_id = self.alice.tweets()
        comment = self.bob.post("comments/", tweet_id=self.tweet_id, content="Well said").json()
        self.comment_id = comment["id"]
        self.likes(self.bob, "tweet", self.tweet_id)
        self.likes(self.bob, "comment", self.comment_id)
        self.tasks_run()

    def reconcile(self, *arguments):
        output = StringIO()
        call_command("reconcile_counters", *arguments, stdout=output)
        return output.getvalue().splitlines()

    def break_every_counter(self):
        """
        Make every counter wrong behind the services' backs; return what the command should say of each.
        """
        alice, bob = (UserProfile.objects.get(user_id=person.id) for person in (self.alice, self.bob))
        UserProfile.objects.filter(id=alice.id).update(tweets_count=7, followers_count=0)
        UserProfile.objects.filter(id=bob.id).update(followings_count=3)
        Tweet.objects.filter(id=self.tweet_id).update(comments_count=0, likes_count=9)
        Comment.objects.filter(id=self.comment_id).update(likes_count=5)
        return [
            f"accounts_userprofile {alice.id}: tweets_count was 7, is 1",
            f"accounts_userprofile {alice.id}: followers_count was 0, is 1",
            f"accounts_userprofile {bob.id}: followings_count was 3, is 1",
            f"tweets_tweet {self.tweet_id}: comments_count was 0, is 1",
            f"tweets_tweet {self.tweet_id}: likes_count was 9, is 1",
            f"comments_comment {self.comment_id}: likes_count was 5, is 1",
        ]


class ReconcilingTests(World, ApiTestCase):
    def setUp(self):
        self.make_world()

    def shown(self):
        tweet = self.nobody().get(f"tweets/{self.tweet_id}/").json()
        alice = self.nobody().get(f"users/{self.alice.id}/").json()
        bob = self.nobody().get(f"users/{self.bob.id}/").json()
        return (
            (tweet["comments_count"], tweet["likes_count"], tweet["comments"][0]["likes_count"]),
            (alice["tweets_count"], alice["followers_count"], alice["followings_count"]),
            (bob["tweets_count"], bob["followers_count"], bob["followings_count"]),
        )

    def test_where_nothing_has_drifted_it_says_so_and_changes_nothing(self):
        before = Tweet.objects.values().get(id=self.tweet_id)

        output = self.reconcile()

        self.assertEqual(output, ["no drift"])
        self.assertEqual(Tweet.objects.values().get(id=self.tweet_id), before)

    def test_each_drift_is_named_and_repaired(self):
        true, expected = self.shown(), self.break_every_counter()

        output = self.reconcile()

        self.assertEqual(set(output[:-1]), set(expected))
        self.assertEqual(output[-1], "6 counters had drifted and are repaired")
        self.assertEqual(self.shown(), true)

    def test_a_second_time_there_is_nothing_to_do(self):
        self.break_every_counter()
        self.reconcile()

        self.assertEqual(self.reconcile(), ["no drift"])

    def test_a_dry_run_tells_the_same_and_repairs_nothing(self):
        expected = self.break_every_counter()

        output = self.reconcile("--dry-run")

        self.assertEqual(set(output[:-1]), set(expected))
        self.assertEqual(output[-1], "6 counters have drifted")
        self.assertEqual(set(self.reconcile("--dry-run")[:-1]), set(expected))

    def test_readers_with_warm_caches_see_the_repair_at_once(self):
        true = self.shown()
        self.break_every_counter()
        self.caches_are_lost()
        self.assertEqual(self.shown()[0], (0, 9, 5))
        self.assertEqual(self.bob.get("newsfeeds/").json()["results"][0]["tweet"]["likes_count"], 9)

        with self.captureOnCommitCallbacks(execute=True):
            self.reconcile()

        self.assertEqual(self.shown(), true)
        self.assertEqual(self.bob.get("newsfeeds/").json()["results"][0]["tweet"]["likes_count"], 1)

    def test_a_repaired_tweet_is_newer_than_what_caches_hold_and_an_event_tells_them_again(self):
        self.break_every_counter()
        revision = Tweet.objects.get(id=self.tweet_id).revision

        self.reconcile()

        self.assertEqual(Tweet.objects.get(id=self.tweet_id).revision, revision + 2)
        self.assertEqual(self.tasks_run_once(), 2)

    def test_likes_of_a_deleted_tweet_are_in_step_with_its_counter_when_their_owner_leaves(self):
        self.alice.delete(f"tweets/{self.tweet_id}/")
        User.objects.filter(id=self.bob.id).update(deleted_at=timezone.now())
        LikeService.purge_some(user_id=self.bob.id)

        self.assertEqual(self.reconcile(), ["no drift"])
        self.assertEqual(Tweet.objects.get(id=self.tweet_id).likes_count, 0)

    def test_a_like_without_a_counter_is_found_across_chunks(self):
        tweet_ids = [self.alice.tweets(f"Number {number} of seven") for number in range(7)]
        Tweet.objects.filter(id__in=tweet_ids[::3]).update(likes_count=2)

        with mock.patch.object(reconcile_counters, "CHUNK", 2):
            output = self.reconcile()

        self.assertEqual(
            output[:-1], [f"tweets_tweet {tweet_id}: likes_count was 2, is 0" for tweet_id in tweet_ids[::3]]
        )

    def test_only_the_first_are_named_and_all_are_counted(self):
        self.break_every_counter()

        with mock.patch.object(reconcile_counters, "MAX_REPORTED", 2):
            output = self.reconcile()

        self.assertEqual((len(output), output[-1]), (3, "6 counters had drifted and are repaired"))

    def test_what_moves_between_the_look_and_the_lock_is_no_drift(self):
        counter = TweetCountService.get_counters()[0]
        profile = UserProfile.objects.get(user_id=self.alice.id)
        suspects = counter.find_suspects([(profile.id, self.alice.id, 0)])

        self.assertEqual(suspects, [profile.id])
        self.assertIsNone(counter.get_drift(pk=profile.id))
        self.assertIsNone(counter.repair(pk=profile.id))

    def test_every_counting_column_of_the_project_is_looked_at(self):
        services = (TweetCountService, FriendshipService, CommentService, LikeService)
        known = {(counter.parent, counter.name) for service in services for counter in service.get_counters()}
        columns = {
            (model, field.name)
            for model in (UserProfile, Tweet, Comment)
            for field in model._meta.concrete_fields
            if field.name.endswith("_count")
        }

        self.assertEqual(known, columns)


class CountersAtZeroTests(World, ApiTestCase):
    """
    A counter that has drifted down to zero stays there: what it no longer counts can be taken back all the same.
    """

    def setUp(self):
        self.make_world()
        UserProfile.objects.update(tweets_count=0, followers_count=0, followings_count=0)
        Tweet.objects.update(comments_count=0, likes_count=0)
        Comment.objects.update(likes_count=0)
        self.caches_are_lost()

    def counts(self, person):
        user = self.nobody().get(f"users/{person.id}/").json()
        return user["followers_count"], user["followings_count"], user["tweets_count"]

    def test_of_comments_and_likes(self):
        withdrawn = [
            self.bob.post("likes/cancel/", content_type=kind, object_id=object_id)
            for kind, object_id in (("comment", self.comment_id), ("tweet", self.tweet_id))
        ]
        deleted = self.bob.delete(f"comments/{self.comment_id}/")

        tweet = self.nobody().get(f"tweets/{self.tweet_id}/").json()
        self.assertEqual([response.status_code for response in (*withdrawn, deleted)], [200, 200, 200])
        self.assertEqual((tweet["comments_count"], tweet["likes_count"]), (0, 0))
        self.assertEqual((tweet["comments"], tweet["likes"]), ([], []))

    def test_of_followers_and_tweets(self):
        self.bob.unfollows(self.alice)
        deleted = self.alice.delete(f"tweets/{self.tweet_id}/")

        self.assertEqual(deleted.status_code, 204)
        self.assertEqual((self.counts(self.alice), self.counts(self.bob)), ((0, 0, 0), (0, 0, 0)))
        self.assertEqual(self.alice.get("tweets/", user_id=self.alice.id).json()["results"], [])


class UnderTrafficTests(World, CommittedTestCase):
    def test_reconciling_while_people_like_and_comment_finds_and_makes_no_drift(self):
        self.make_world()
        people = [self.person(f"person{number}") for number in range(4)]

        def acts(person):
            for _ in range(4):
                self.likes(person, "tweet", self.tweet_id)
                comment = person.post("comments/", tweet_id=self.tweet_id, content="Me too").json()
                person.post("likes/cancel/", content_type="tweet", object_id=self.tweet_id)
                person.delete(f"comments/{comment['id']}/")
            self.likes(person, "tweet", self.tweet_id)

        outputs = self.together(*[partial(acts, person) for person in people], *[self.reconcile] * 2)

        self.assertEqual(outputs[4:], [["no drift"]] * 2)
        self.assertEqual(self.reconcile(), ["no drift"])
        self.assertEqual(self.nobody().get(f"tweets/{self.tweet_id}/").json()["likes_count"], 5)
        self.assertEqual(Like.objects.filter(object_id=self.tweet_id).count(), 5)

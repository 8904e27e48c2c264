"""
Following, unfollowing, posting, deleting and delivering at one moment: the end is always the truth.
"""

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import pytest
from django.test import override_settings
from django.utils import timezone

from accounts.models import UserProfile
from friendships.models import Friendship
from newsfeeds.tests.holding import an_unfollow_that_does_not_commit, get_waiting_batches
from outbox.models import Message
from testing.testcases import CommittedTestCase
from tweets.models import Tweet

ROUNDS = 8


@override_settings(FAN_OUT_BATCH_SIZE=2)
class RaceTestCase(CommittedTestCase):
    def assert_truth(self, *people):
        """
        Check rows, pages and counters against the tweets and friendships that there are.
        """
        self.everything_settles()
        for person in people:
            authors = [person.id, *Friendship.objects.filter(from_user=person.id).values_list("to_user_id", flat=True)]
            tweets = Tweet.objects.not_deleted().filter(user_id__in=authors).order_by("-id")
            truth = list(tweets.values_list("id", flat=True))
            self.assertEqual(self.rows_of(person), truth, person.name)
            self.assertEqual(person.feed(limit=100), truth, person.name)
            own = [tweet["id"] for tweet in person.get("tweets/", user_id=person.id, limit=100).json()["results"]]
            self.assertEqual(own, [tweet.id for tweet in tweets if tweet.user_id == person.id], person.name)
            profile = UserProfile.objects.get(user_id=person.id)
            self.assertEqual(
                (profile.tweets_count, profile.followings_count, profile.followers_count),
                (
                    len(own),
                    Friendship.objects.filter(from_user=person.id).count(),
                    Friendship.objects.filter(to_user=person.id).count(),
                ),
                person.name,
            )


class RacingTests(RaceTestCase):
    def test_bob_follows_while_alice_posts(self):
        alice = self.person("alice")
        for number in range(ROUNDS):
            bob = self.person(f"bob{number}")

            self.together(partial(bob.follows, alice), alice.tweets, self.tasks_run)

            self.assert_truth(alice, bob)

    def test_bob_unfollows_while_alices_tweet_is_delivered(self):
        alice, bob, carol = self.person("alice"), self.person("bob"), self.person("carol")
        carol.follows(alice)
        for _ in range(ROUNDS):
            bob.follows(alice)
            self.everything_settles()
            alice.tweets()
            self.tasks_run_once()

            self.together(partial(bob.unfollows, alice), self.tasks_run, bob.feed)

            self.assert_truth(alice, bob, carol)

    def test_alice_deletes_while_her_tweet_is_delivered(self):
        alice, bob, carol = self.person("alice"), self.person("bob"), self.person("carol")
        bob.follows(alice)
        carol.follows(alice)
        self.everything_settles()
        for _ in range(ROUNDS):
            tweet_id = alice.tweets()
            self.tasks_run_once()

            self.together(partial(alice.delete, f"tweets/{tweet_id}/"), self.tasks_run, bob.feed, carol.feed)

            self.assert_truth(alice, bob, carol)

    def test_bob_follows_while_alice_deletes(self):
        alice = self.person("alice")
        kept = alice.tweets()
        for number in range(ROUNDS):
            bob = self.person(f"bob{number}")
            tweet_id = alice.tweets()

            self.together(partial(bob.follows, alice), partial(alice.delete, f"tweets/{tweet_id}/"), self.tasks_run)

            self.assert_truth(alice, bob)
            self.assertEqual(bob.feed(), [kept])

    def test_bob_follows_and_unfollows_at_one_moment(self):
        alice, bob = self.person("alice"), self.person("bob")
        alice.tweets()
        for _ in range(ROUNDS):
            self.together(partial(bob.follows, alice), partial(bob.unfollows, alice), self.tasks_run, self.tasks_run)

            self.assert_truth(alice, bob)

    def test_what_is_deleted_while_bob_does_not_follow_is_gone_although_he_follows_again_before_that_is_settled(self):
        alice, bob = self.person("alice"), self.person("bob")
        bob.follows(alice)
        deleted, kept = alice.tweets(), alice.tweets()
        self.everything_settles()

        bob.unfollows(alice)
        Message.objects.filter(event="unfollowed").update(due_at=timezone.now() + timedelta(hours=1))
        alice.delete(f"tweets/{deleted}/")
        self.tasks_run()
        bob.follows(alice)

        self.assert_truth(alice, bob)
        self.assertEqual(bob.feed(), [kept])

    def test_bob_follows_twice_at_one_moment(self):
        alice = self.person("alice")
        alice.tweets()
        for number in range(ROUNDS):
            bob = self.person(f"bob{number}")

            self.together(*[partial(bob.follows, alice)] * 3)

            self.assertEqual(Friendship.objects.filter(from_user=bob.id).count(), 1)
            self.assert_truth(alice, bob)

    def test_alice_and_bob_follow_each_other_at_one_moment(self):
        for number in range(ROUNDS):
            alice, bob = self.person(f"alice{number}"), self.person(f"bob{number}")

            self.together(partial(alice.follows, bob), partial(bob.follows, alice))

            self.assert_truth(alice, bob)

    def test_many_readers_and_writers_of_one_feed_leave_no_hole_and_no_repeat(self):
        alice, bob = self.person("alice"), self.person("bob")
        bob.follows(alice)
        self.everything_settles()
        for _ in range(ROUNDS):
            self.caches_are_lost()

            self.together(bob.feed, alice.tweets, bob.feed, bob.tweets, self.tasks_run, bob.feed)

            self.assert_truth(alice, bob)


@pytest.mark.stack
class HeldBatchTests(RaceTestCase):
    @override_settings(FAN_OUT_BATCH_SIZE=1000)
    def test_who_unfollows_in_the_middle_of_a_batch_and_is_settled_before_its_end_does_not_get_it(self):
        alice, bob, carol = self.person("alice"), self.person("bob"), self.person("carol")
        bob.follows(alice)
        carol.follows(alice)
        self.everything_settles()
        alice.tweets()

        with ThreadPoolExecutor() as threads, an_unfollow_that_does_not_commit(bob.id, alice.id):
            delivering = threads.submit(self.in_a_thread, self.tasks_run)
            self.until(get_waiting_batches, "the batch stands before Bob")
            carol.unfollows(alice)
            self.tasks_run()
        delivering.result()

        self.assertEqual(self.rows_of(carol), [])
        self.assert_truth(alice, bob, carol)


class RandomWalkTests(RaceTestCase):
    def test_whatever_five_people_do_at_once_ends_in_the_truth(self):
        dice = random.Random(20)
        people = [self.person(f"person{number}") for number in range(5)]

        for _ in range(12):
            self.together(*[self.something(dice, people) for _ in range(4)], self.tasks_run)

        self.assert_truth(*people)
        self.assertGreater(Tweet.objects.count(), 5)
        self.assertGreater(Friendship.objects.count(), 5)

    def something(self, dice, people):
        who, whom = dice.sample(people, 2)
        verbs = (who.tweets, who.feed, partial(who.follows, whom), partial(who.unfollows, whom))
        return dice.choices((*verbs, partial(self.deletes_something, dice, who)), weights=(4, 2, 4, 2, 1))[0]

    def deletes_something(self, dice, person):
        ids = list(Tweet.objects.not_deleted().filter(user_id=person.id).values_list("id", flat=True))
        if ids:
            response = person.delete(f"tweets/{dice.choice(ids)}/")
            self.assertIn(response.status_code, (204, 404))

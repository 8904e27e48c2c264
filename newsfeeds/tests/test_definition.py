"""
What a feed is, and that the stored one is that.
"""

import random
from datetime import timedelta

import time_machine
from django.test import override_settings
from django.utils import timezone

from newsfeeds.services import FeedCheckService, FeedDefinition, PostingService
from testing.testcases import ApiTestCase
from utils.database.time_ids import clock


def defined(person):
    return FeedDefinition.get_tweet_ids(person.id, before=None, after=None, limit=10_000)


class SourcesTests(ApiTestCase):
    """
    The definition by authors, as lists are merged by it.
    """

    @override_settings(BACKFILL_TWEETS=2)
    def test_a_reader_is_the_first_source_and_each_followee_counts_from_the_back_fill_on(self):
        alice, bob, carol = (self.person(name) for name in ("alice", "bob", "carol"))
        old = [alice.tweets() for _ in range(3)]
        for followee in (alice, carol):
            bob.follows(followee)
        self.tasks_run()

        self.assertEqual(FeedDefinition.get_sources(bob.id, 10), [(bob.id, 0), (carol.id, 0), (alice.id, old[1])])
        self.assertEqual(FeedDefinition.get_sources(bob.id, 2), [(bob.id, 0), (carol.id, 0)])

    def test_timelines_are_the_newest_that_are_not_deleted(self):
        alice, bob = self.person("alice"), self.person("bob")
        ids = [alice.tweets() for _ in range(4)][::-1]
        alice.delete(f"tweets/{ids[0]}/")

        timelines = FeedDefinition.get_timelines([alice.id, bob.id], 2)

        self.assertEqual(timelines, {alice.id: ids[1:3], bob.id: []})


class DefinitionTests(ApiTestCase):
    def assert_is_defined(self, *people):
        for person in people:
            self.assertEqual(self.rows_of(person), defined(person))
        self.assertEqual(FeedCheckService.check(user_ids=[person.id for person in people]).found, [])

    @override_settings(BACKFILL_TWEETS=3)
    def test_it_goes_back_as_far_as_the_newest_at_the_follow_even_when_some_of_them_are_deleted_later(self):
        alice, bob = self.person("alice"), self.person("bob")
        ids = [PostingService.post_tweet(author=alice.user, content=f"Tweet {number}").id for number in range(5)]
        self.tasks_run()
        bob.follows(alice)
        self.tasks_run()

        alice.delete(f"tweets/{ids[3]}/")
        self.tasks_run()

        self.assertEqual(defined(bob), [ids[4], ids[2]])
        self.assert_is_defined(alice, bob)

    @override_settings(BACKFILL_TWEETS=3)
    def test_a_second_settling_of_one_follow_reaches_no_further_back(self):
        alice, bob = self.person("alice"), self.person("bob")
        ids = [PostingService.post_tweet(author=alice.user, content=f"Tweet {number}").id for number in range(5)]
        self.tasks_run()
        bob.follows(alice)
        self.tasks_run()
        alice.delete(f"tweets/{ids[4]}/")
        self.tasks_run()

        bob.unfollows(alice)
        bob.follows(alice)
        self.tasks_run()

        self.assertEqual(defined(bob), [ids[3], ids[2], ids[1]])
        self.assert_is_defined(alice, bob)

    @override_settings(BACKFILL_TWEETS=2)
    def test_following_again_before_any_task_ran_keeps_nothing_of_the_follow_before(self):
        alice, bob = self.person("alice"), self.person("bob")
        bob.follows(alice)
        ids = [PostingService.post_tweet(author=alice.user, content=f"Tweet {number}").id for number in range(5)]
        self.tasks_run()
        self.assertEqual(len(self.rows_of(bob)), 5)

        bob.unfollows(alice)
        bob.follows(alice)
        self.tasks_run()

        self.assertEqual(self.rows_of(bob), [ids[4], ids[3]])
        self.assert_is_defined(alice, bob)

    @override_settings(BACKFILL_TWEETS=2)
    def test_a_delivery_that_comes_late_brings_nothing_from_before_the_follow(self):
        alice, bob = self.person("alice"), self.person("bob")
        with time_machine.travel(timezone.now() - timedelta(hours=1)):
            # What was drawn until now is an hour ahead.
            clock.forget()
            ids = [PostingService.post_tweet(author=alice.user, content=f"Tweet {number}").id for number in range(4)]

        bob.follows(alice)
        self.everything_settles()

        self.assertEqual(self.rows_of(bob), [ids[3], ids[2]])
        self.assert_is_defined(alice, bob)

    def test_unfollowing_ends_it_and_a_suspension_does_not(self):
        alice, bob, carol = self.person("alice"), self.person("bob"), self.person("carol")
        for followee in (alice, carol):
            bob.follows(followee)
            followee.tweets()
        self.tasks_run()

        bob.unfollows(alice)
        type(carol.user).objects.filter(id=carol.id).update(suspended_at=carol.user.date_joined)
        self.tasks_run()

        self.assertEqual(len(defined(bob)), 1)
        self.assert_is_defined(alice, bob, carol)

    def test_a_page_of_it_is_bounded_as_a_page_of_a_store_is(self):
        alice, bob = self.person("alice"), self.person("bob")
        bob.follows(alice)
        ids = [alice.tweets(f"Tweet number {number}") for number in range(5)]

        page = FeedDefinition.get_tweet_ids(bob.id, before=ids[4], after=ids[0], limit=2)

        self.assertEqual(page, [ids[3], ids[2]])

    def test_after_random_acts_every_feed_is_as_defined(self):
        dice = random.Random(14)
        people = [self.person(f"person{number}") for number in range(6)]
        tweet_ids = {person: [] for person in people}
        with override_settings(BACKFILL_TWEETS=2):
            for step in range(120):
                one, other = dice.sample(people, 2)
                act = dice.choice(["post", "post", "follow", "follow", "unfollow", "delete", "tasks"])
                if act == "post":
                    tweet_ids[one].append(PostingService.post_tweet(author=one.user, content=f"Tweet {step}").id)
                elif act == "follow":
                    one.follows(other)
                elif act == "unfollow":
                    one.unfollows(other)
                elif act == "delete" and tweet_ids[one]:
                    one.delete(f"tweets/{tweet_ids[one].pop(dice.randrange(len(tweet_ids[one])))}/")
                elif act == "tasks":
                    self.tasks_run()
            self.tasks_run()

        self.assertEqual(FeedCheckService.check(user_ids=[person.id for person in people]).found, [])

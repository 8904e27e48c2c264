"""
Rows of feeds that reach HBase late, twice and in any order: what was decided last is what stays.
"""

import random
from functools import partial

import pytest

from friendships.models import Friendship
from outbox.relay import relay_once
from stores.constants import Phase
from testing.stack_hbase import put_in_phase
from testing.testcases import ApiTestCase
from tweets.models import Tweet

pytestmark = [pytest.mark.stack, pytest.mark.hbase]


class LateTestCase(ApiTestCase):
    def setUp(self):
        put_in_phase(Phase.HBASE_ONLY)
        self.alice, self.bob = self.person("alice"), self.person("bob")

    def held_back(self, action):
        """
        Do something and let its tasks commit; return what they would then write, to be called whenever one likes.
        """
        action()
        with self.captureOnCommitCallbacks() as writes:
            while relay_once():
                pass
        return writes

    def arrive(self, *batches):
        for write in sum(batches, []):
            write()

    def assert_feed(self, person, tweet_ids):
        self.caches_are_lost()
        self.assertEqual(self.rows_of(person), tweet_ids, person.name)
        self.assertEqual(person.feed(limit=100), tweet_ids, person.name)


class LateRowsTests(LateTestCase):
    def bob_follows_alice(self):
        self.bob.follows(self.alice)
        self.tasks_run()

    def test_a_delivery_after_the_unfollow_that_came_later_does_not_bring_the_tweet(self):
        self.bob_follows_alice()
        delivery = self.held_back(self.alice.tweets)
        removal = self.held_back(partial(self.bob.unfollows, self.alice))

        self.arrive(removal, delivery)

        self.assert_feed(self.bob, [])

    def test_a_delivery_that_arrives_again_after_the_unfollow_does_not_either(self):
        self.bob_follows_alice()
        delivery = self.held_back(self.alice.tweets)
        removal = self.held_back(partial(self.bob.unfollows, self.alice))

        self.arrive(delivery, removal, delivery)

        self.assert_feed(self.bob, [])

    def test_an_unfollow_after_the_follow_that_came_later_takes_nothing_away(self):
        tweet_id = self.alice.tweets()
        self.bob_follows_alice()
        removal = self.held_back(partial(self.bob.unfollows, self.alice))
        back_fill = self.held_back(partial(self.bob.follows, self.alice))

        self.arrive(back_fill, removal)

        self.assert_feed(self.bob, [tweet_id])

    def test_a_back_fill_after_the_unfollow_that_came_later_brings_nothing(self):
        self.alice.tweets()
        back_fill = self.held_back(partial(self.bob.follows, self.alice))
        removal = self.held_back(partial(self.bob.unfollows, self.alice))

        self.arrive(removal, back_fill, removal, back_fill)

        self.assert_feed(self.bob, [])

    def test_a_delivery_after_the_deletion_brings_the_tweet_to_nobody(self):
        self.bob_follows_alice()
        tweet_ids = []
        delivery = self.held_back(lambda: tweet_ids.append(self.alice.tweets()))
        removal = self.held_back(lambda: self.alice.delete(f"tweets/{tweet_ids[0]}/"))

        self.arrive(removal, delivery, delivery)

        self.assert_feed(self.bob, [])
        self.assert_feed(self.alice, [])

    def test_a_back_fill_after_the_deletion_does_not_bring_the_tweet(self):
        kept, deleted = self.alice.tweets(), self.alice.tweets()
        back_fill = self.held_back(partial(self.bob.follows, self.alice))
        removal = self.held_back(lambda: self.alice.delete(f"tweets/{deleted}/"))

        self.arrive(removal, back_fill)

        self.assert_feed(self.bob, [kept])

    def test_a_delivery_of_two_unfollows_ago_brings_nothing(self):
        self.bob_follows_alice()
        first = self.held_back(self.alice.tweets)
        self.bob.unfollows(self.alice)
        self.bob.follows(self.alice)
        self.tasks_run()
        self.bob.unfollows(self.alice)
        self.tasks_run()

        self.arrive(first)

        self.assert_feed(self.bob, [])


class AnyOrderTests(LateTestCase):
    def test_a_random_history_whose_writes_arrive_twice_in_random_order_ends_in_the_truth(self):
        for seed in range(8):
            with self.subTest(seed=seed):
                dice = random.Random(seed)
                people = [self.person(f"person{number}of{seed}") for number in range(4)]
                writes = []
                for _ in range(40):
                    writes += self.held_back(self.something(dice, people))
                writes += writes
                dice.shuffle(writes)

                self.arrive(writes)

                for person in people:
                    self.assert_feed(person, self.truth(person))

    def something(self, dice, people):
        who, whom = dice.sample(people, 2)
        verbs = (who.tweets, partial(who.follows, whom), partial(who.unfollows, whom), partial(self.deletes, dice, who))
        return dice.choices(verbs, weights=(4, 4, 3, 2))[0]

    def deletes(self, dice, person):
        ids = list(Tweet.objects.not_deleted().filter(user_id=person.id).values_list("id", flat=True))
        if ids:
            person.delete(f"tweets/{dice.choice(ids)}/")

    def truth(self, person):
        authors = [person.id, *Friendship.objects.filter(from_user=person.id).values_list("to_user_id", flat=True)]
        return list(
            Tweet.objects.not_deleted().filter(user_id__in=authors).order_by("-id").values_list("id", flat=True)
        )

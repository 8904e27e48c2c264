"""
The push model: a tweet goes to the feed of every follower, once, in whatever order its tasks run and how often.
"""

import itertools

import pytest
from django.db import connection
from django.test import override_settings

from outbox.models import Message
from testing.testcases import ApiTestCase


def repeat(messages):
    return [
        Message(event=message.event, task=message.task, payload=message.payload, due_at=message.due_at)
        for message in messages
    ]


class FanOutTestCase(ApiTestCase):
    def alice_with_fans(self, count):
        alice = self.person("alice")
        return alice, self.crowd(count, following=alice)

    def everything_recorded_while(self, action):
        """
        Run an action and its tasks to the end; return a copy of each message that there was on the way.
        """
        seen = {}
        action()
        while messages := Message.objects.in_bulk():
            self.assertLess(len(seen), 100, "the tasks do not end")
            seen |= messages
            self.assertGreater(self.tasks_run_once(), 0)
        return repeat(seen.values())

    def again(self, messages):
        """
        Deliver messages that were delivered before, in the order given.
        """
        for message in repeat(messages):
            message.save()
            self.tasks_run()


class DeliveringTests(FanOutTestCase):
    def test_a_tweet_reaches_every_follower_and_nobody_else(self):
        alice, bob, carol = self.person("alice"), self.person("bob"), self.person("carol")
        bob.follows(alice)
        alice.follows(carol)
        self.tasks_run()

        tweet_id = alice.tweets()
        self.tasks_run()

        self.assertEqual(bob.feed(), [tweet_id])
        self.assertEqual(carol.feed(), [])
        self.assertEqual(self.holders(tweet_id), sorted([alice.id, bob.id]))

    def test_posting_itself_touches_no_follower(self):
        alice, _ = self.alice_with_fans(10)

        tweet_id = alice.tweets()

        self.assertEqual(self.holders(tweet_id), [alice.id])
        self.assertEqual(set(Message.objects.values_list("event", flat=True)), {"tweet_created"})

    def test_posting_costs_the_same_queries_without_and_with_followers(self):
        alice, bob = self.person("alice"), self.person("bob")
        self.crowd(50, following=bob)
        counts = []

        for person in (alice, bob):
            self.caches_are_lost()
            counts.append(self.count_queries(person.post, "tweets/", content="How much is this?"))

        self.assertEqual(counts[0], counts[1])

    @override_settings(FAN_OUT_BATCH_SIZE=3)
    def test_ten_followers_are_served_in_four_batches(self):
        alice, fans = self.alice_with_fans(10)
        tweet_id = alice.tweets()

        self.tasks_run_once()
        batches = list(Message.objects.order_by("id"))
        self.tasks_run()

        self.assertEqual([message.event for message in batches], ["fan_out_batch_ready"] * 4)
        self.assertEqual([message.payload["until"] for message in batches], [fans[2], fans[5], fans[8], fans[9]])
        self.assertEqual(batches[0].payload["after"], 0)
        self.assertTrue(all(a.payload["until"] == b.payload["after"] for a, b in itertools.pairwise(batches)))
        self.assertEqual(self.holders(tweet_id), sorted([alice.id, *fans]))

    def test_batches_that_come_out_even_end_with_a_full_one(self):
        for size in (1, 2, 3):
            with self.subTest(size=size), override_settings(FAN_OUT_BATCH_SIZE=size):
                author = self.person(f"author{size}")
                fans = self.crowd(6, following=author)

                tweet_id = author.tweets()
                self.tasks_run_once()
                batches = Message.objects.count()
                self.tasks_run()

                self.assertEqual(batches, 6 // size)
                self.assertEqual(self.holders(tweet_id), sorted([author.id, *fans]))

    def test_a_tweet_without_followers_leaves_nothing_to_do(self):
        alice = self.person("alice")
        tweet_id = alice.tweets()

        self.tasks_run_once()

        self.assertFalse(Message.objects.exists())
        self.assertEqual(self.holders(tweet_id), [alice.id])

    @override_settings(FAN_OUT_BATCH_SIZE=3)
    def test_who_follows_between_the_cut_and_the_delivery_has_it_once(self):
        alice, fans = self.alice_with_fans(4)
        bob = self.person("bob")
        tweet_id = alice.tweets()
        self.tasks_run_once()

        bob.follows(alice)
        self.tasks_run()

        self.assertEqual(self.holders(tweet_id), sorted([alice.id, bob.id, *fans]))
        self.assertEqual(bob.feed(), [tweet_id])

    def test_who_unfollows_between_the_cut_and_the_delivery_does_not_get_it(self):
        alice, bob = self.person("alice"), self.person("bob")
        bob.follows(alice)
        self.tasks_run()
        tweet_id = alice.tweets()
        self.tasks_run_once()

        bob.unfollows(alice)
        self.tasks_run()

        self.assertEqual(self.holders(tweet_id), [alice.id])
        self.assertEqual(bob.feed(), [])


@override_settings(FAN_OUT_BATCH_SIZE=3)
class RepeatingTests(FanOutTestCase):
    def test_every_task_run_again_in_any_order_changes_nothing(self):
        alice, fans = self.alice_with_fans(7)
        ids = []
        messages = self.everything_recorded_while(lambda: ids.append(alice.tweets()))
        expected = sorted([alice.id, *fans])
        self.assertEqual([message.event for message in messages].count("fan_out_batch_ready"), 3)
        self.assertEqual(self.holders(ids[0]), expected)

        self.again(messages)
        self.again(reversed(messages))
        self.again(messages[1:] + messages[:1])

        self.assertEqual(self.holders(ids[0]), expected)
        self.assertEqual(alice.feed(), ids)
        self.assertFalse(Message.objects.exists())

    def test_a_batch_before_its_cut_and_both_twice_deliver_once(self):
        alice, bob = self.person("alice"), self.person("bob")
        bob.follows(alice)
        self.tasks_run()
        tweet_id = alice.tweets()
        cut = Message.objects.get(event="tweet_created")
        batch = Message(
            event="fan_out_batch_ready",
            payload={"tweet_id": tweet_id, "author_id": alice.id, "after": 0, "until": bob.id},
        )

        cut_again = repeat([cut])[0]
        Message.objects.all().delete()
        self.again([batch, cut_again, batch, cut_again])

        self.assertEqual(self.holders(tweet_id), sorted([alice.id, bob.id]))
        self.assertEqual(bob.feed(), [tweet_id])

    def test_a_delivery_repeated_after_the_unfollow_does_not_bring_it_back(self):
        alice, bob = self.person("alice"), self.person("bob")
        bob.follows(alice)
        self.tasks_run()
        ids = []
        messages = self.everything_recorded_while(lambda: ids.append(alice.tweets()))
        bob.unfollows(alice)
        self.tasks_run()

        self.again(messages)

        self.assertEqual(self.holders(ids[0]), [alice.id])
        self.assertEqual(bob.feed(), [])

    def test_a_delivery_repeated_after_the_deletion_does_not_bring_it_back(self):
        alice, bob = self.person("alice"), self.person("bob")
        bob.follows(alice)
        self.tasks_run()
        ids = []
        messages = self.everything_recorded_while(lambda: ids.append(alice.tweets()))
        alice.delete(f"tweets/{ids[0]}/")
        self.tasks_run()

        self.again(messages)

        self.assertEqual(self.holders(ids[0]), [])
        self.assertEqual((alice.feed(), bob.feed()), ([], []))

    def test_a_removal_that_overtakes_the_delivery_wins(self):
        alice, fans = self.alice_with_fans(7)
        tweet_id = alice.tweets()
        self.tasks_run_once()
        late = repeat(Message.objects.all())
        Message.objects.all().delete()
        alice.delete(f"tweets/{tweet_id}/")
        self.tasks_run()

        self.again(late)

        self.assertEqual(self.holders(tweet_id), [])
        self.assertEqual(len(late), 3)

    def test_a_removal_run_twice_leaves_the_other_tweets_alone(self):
        alice, fans = self.alice_with_fans(7)
        kept, tweet_id = alice.tweets(), alice.tweets()
        self.tasks_run()
        messages = self.everything_recorded_while(lambda: alice.delete(f"tweets/{tweet_id}/"))

        self.again(messages)
        self.again(reversed(messages))

        self.assertEqual(self.holders(tweet_id), [])
        self.assertEqual(self.holders(kept), sorted([alice.id, *fans]))

    def test_a_settling_of_yesterday_agrees_with_the_friendship_of_today(self):
        alice, bob = self.person("alice"), self.person("bob")
        tweet_id = alice.tweets()
        followed = self.everything_recorded_while(lambda: bob.follows(alice))
        unfollowed = self.everything_recorded_while(lambda: bob.unfollows(alice))

        self.again(followed)
        after_unfollow = self.holders(tweet_id)
        bob.follows(alice)
        self.again(unfollowed)

        self.assertEqual(after_unfollow, [alice.id])
        self.assertEqual(self.holders(tweet_id), sorted([alice.id, bob.id]))


@pytest.mark.stack
class CostTests(FanOutTestCase):
    def index_entries_read(self):
        with connection.cursor() as cursor:
            cursor.execute("SHOW SESSION STATUS LIKE 'Handler_read_next'")
            return int(cursor.fetchone()[1])

    @override_settings(FAN_OUT_BATCH_SIZE=100)
    def test_the_work_grows_with_the_followers_and_not_with_their_square(self):
        alice, fans = self.alice_with_fans(2000)
        alice.tweets()
        before = self.index_entries_read()

        self.tasks_run()

        # Each follower once when the batches are cut, once by the insert, twice for the cached lists.
        self.assertLess(self.index_entries_read() - before, 5 * len(fans))

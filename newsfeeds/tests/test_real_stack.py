"""
Fan-out through the real broker by real processes, and what becomes of it when they die.
"""

import re
from contextlib import suppress
from urllib.parse import urlsplit

from celery import current_app
from django.db import OperationalError, connection
from django.utils import timezone

from outbox.models import Message
from testing.stack_chaos import ChaosProxy
from testing.stack_processes import RealStackTestCase

FOLLOWERS = 2500


class BrokerTestCase(RealStackTestCase):
    def alice_with_fans(self, count=FOLLOWERS):
        alice = self.person("alice")
        return alice, self.crowd(count, following=alice)

    def outbox_empties(self):
        self.until(lambda: not Message.objects.exists(), "the outbox is empty", seconds=60)

    def assert_delivered(self, tweet_id, alice, fans):
        """
        Wait until nothing is left to do; then each follower has the tweet exactly once and nobody else has it.
        """
        self.outbox_empties()
        self.assertEqual(self.holders(tweet_id), sorted([alice.id, *fans]))

    def two_minutes_pass(self):
        """
        Let what was published and has not been done be due again, as it would be in two minutes.
        """
        Message.objects.update(due_at=timezone.now())


class FanOutThroughTheBrokerTests(BrokerTestCase):
    def test_a_tweet_reaches_two_and_a_half_thousand_followers(self):
        alice, fans = self.alice_with_fans()
        self.start("default", "fanout", "relay")

        tweet_id = alice.tweets()

        self.assert_delivered(tweet_id, alice, fans)
        self.assertEqual([self.broker.waiting(f"{name}.dlq") for name in ("default", "fanout")], [0, 0])

    def test_follow_delete_and_unfollow_go_the_same_way(self):
        alice, bob = self.person("alice"), self.person("bob")
        kept, deleted = alice.tweets(), alice.tweets()
        self.start("default", "fanout", "relay")

        bob.follows(alice)
        alice.delete(f"tweets/{deleted}/")
        self.outbox_empties()
        after_follow = self.rows_of(bob)
        bob.unfollows(alice)
        self.outbox_empties()

        self.assertEqual(after_follow, [kept])
        self.assertEqual(self.feed_rows(), [(alice.id, kept)])

    def test_what_a_worker_sets_going_carries_the_id_of_the_request(self):
        alice, _ = self.alice_with_fans(1001)
        worker, _ = self.start("fanout", "relay")

        alice.client.post("/api/tweets/", {"content": "Follow me"}, headers={"X-Request-ID": "from-the-phone-7"})

        # One task or two: that depends on the size of batches.
        self.until(lambda: sum(self.feeds_served(worker).values()) == 1001, "both ranges are served")
        for line in self.feeds_served(worker):
            self.assertIn("from-the-phone-7", line)

    def feeds_served(self, worker):
        """
        Return {line of a worker's log: how many feeds of a range it says have a tweet}.
        """
        return {found[0]: int(found[1]) for found in re.finditer(r".*tweets are in (\d+) feeds.*", worker.output)}

    def test_relay_and_workers_end_cleanly_when_asked(self):
        processes = self.start("default", "fanout", "relay")

        codes = [process.stop() for process in processes]

        self.assertEqual(codes, [0, 0, 0])


class PoisonTests(BrokerTestCase):
    def test_a_poisonous_message_is_set_aside_and_others_proceed(self):
        alice, fans = self.alice_with_fans(5)
        self.start("default", "relay")
        self.start("fanout", arguments=["--include", "testing.stack_poison"])
        self.send("testing.stack_poison.swallow", queue="fanout")

        tweet_id = alice.tweets()

        self.assert_delivered(tweet_id, alice, fans)
        self.until(lambda: self.broker.waiting("fanout.dlq") == 1, "the poison is set aside", seconds=120)
        self.assertEqual(self.broker.waiting("fanout"), 0)
        self.assert_delivered(alice.tweets(), alice, fans)

    def send(self, task, queue):
        current_app.conf.task_always_eager = False
        try:
            with self.broker.connect() as opened:
                current_app.send_task(task, queue=queue, connection=opened)
        finally:
            current_app.conf.task_always_eager = True


class BrokerTroubleTests(BrokerTestCase):
    def proxy(self):
        url = urlsplit(self.broker.url)
        proxy = self.enterContext(ChaosProxy(url.hostname, url.port or 5672))
        return proxy, self.broker.through(proxy)

    def test_without_a_broker_posting_works_and_all_is_delivered_once_it_is_back(self):
        alice, fans = self.alice_with_fans()
        proxy, url = self.proxy()
        proxy.refuse()
        (relay,) = self.start("relay", broker_url=url)

        tweet_ids = [alice.tweets() for _ in range(3)]

        self.until(lambda: "did not accept" in relay.output, "the relay has noticed")
        self.assertEqual(alice.feed(), tweet_ids[::-1])
        self.assertEqual(Message.objects.filter(attempts=0, event="tweet_created").count(), 3)
        proxy.heal()
        self.start("default", "fanout")
        for tweet_id in tweet_ids:
            self.assert_delivered(tweet_id, alice, fans)

    def test_a_frozen_broker_is_noticed_and_nothing_is_lost_in_it(self):
        alice, fans = self.alice_with_fans(5)
        proxy, url = self.proxy()
        self.start("default", "fanout")
        (relay,) = self.start("relay", broker_url=url)
        self.assert_delivered(alice.tweets(), alice, fans)

        proxy.blackhole()
        tweet_id = alice.tweets()
        self.until(lambda: "did not accept" in relay.output, "the relay has noticed")
        proxy.heal()

        self.assert_delivered(tweet_id, alice, fans)

    def test_a_purged_queue_is_filled_again_by_the_sweeper(self):
        alice, fans = self.alice_with_fans(5)
        self.start("relay")
        tweet_id = alice.tweets()
        self.until(lambda: self.broker.waiting("fanout"), "the message is out")
        self.assertGreater(self.broker.purge("fanout"), 0)
        self.start("default", "fanout")

        self.two_minutes_pass()

        self.assert_delivered(tweet_id, alice, fans)


class DatabaseTroubleTests(BrokerTestCase):
    def test_processes_whose_connections_are_cut_go_on(self):
        alice, fans = self.alice_with_fans(5)
        self.start("default", "fanout", "relay")
        self.assert_delivered(alice.tweets(), alice, fans)

        self.assertGreater(self.cut_all_other_connections(), 0)
        tweet_id = alice.tweets()
        # What a task could not even write down is for the sweeper.
        self.until(lambda: Message.objects.filter(attempts__gt=0).exists() or not Message.objects.exists(), "it is out")
        self.two_minutes_pass()

        self.assert_delivered(tweet_id, alice, fans)

    def cut_all_other_connections(self):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()"
            )
            ids = [id for (id,) in cursor.fetchall()]
            for id in ids:
                # Some end by themselves in between.
                with suppress(OperationalError):
                    cursor.execute(f"KILL {int(id)}")
        return len(ids)

"""
Who dies when: the table of ADR 5, row by row. Real processes are killed (SIGKILL) at that very point.
"""

import urllib.error
from contextlib import contextmanager

from django.db import connection
from django.utils import timezone

from accounts.services import AccessTokenService
from newsfeeds.tests.holding import an_unfollow_that_does_not_commit, get_waiting_batches
from newsfeeds.tests.test_real_stack import BrokerTestCase
from outbox.models import Message
from testing.stack_processes import answers, dies_before, free_port, production_command
from tweets.models import Tweet
from twitter.tests.test_locks import ask

# After two of three batches.
MID_FAN_OUT = 2001


class DeathTestCase(BrokerTestCase):
    def start_doomed(self, name, function):
        """
        Start a program that dies before a function that it has yet to call.
        """
        return self.start(name, **dies_before(function))[0]

    def dies(self, process):
        self.until(lambda: not process.is_running, "it is dead")

    @contextmanager
    def in_mid_fan_out(self, alice, fans):
        """
        Post, and pause when two of three batches are delivered: the last waits for an unfollow that does not commit.
        """
        with an_unfollow_that_does_not_commit(fans[-1], alice.id):
            tweet_id = alice.tweets()
            self.until(
                lambda: len(self.holders(tweet_id)) == MID_FAN_OUT and get_waiting_batches(), "the last batch waits"
            )
            yield tweet_id


class WebDeathTests(DeathTestCase):
    def alice_posts_and_nobody_answers(self, function):
        """
        Let Alice, whose home feed is cached, post to a web server that dies before it calls a function.
        """
        alice, fans = self.alice_with_fans(5)
        self.assertEqual(alice.feed(), [])
        token = AccessTokenService.create_token(user=alice.user)
        api = f"http://127.0.0.1:{(port := free_port())}/api"
        web = self.start_command(
            production_command("web"),
            BROKER_URL=self.broker.url,
            PORT=str(port),
            RATE_LIMITS="off",
            **dies_before(function),
        )
        self.until(lambda: answers(f"{api}/") or not web.is_running, "the web server answers", seconds=60)
        self.assertTrue(web.is_running, web.output)

        with self.assertRaises((ConnectionError, urllib.error.URLError)):
            ask(f"{api}/tweets/", token, content="Is anybody there?")

        self.dies(web)
        return alice, fans

    def test_killed_before_the_commit_nothing_has_happened(self):
        alice, _ = self.alice_posts_and_nobody_answers("outbox.services.OutboxService.record")

        self.assertEqual((Tweet.objects.count(), Message.objects.count(), self.feed_rows()), (0, 0, []))

    def test_killed_after_the_commit_the_row_is_there_and_is_published(self):
        alice, fans = self.alice_posts_and_nobody_answers("newsfeeds.services.posting.push_posted")
        tweet, message = Tweet.objects.get(), Message.objects.get()
        self.assertEqual((message.event, message.attempts), ("tweet_created", 0))

        self.start("fanout", "relay")

        self.assert_delivered(tweet.id, alice, fans)
        self.assertEqual(alice.feed(), [tweet.id])


class RelayDeathTests(DeathTestCase):
    def test_killed_after_claiming_the_row_is_due_again_in_two_minutes(self):
        alice, fans = self.alice_with_fans(5)
        relay = self.start_doomed("relay", "outbox.relay.publish")
        tweet_id = alice.tweets()
        self.dies(relay)
        self.assertTrue(Message.objects.filter(due_at__gt=timezone.now()).exists())

        self.start("fanout", "relay")
        self.two_minutes_pass()

        self.assert_delivered(tweet_id, alice, fans)

    def test_killed_after_publishing_a_worker_deletes_the_row_and_only_attempts_is_wrong(self):
        alice, fans = self.alice_with_fans(5)
        relay = self.start_doomed("relay", "outbox.relay.OutboxService.mark_published")
        tweet_id = alice.tweets()
        self.dies(relay)
        self.assertEqual((Message.objects.get().attempts, self.broker.waiting("fanout")), (0, 1))

        self.start("fanout")

        self.assert_delivered(tweet_id, alice, fans)


class BrokerDeathTests(DeathTestCase):
    def test_with_all_its_data_rows_become_due_again_and_it_gets_all_its_queues_back(self):
        alice, fans = self.alice_with_fans(5)
        self.start("default", "fanout", "relay")
        self.assert_delivered(alice.tweets(), alice, fans)

        self.broker.wipe()
        tweet_id = alice.tweets()
        self.until(lambda: all(self.broker.consumers(name) for name in ("default", "fanout")), "the workers are back")
        self.two_minutes_pass()

        self.assert_delivered(tweet_id, alice, fans)
        self.assertTrue(self.broker.has("default.dlq") and self.broker.has("fanout.dlq"))


class WorkerDeathTests(DeathTestCase):
    def test_killed_in_mid_fan_out_the_broker_delivers_again_to_the_next(self):
        alice, fans = self.alice_with_fans()
        worker, _ = self.start("fanout", "relay")
        with self.in_mid_fan_out(alice, fans) as tweet_id:
            worker.kill()
            held = self.holders(tweet_id)

        self.start("fanout")

        self.assertEqual(len(held), MID_FAN_OUT)
        self.assert_delivered(tweet_id, alice, fans)

    def test_a_child_killed_in_mid_batch_is_made_good_by_its_worker(self):
        alice, fans = self.alice_with_fans()
        worker, _ = self.start("fanout", "relay")

        with self.in_mid_fan_out(alice, fans) as tweet_id:
            worker.kill_children()

        self.assert_delivered(tweet_id, alice, fans)
        self.assertTrue(worker.is_running)

    def test_asked_to_end_in_mid_batch_it_ends_the_batch_first(self):
        alice, fans = self.alice_with_fans()
        worker, _ = self.start("fanout", "relay")
        with self.in_mid_fan_out(alice, fans) as tweet_id:
            worker.ask_to_stop()

        self.assertEqual(worker.stop(), 0)

        self.assert_delivered(tweet_id, alice, fans)

    def test_killed_after_the_work_and_before_the_delete_the_task_runs_twice(self):
        alice, fans = self.alice_with_fans(5)
        self.start("relay")
        worker = self.start_doomed("fanout", "outbox.handling.OutboxService.finish")
        tweet_id = alice.tweets()
        self.dies(worker)
        self.assertEqual(self.holders(tweet_id), sorted([alice.id, *fans]))
        self.assertTrue(Message.objects.exists())

        (second,) = self.start("fanout")

        self.assert_delivered(tweet_id, alice, fans)
        self.until(lambda: "1 tweets are delivered" in second.output, "the task has run twice")


class DatabaseDeathTests(DeathTestCase):
    def test_in_the_middle_of_a_task_the_row_is_due_again_in_seconds(self):
        alice, fans = self.alice_with_fans()
        self.start("fanout", "relay")

        with self.in_mid_fan_out(alice, fans) as tweet_id:
            self.until(self.cut_waiting_batches, "the connection of the task is cut")

        self.assert_delivered(tweet_id, alice, fans)

    def cut_waiting_batches(self):
        ids = get_waiting_batches()
        with connection.cursor() as cursor:
            for id in ids:
                cursor.execute("KILL %s", [id])
        return ids
